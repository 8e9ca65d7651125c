/// The intervals of a run's output, and the action for a step whose loss or gradient is not finite.
public struct TrainingOptions: Hashable, Sendable {
  /// Steps between digest links; with 0 only each epoch's last step is linked.
  public var digestEvery = 1
  /// Steps between step events in the metrics; with 0 there are only epoch events.
  public var metricsEvery = 10
  /// Steps between checkpoints, in addition to the one at each epoch's end; 0 for none.
  public var checkpointEvery = 0
  /// Epochs between checkpoints that are kept permanently, in addition to the newest; 0 for none. An audit begins at
  /// them.
  public var keepEvery = 0
  /// Epochs between those among which the one with the largest mean per-class test accuracy is selected; its checkpoint
  /// is kept. With 0 the last epoch stands for the run and none is selected. The selection uses test images as they are,
  /// whatever `testTime` is, as the released code of SSE-SAM does.
  public var selectEvery = 0
  /// The augmentation of test images.
  public var testTime = TestTimeAugmentation.none
  /// The action for a step whose loss or gradient is not finite. Only this option affects the bits of a run.
  public var onDivergence = DivergenceAction.stop

  /// The defaults. Digests of every step cost a few milliseconds each at half a million parameters.
  public init() {}

  /// The defaults, with the test of a preset.
  public init(of preset: Preset) { (testTime, selectEvery) = (preset.testTime, preset.selectEvery) }
}
