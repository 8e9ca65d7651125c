import EscapementOptimizers
import Testing

@testable import EscapementVerification

@Suite struct TheoryClaimTests {
  static let ids = [
    "T1", "T2", "T3", "T3b", "T4", "T5", "T6", "T6b", "T7", "T8", "T9", "T11", "T12", "T13", "T14", "M1",
    "M3",
  ]

  /// Sentences of the papers that are false as printed and true under a condition.
  static let conditional = ["T3", "T6", "T8", "T11"]

  static func judge(_ id: String, _ subject: any ClaimSubject) throws -> Verdict {
    let claim = try #require(ClaimCatalog.standard[id])
    return try claim.judge(ClaimContext(subject: subject))
  }

  /// A rule written from Algorithm 1 alone gives the same outcomes as the package's: the procedures judge the
  /// algebra, not our code's habits.
  @Test(arguments: ids) func independentRule(id: String) throws {
    try expectHolds(id, Self.judge(id, FaultySubject(fault: nil)))
  }

  private func expectHolds(_ id: String, _ verdict: Verdict) {
    let failed = verdict.measurements.filter { $0.holds == false }
    #expect(failed.isEmpty, "\(id): \(verdict.summary)")
    switch verdict.outcome {
    case .supported: #expect(!Self.conditional.contains(id))
    case .conditional(let condition):
      #expect(Self.conditional.contains(id) && !condition.isEmpty)
    default: Issue.record("\(id) ended \(verdict.outcome): \(verdict.summary)")
    }
  }

  /// Faults that each claim's procedure must see.
  static let sabotages: [(id: String, fault: Fault)] = [
    ("T1", .forgetsPerturbation), ("T1", .flipsAscent), ("T1", .doublesRadius), ("T1", .alwaysNormalizes),
    ("T1", .staysAtPerturbedPoint), ("T2", .forgetsPerturbation), ("T2", .flipsAscent),
    ("T2", .doublesRadius),
    ("T2", .staysAtPerturbedPoint), ("T3", .forgetsPerturbation), ("T3", .doublesRadius),
    ("T3b", .doublesRadius), ("T3b", .flipsAscent), ("T3b", .forgetsPerturbation), ("T4", .neverNormalizes),
    ("T4", .flipsAscent), ("T4", .doublesRadius), ("T4", .dividesBySumOfMagnitudes), ("T5", .flipsAscent),
    ("T5", .doublesRadius), ("T5", .forgetsPerturbation), ("T6", .forgetsPerturbation),
    ("T6", .dropsMomentum), ("T6", .doublesLearningRate), ("T6", .staysAtPerturbedPoint),
    ("T6b", .forgetsPerturbation), ("T6b", .flipsAscent), ("T6b", .dropsMomentum),
    ("T6b", .doublesLearningRate), ("T6b", .staysAtPerturbedPoint),
    ("T7", .neverNormalizes), ("T7", .flipsAscent), ("T7", .forgetsPerturbation),
    ("T8", .forgetsPerturbation), ("T8", .doublesRadius), ("T9", .forgetsPerturbation),
    ("T9", .doublesRadius),
    ("T11", .forgetsPerturbation), ("T11", .flipsAscent), ("T11", .doublesRadius), ("T11", .alwaysNormalizes),
    ("T14", .forgetsPerturbation), ("T14", .flipsAscent), ("T14", .doublesRadius), ("T14", .neverNormalizes),
    ("T14", .dividesBySumOfMagnitudes), ("T12", .flipsAscent), ("T12", .forgetsPerturbation),
    ("T12", .doublesRadius), ("T13", .flipsAscent),
    ("T13", .forgetsPerturbation), ("T13", .neverNormalizes), ("T13", .dividesBySumOfMagnitudes),
    ("M1", .doublesRadius), ("M1", .flipsAscent), ("M1", .forgetsPerturbation), ("M1", .neverNormalizes),
    ("M1", .changesBatch),
    ("M1", .staysAtPerturbedPoint), ("M1", .descendsAlongFirstGradient), ("M3", .neverNormalizes),
  ]

  @Test(arguments: sabotages) func sabotageIsRefuted(id: String, fault: Fault) throws {
    let verdict = try Self.judge(id, FaultySubject(fault: fault))
    #expect(verdict.outcome == .refuted, "\(id) with \(fault): \(verdict.outcome) \(verdict.summary)")
    #expect(verdict.measurements.contains { $0.holds == false })
    #expect(verdict.summary.contains("failed, first") || verdict.summary.contains("which are not"))
  }

  @Test func everyTheoryClaimIsSabotaged() {
    #expect(Set(Self.sabotages.map(\.id)) == Set(Self.ids))
  }

  /// The observations by which sentences that are true under a condition fall: the condition then repairs nothing.
  static let refutations: [(id: String, fault: Fault, failed: String)] = [
    // Amplifies nowhere; amplifies from 1/|λ| on.
    ("T3", .forgetsPerturbation, "radii where amplification and ρ|λ| > 2 disagree"),
    ("T3", .doublesRadius, "radii where amplification and ρ|λ| > 2 disagree"),
    // A radius without effect; a saddle left inside the window that momentum widens.
    ("T6", .forgetsPerturbation, "radii at which SAM moves as with ρ = 0"),
    ("T6", .dropsMomentum, "radii where attraction and 1 < ρ|λ| < 1 + 2(1 + m)/(η|λ|) disagree"),
    // Rises nowhere; rises from 1/2|λ| on.
    ("T8", .forgetsPerturbation, "neighbors in the wrong order"),
    ("T8", .doublesRadius, "neighbors in the wrong order"),
  ]

  @Test(arguments: refutations) func theNamedObservationRefutes(id: String, fault: Fault, failed: String)
    throws
  {
    let verdict = try Self.judge(id, FaultySubject(fault: fault))
    #expect(verdict.outcome == .refuted)
    #expect(verdict.measurements.filter { $0.holds == false }.map(\.name) == [failed])
  }

  /// A rule that adds ρ|λ| where SAM takes it away amplifies, leaves the saddle and gains at every radius: that is what the sentences say.
  @Test(arguments: [
    ("T3", "radii that do not amplify"), ("T6", "radii at which the saddle holds the parameters"),
    ("T8", "neighbors between which it does not rise"),
  ])
  func whatTheSentenceSaysSupportsIt(id: String, exception: String) throws {
    let verdict = try Self.judge(id, FaultySubject(fault: .flipsAscent))
    #expect(verdict.outcome == .supported, "\(verdict.summary)")
    #expect(verdict.measurements.contains { $0.name == exception && $0.value == 0 && $0.holds == true })
    let exceptions = try Self.judge(id, PackageSubject()).measurements.filter { $0.name == exception }
    #expect(exceptions.count == 1 && exceptions[0].value > 0 && exceptions[0].holds == nil)
  }

  @Test func conditions() throws {
    for (id, condition) in [
      ("T3", "ρ|λ| > 2"), ("T6", "ρ|λ| > 1 + 2(1 + m)/(η|λ|)"), ("T8", "ρ|λ| > 1"),
    ] { #expect(try Self.judge(id, PackageSubject()).outcome == .conditional(condition), "\(id)") }
  }

  /// What a theorem assumes in so many words is part of what it states, and no condition on it.
  @Test(arguments: [
    ("T1", ["first-order expansion", "Hessian H of f"]), ("T2", ["first-order Taylor", "small ρ"]),
    ("T9", ["CNC assumption", "γ > 0"]),
  ])
  func statedHypothesesAreInTheStatement(id: String, words: [String]) throws {
    let claim = try #require(ClaimCatalog.standard[id])
    for word in words { #expect(claim.statement.contains(word), "\(id): \(word)") }
    #expect(claim.kind == .paper && claim.quote != nil)
    #expect(try Self.judge(id, PackageSubject()).outcome == .supported)
  }

  /// What lies outside a statement is a remark: measured, and without a say.
  @Test func remarksDoNotDecide() throws {
    func measured(_ id: String, _ part: String) throws -> [Measurement] {
      let found = try Self.judge(id, PackageSubject()).measurements.filter { $0.name.contains(part) }
      #expect(!found.isEmpty && found.allSatisfy { $0.holds == nil }, "\(id): \(part)")
      return found
    }
    // Across a rectifier's kink the residual is of order ρ, so that the slope is 1.
    #expect(try measured("T2", "kink").allSatisfy { ($0.value - 1).magnitude < 1e-6 })
    // Without noise along v nothing ever moves along it.
    let silent = try measured("T9", "where γ = 0")
    #expect(silent.count == 8 && silent.allSatisfy { $0.value == 0 })
    #expect(try Self.judge("T9", PackageSubject()).details.contains { $0.contains("empty") })
    #expect(try measured("T9", "200 steps with γ = 10⁻⁴")[0].value > 1)
    // The short form is far from the true factor, which stays near 1.
    #expect(try measured("T14", "short form there").allSatisfy { $0.value < 0.8 })
    #expect(try measured("T14", "true factor").allSatisfy { ($0.value - 1).magnitude < 0.05 })
  }

  /// The poster says that SAM can leave saddles; that it is faster than SGD is this package's question.
  @Test func speedIsAClaimOfItsOwn() throws {
    let paper = try #require(ClaimCatalog.standard["T6"])
    let own = try #require(ClaimCatalog.standard["T6b"])
    for text in [paper.statement, paper.refutedBy] {
      #expect(!text.contains("SGD") && !text.contains("fast"))
    }
    #expect(paper.kind == .paper && paper.quote?.contains("can effectively escape") == true)
    #expect(own.kind == .own && own.quote == nil && own.weight == .remark)
    #expect(own.statement.contains("faster than SGD"))
    #expect(try Self.judge("T6b", PackageSubject()).outcome == .supported)
  }

  /// A statement of this package is what it claims, so it has no condition beside it.
  @Test func ownStatementsAreSupported() throws {
    let own = ClaimCatalog.standard.claims.filter {
      $0.kind == .own && $0.tier == .exact && $0.leaf == .theory
        || Self.ids.contains($0.id) && $0.kind == .own
    }
    #expect(Set(own.map(\.id)).isSuperset(of: ["T3b", "T4", "T5", "T6b", "T7", "T12", "T14", "M1", "M3"]))
    for claim in own {
      #expect(claim.quote == nil)
      #expect(try claim.judge(ClaimContext()).outcome == .supported, "\(claim.id)")
    }
  }
}
