/// The outcome of a claim.
package enum Outcome: Hashable, Sendable {
  /// The names, in the order of tallies.
  static let names = [
    "supported", "conditional", "refuted", "consistent", "not consistent", "inconclusive", "not run",
  ]

  /// Every judged quantity agrees with the claim.
  case supported
  /// The claim is false as printed and true once the condition is added.
  case conditional(String)
  /// A judged quantity contradicts the claim, and no condition repairs it.
  case refuted
  /// A contrast of a paper is seen at a scale that settles nothing about the paper.
  case consistent
  /// The contrast is not seen at that scale.
  case notConsistent
  /// The procedure ran and could not decide, or it stopped.
  case inconclusive
  /// The procedure ran to its end and found that nothing can be decided, for the given reason. It is also reported as
  /// inconclusive.
  case undetermined(String)
  /// The procedure did not run.
  case notRun(String)

  /// The outcome's name in files and reports.
  package var name: String {
    switch self {
    case .supported: "supported"
    case .conditional: "conditional"
    case .refuted: "refuted"
    case .consistent: "consistent"
    case .notConsistent: "not consistent"
    case .inconclusive, .undetermined: "inconclusive"
    case .notRun: "not run"
    }
  }

  /// The condition of a conditional verdict, the reason of one that did not run or that nothing can decide.
  package var qualifier: String? {
    switch self {
    case .conditional(let text), .undetermined(let text), .notRun(let text): text
    case .supported, .refuted, .consistent, .notConsistent, .inconclusive: nil
    }
  }

  /// Whether the procedure decided.
  package var isConclusive: Bool {
    switch self {
    case .supported, .conditional, .refuted, .consistent, .notConsistent: true
    case .inconclusive, .undetermined, .notRun: false
    }
  }

  /// Whether it may be recorded: decided, or found to be undecidable for a stated reason.
  package var isOnRecord: Bool {
    if case .undetermined = self { return true }
    return isConclusive
  }

  /// The outcome with a given `name`; nil for an unknown name or a missing qualifier.
  package init?(name: String, qualifier: String?) {
    switch (name, qualifier) {
    case ("supported", nil): self = .supported
    case ("conditional", let text?): self = .conditional(text)
    case ("refuted", nil): self = .refuted
    case ("consistent", nil): self = .consistent
    case ("not consistent", nil): self = .notConsistent
    case ("inconclusive", nil): self = .inconclusive
    case ("inconclusive", let text?): self = .undetermined(text)
    case ("not run", let text?): self = .notRun(text)
    default: return nil
    }
  }
}

/// The result of judging a claim: the outcome and the numbers from which it follows.
package struct Verdict: Hashable, Sendable {
  /// The outcome of the claim.
  package var outcome: Outcome
  /// The measured quantities, in the order of the procedure.
  package var measurements: [Measurement]
  /// One readable line, with the decisive numbers.
  package var summary: String
  /// Further remarks, one per line.
  package var details: [String]

  /// A verdict from its parts; `Evidence.verdict` derives the outcome instead.
  package init(outcome: Outcome, measurements: [Measurement], summary: String, details: [String] = []) {
    self.outcome = outcome
    self.measurements = measurements
    self.summary = summary
    self.details = details
  }
}

extension Verdict {
  /// A verdict in which a refutation that rests on guesses is replaced by inconclusive.
  func capped(by assumptions: [String]) -> Verdict {
    guard outcome == .refuted, !assumptions.isEmpty else { return self }
    var capped = self
    capped.outcome = .undetermined(
      "refuted only under the assumption: \(assumptions.joined(separator: "; "))")
    return capped
  }
}

/// The information needed to repeat a verdict.
package struct Provenance: Hashable, Sendable {
  /// The reading of the sources that was judged, for example "unnormalized ascent".
  package var variant: String
  /// The seed of every draw.
  package var seed: UInt64
  /// The version of the claim's procedure; a change of method raises it.
  package var procedureVersion: Int

  /// A provenance from its parts.
  package init(variant: String, seed: UInt64, procedureVersion: Int) {
    self.variant = variant
    self.seed = seed
    self.procedureVersion = procedureVersion
  }
}
