import EscapementGoldens
import EscapementArtifacts
import EscapementKernels

/// A type of values in a metric series: `Float`, `Double`, `Int`, `Digest` and `String`.
public protocol GoldenMetric: Sendable {
  /// The value with a name, compared by the tolerance; nil if the type has no such comparison.
  func goldenValue(named name: String, _ tolerance: GoldenTolerance) -> GoldenValue?
}

/// The allowed distance of a number from the recorded one, and the reason.
public enum GoldenTolerance: Hashable, Sendable {
  /// No distance: every bit must agree. This is the default, and the right choice for everything that this package's
  /// kernels compute.
  case exact
  /// At most this number of representable numbers of its type.
  case ulps(UInt64, because: String)
  /// At most this distance.
  case absolute(Double, because: String)
  /// At most this multiple of the recorded magnitude.
  case relative(Double, because: String)

  /// Whether the reason is not blank; `.exact` needs none.
  var hasReason: Bool {
    switch self {
    case .exact: true
    case .ulps(_, let reason), .absolute(_, let reason), .relative(_, let reason):
      reason.contains { !$0.isWhitespace }
    }
  }
}

extension GoldenTolerance {
  /// A number as a recorded value.
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
