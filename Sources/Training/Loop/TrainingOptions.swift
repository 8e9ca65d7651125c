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
  /// The augmentation of test images.
  public var testTime = TestTimeAugmentation.none
  /// The action for a step whose loss or gradient is not finite. Only this option affects the bits of a run.
  public var onDivergence = DivergenceAction.stop

  /// The defaults. Digests of every step cost a few milliseconds each at half a million parameters.
  public init() {}
}
