/// What a run does about a step whose loss or gradient is not finite.
public enum DivergenceAction: String, Sendable, Hashable, CaseIterable {
  /// It ends, with the step, the tensor and the last good checkpoint. The default: what was published knows no other.
  case stop
  /// The step is not taken and the run goes on with the next samples; it ends where an epoch's worth of steps in a row
  /// would be skipped, because nothing then changes any more.
  case skip
}
