import Foundation

/// How one law ended for one rule in one element type.
public struct LawOutcome: Hashable, Sendable, CustomStringConvertible {
  /// The end.
  public enum Result: Hashable, Sendable {
    /// Every comparison was within its bound; the one that came nearest to it.
    case holds(LawEvidence.Comparison)
    /// A comparison was not; the first such.
    case fails(LawEvidence.Comparison)
    /// The rule or its factory threw, or nothing was compared.
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

  /// One line: rule, law, type, and what was found.
  public var description: String {
    let place = "\(subject), \(law), \(element): "
    switch result {
    case .holds(let comparison): return place + "holds (\(comparison))"
    case .fails(let comparison): return place + "fails (\(comparison))"
    case .stopped(let what): return place + "fails (\(what))"
    case .doesNotApply(let reason): return place + "does not apply (\(reason))"
    }
  }
}

extension LawEvidence.Comparison: CustomStringConvertible {
  /// "WHAT: DEVIATION, at most BOUND allowed".
  public var description: String {
    "\(what): \(Self.text(deviation)), at most \(Self.text(bound)) allowed"
  }

  /// A number with three significant digits, in the same words everywhere.
  public static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.3g", value)
  }
}
