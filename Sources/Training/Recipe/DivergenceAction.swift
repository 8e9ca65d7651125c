/// The action for a step whose loss or gradient is not finite.
public enum DivergenceAction: String, Sendable, Hashable, CaseIterable {
  /// The run ends and reports the step, the tensor and the last good checkpoint. This is the default, because the
  /// published code has no other.
  case stop
  /// The step is skipped and the run continues with the next samples. The run ends if as many consecutive steps as an
  /// epoch has would be skipped, because nothing would change any more.
  case skip
}
