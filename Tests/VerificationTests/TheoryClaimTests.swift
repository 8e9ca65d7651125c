import Testing

@testable import Verification

@Suite struct TheoryClaimTests {
  static let ids = [
    "T1", "T2", "T3", "T3b", "T4", "T5", "T6", "T7", "T8", "T9", "T11", "T12", "T13", "T14", "M1",
    "M3",
  ]

  static let conditional = ["T1", "T2", "T3", "T6", "T8", "T9", "T11", "T14"]

  static func judge(_ id: String, _ subject: any ClaimSubject) throws -> Verdict {
    let claim = try #require(ClaimCatalogue.standard[id])
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
    ("T1", .forgetsPerturbation), ("T1", .flipsAscent), ("T1", .doublesRadius), ("T1", .alwaysNormalises),
    ("T1", .staysAtPerturbedPoint), ("T2", .forgetsPerturbation), ("T2", .flipsAscent),
    ("T2", .doublesRadius),
    ("T2", .staysAtPerturbedPoint), ("T3", .forgetsPerturbation), ("T3", .flipsAscent),
    ("T3", .doublesRadius),
    ("T3b", .doublesRadius), ("T3b", .flipsAscent), ("T3b", .forgetsPerturbation), ("T4", .neverNormalises),
    ("T4", .flipsAscent), ("T4", .doublesRadius), ("T4", .dividesBySumOfMagnitudes), ("T5", .flipsAscent),
    ("T5", .doublesRadius), ("T5", .forgetsPerturbation), ("T6", .forgetsPerturbation), ("T6", .flipsAscent),
    ("T6", .dropsMomentum), ("T6", .doublesLearningRate), ("T6", .staysAtPerturbedPoint),
    ("T7", .neverNormalises), ("T7", .flipsAscent), ("T7", .forgetsPerturbation),
    ("T8", .forgetsPerturbation),
    ("T8", .flipsAscent), ("T8", .doublesRadius), ("T9", .forgetsPerturbation), ("T9", .doublesRadius),
    ("T11", .forgetsPerturbation), ("T11", .flipsAscent), ("T11", .doublesRadius), ("T11", .alwaysNormalises),
    ("T14", .forgetsPerturbation), ("T14", .flipsAscent), ("T14", .doublesRadius), ("T14", .neverNormalises),
    ("T14", .dividesBySumOfMagnitudes), ("T12", .flipsAscent), ("T12", .forgetsPerturbation),
    ("T12", .doublesRadius), ("T13", .flipsAscent),
    ("T13", .forgetsPerturbation), ("T13", .neverNormalises), ("T13", .dividesBySumOfMagnitudes),
    ("M1", .doublesRadius), ("M1", .flipsAscent), ("M1", .forgetsPerturbation), ("M1", .neverNormalises),
    ("M1", .changesBatch),
    ("M1", .staysAtPerturbedPoint), ("M1", .descendsAlongFirstGradient), ("M3", .neverNormalises),
  ]

  @Test(arguments: sabotages) func sabotageIsRefuted(id: String, fault: Fault) throws {
    let verdict = try Self.judge(id, FaultySubject(fault: fault))
    #expect(verdict.outcome == .refuted, "\(id) with \(fault): \(verdict.outcome) \(verdict.summary)")
    #expect(verdict.summary.contains("failed, first"))
  }

  @Test func everyTheoryClaimIsSabotaged() {
    #expect(Set(Self.sabotages.map(\.id)) == Set(Self.ids))
  }
}
