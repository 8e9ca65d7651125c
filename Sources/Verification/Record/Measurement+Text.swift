import EscapementDrawing

extension Measurement {
  /// The value as reports print it.
  var valueText: String {
    reproducibility == .bits ? NumberText.short(value) : NumberText.rounded(value)
  }

  /// The expectation as reports print it, no more precise than the measurement.
  var expectationText: String {
    expectation.text(reproducibility == .bits ? NumberText.short : NumberText.coarse)
  }
}

extension Expectation {
  func text(_ number: (Double) -> String) -> String {
    switch self {
    case .equal(let expected, let tolerance): "\(number(expected)) ± \(number(tolerance))"
    case .atMost(let bound): "≤ \(number(bound))"
    case .atLeast(let bound): "≥ \(number(bound))"
    case .between(let lower, let upper): "in [\(number(lower)), \(number(upper))]"
    case .observed: "observed"
    }
  }
}
