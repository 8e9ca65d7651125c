import Foundation

/// The outcome of one law for one rule in one element type.
public struct LawOutcome: Hashable, Sendable, CustomStringConvertible {
  /// The result of a law.
  public enum Result: Hashable, Sendable {
    /// Every comparison was within its bound; the one closest to its bound, and the number of comparisons.
    case holds(LawEvidence.Comparison, comparisons: Int)
    /// A comparison was outside its bound; the first one.
    case fails(LawEvidence.Comparison)
    /// The rule or its factory threw an error, the rule made fewer queries than claimed, or nothing was compared.
    case stopped(String)
    /// The law does not apply to the rule's claims.
    case doesNotApply(reason: String)
  }

  /// The rule.
  public let subject: String
  /// The law.
  public let law: String
  /// "F32" or "F64".
  public let element: String
  /// The result.
  public let result: Result

  /// Whether the law held or does not apply.
  public var holds: Bool {
    switch result {
    case .holds, .doesNotApply: true
    case .fails, .stopped: false
    }
  }

  /// Whether the law was judged.
  public var applies: Bool {
    if case .doesNotApply = result { false } else { true }
  }

  /// The decisive comparison; nil if there was none.
  public var comparison: LawEvidence.Comparison? {
    switch result {
    case .holds(let comparison, _), .fails(let comparison): comparison
    case .stopped, .doesNotApply: nil
    }
  }

  /// "holds", "fails" or "does not apply".
  public var word: String { applies ? holds ? "holds" : "fails" : "does not apply" }

  /// The finding, or the reason why the law does not apply.
  public var finding: String {
    switch result {
    case .holds(let comparison, let count):
      comparison.deviation == 0 && comparison.bound == 0
        ? "\(count) comparisons, all alike" : "\(comparison.what); \(count) comparisons"
    case .fails(let comparison): comparison.what
    case .stopped(let what): what
    case .doesNotApply(let reason): reason
    }
  }

  /// One line: rule, law, type and finding.
  public var description: String {
    let numbers = comparison.map { ": \($0.deviationText), at most \($0.boundText) allowed" }
    return "\(subject), \(law), \(element): \(word) (\(finding)\(numbers ?? ""))"
  }
}

extension LawEvidence.Comparison {
  /// The deviation with three significant digits.
  public var deviationText: String { Self.text(deviation) }

  /// The bound with three significant digits.
  public var boundText: String { Self.text(bound) }

  /// The deviation over the bound; "bits" if no deviation is allowed.
  public var shareText: String { bound == 0 ? "bits" : Self.text(ratio) }

  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.3g", value)
  }
}
