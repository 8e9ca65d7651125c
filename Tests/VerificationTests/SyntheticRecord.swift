@testable import EscapementDrawing
@testable import EscapementVerification

/// Small claims with chosen outcomes, for tests of the machinery around them.
enum SyntheticRecord {
  static func claim(
    _ id: String, tier: Tier = .exact, kind: ClaimKind = .paper, nulls: Set<NullHypothesis> = [.rhoZero],
    assumptions: [String] = [], version: Int = 1,
    _ judge: @escaping @Sendable (ClaimContext) throws -> Verdict
  ) -> Claim {
    Claim(
      id: id, kind: kind, source: .supplement("§Z"), quote: "words of \(id) & <more>",
      statement: "Statement of \(id) with <tags> & a | bar.", tier: tier, leaf: .theory, weight: .remark,
      nulls: .losing(nulls), assumptions: assumptions, refutedBy: "Anything else.",
      procedure: "One comparison.", variant: "plain", procedureVersion: version,
      judge: judge)
  }

  static func verdict(_ value: Double, _ outcome: Outcome, rounded: Bool = false) -> Verdict {
    var evidence = Evidence()
    evidence.equal(
      "a quantity", value, to: 0.25, within: 0.001, because: "stated", rounded ? .rounded : .bits)
    evidence.observe("another", 7, unit: "of 9", because: "for people")
    evidence.note("A remark.")
    return evidence.verdict(ifAllHold: outcome, summary: "value \(NumberText.short(value))")
  }

  static let catalog = ClaimCatalog([
    claim("A1") { _ in verdict(0.25, .supported) },
    claim("A2") { _ in verdict(0.25, .conditional("x > 2")) },
    claim("B10", tier: .fixture) { _ in verdict(0.75, .supported) },
  ])

  static func record(baseline: Baseline?) throws -> VerificationRecord {
    try Verifier(catalog: catalog, context: ClaimContext(seed: 7), baseline: baseline).verify()
  }

  static let baseline = Baseline(
    entries: [
      "A1": .init(outcome: .supported, procedureVersion: 1),
      "A2": .init(outcome: .conditional("x > 2"), procedureVersion: 1),
      "B10": .init(outcome: .refuted, procedureVersion: 1),
    ], reason: "first")
}
