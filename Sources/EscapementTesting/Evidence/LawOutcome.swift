import Foundation

/// How one law ended for one rule in one element type.
public struct LawOutcome: Hashable, Sendable, CustomStringConvertible {
  /// The end.
  public enum Result: Hashable, Sendable {
    /// Every comparison was within its bound; the one that came nearest to it, and how many there were.
    case holds(LawEvidence.Comparison, comparisons: Int)
    /// A comparison was not; the first such.
    case fails(LawEvidence.Comparison)
    /// The rule or its factory threw, it asked less than its claims say, or nothing was compared.
    case stopped(String)
    /// The claims give the law nothing to judge.
    case doesNotApply(reason: String)
  }

  /// The rule.
  public let subject: String
  /// The law.
  public let law: String
  /// "F32" or "F64".
  public let element: String
  /// How it ended.
  public let result: Result

  /// Whether nothing speaks against the rule: the law held, or does not apply.
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

  /// The comparison that decided; nil where there was none.
  public var comparison: LawEvidence.Comparison? {
    switch result {
    case .holds(let comparison, _), .fails(let comparison): comparison
    case .stopped, .doesNotApply: nil
    }
  }

  /// "holds", "fails" or "does not apply".
  public var word: String { applies ? holds ? "holds" : "fails" : "does not apply" }

  /// What was found, or why nothing was looked for.
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

  /// One line: rule, law, type, and what was found.
  public var description: String {
    let numbers = comparison.map { ": \($0.deviationText), at most \($0.boundText) allowed" }
    return "\(subject), \(law), \(element): \(word) (\(finding)\(numbers ?? ""))"
  }
}

extension LawEvidence.Comparison {
  /// The deviation as people read it: three significant digits.
  public var deviationText: String { Self.text(deviation) }

  /// The bound as people read it.
  public var boundText: String { Self.text(bound) }

  /// The deviation over the bound; "bits" where no deviation is allowed.
  public var shareText: String { bound == 0 ? "bits" : Self.text(ratio) }

  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.3g", value)
  }
}
