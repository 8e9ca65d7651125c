import EscapementGoldens
import EscapementArtifacts
import EscapementKernels

/// What a metric series may consist of: `Float`, `Double`, `Int`, `Digest` and `String`.
public protocol GoldenMetric: Sendable {
  /// The value under a name, compared as the tolerance says; nil where the type has no such comparison.
  func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue?
}

/// How far a number may be from the one on record, and why it may.
public enum GoldenTolerance: Hashable, Sendable {
  /// Not at all: every bit. The default, and right for whatever this package's kernels compute.
  case exact
  /// So many representable numbers of its type.
  case ulps(UInt64, because: String)
  /// So far.
  case absolute(Double, because: String)
  /// So much of the recorded magnitude.
  case relative(Double, because: String)

  /// Whether the reason says something; exact needs none.
  var hasReason: Bool {
    switch self {
    case .exact: true
    case .ulps(_, let reason), .absolute(_, let reason), .relative(_, let reason):
      reason.contains { !$0.isWhitespace }
    }
  }
}

extension GoldenTolerance {
  /// A number as a value on record.
  fileprivate func value<Element: Real>(_ name: String, _ number: Element, _ wide: Double) -> GoldenValue {
    switch self {
    case .exact: .exact(name, number)
    case .ulps(let count, let reason): .near(name, number, ulps: count, because: reason)
    case .absolute(let bound, let reason): .near(name, wide, tolerance: bound, because: reason)
    case .relative(let bound, let reason): .near(name, wide, relative: bound, because: reason)
    }
  }
}

extension Float: GoldenMetric {
  /// By its bits, or near them.
  public func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue? {
    tolerance.value(name, self, Double(self))
  }
}

extension Double: GoldenMetric {
  /// By its bits, or near them.
  public func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue? {
    tolerance.value(name, self, self)
  }
}

extension Int: GoldenMetric {
  /// Exact.
  public func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue? {
    tolerance == .exact ? .integer(name, self) : nil
  }
}

extension String: GoldenMetric {
  /// Exact.
  public func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue? {
    tolerance == .exact ? GoldenValue(name: name, content: .text(self)) : nil
  }
}

extension Digest: GoldenMetric {
  /// Exact.
  public func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue? {
    tolerance == .exact ? .digest(name, self) : nil
  }
}
