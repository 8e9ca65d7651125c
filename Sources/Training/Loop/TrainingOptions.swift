/// What is written how often, and what a step without finite numbers does.
public struct TrainingOptions: Hashable, Sendable {
  /// Steps between digest links; 0 links epochs only.
  public var digestEvery = 1
  /// Steps between step events in the metrics; 0 writes epoch events only.
  public var metricsEvery = 10
  /// Steps between checkpoints besides the one at each epoch's end; 0 writes none in between.
  public var checkpointEvery = 0
  /// Epochs between checkpoints that stay for good, beside the newest; 0 keeps none. An audit begins at them.
  public var keepEvery = 0
  /// What is done to test images.
  public var testTime = TestTimeAugmentation.none
  /// What a step does whose loss or gradient is not finite. Of all options this one decides bits.
  public var onDivergence = DivergenceAction.stop

  /// The defaults; digests of every step cost a few milliseconds each at half a million parameters.
  public init() {}
}
