import EscapementOptimizers
import EscapementCalculus
import EscapementTesting
import EscapementKernels
import Testing
import EscapementTraining

@Suite struct BuiltInLawTests {
  @Test(arguments: RuleSubject.builtIn.map(\.name)) func keepsItsLaws(_ name: String) throws {
    let subject = try #require(RuleSubject.builtIn.first { $0.name == name })
    for outcome in Laws.check(subject) { #expect(outcome.holds, "\(outcome)") }
  }

  @Test func namesAreDistinctAndEveryLawAppliesToSomeRule() {
    let subjects = RuleSubject.builtIn
    #expect(Set(subjects.map(\.name)).count == subjects.count)
    for law in Laws.all {
      #expect(subjects.contains { law.exemption(for: $0.claims) == nil }, "\(law.name) applies to no rule")
    }
  }

  @Test func lawsApplyWhereTheClaimsSaySo() throws {
    func laws(_ name: String) throws -> Set<String> {
      let claims = try #require(RuleSubject.builtIn.first { $0.name == name }).claims
      return Set(Laws.all.filter { $0.exemption(for: claims) == nil }.map(\.name))
    }
    let all = Set(Laws.all.map(\.name))
    #expect(
      try laws("sgd")
        == all.subtracting([
          "tiny-radius", "stage-limits", "two-part-sum", "all-tail", "fires", "radius", "ascent",
          "loss-scale",
          "noise",
        ]))
    #expect(try laws("sse-sam") == all.subtracting(["noise"]))
    #expect(try laws("imbsam") == all.subtracting(["noise", "stage-limits"]))
    #expect(try laws("sam") == laws("imbsam").subtracting(["two-part-sum", "all-tail"]))
  }

  @Test func aRuleWithoutClaimsIsHeldToWhatAnyRuleOwes() {
    let subject = RuleSubject(
      "mine", { try SAM(base: $1, rho: $0.radius) }, { try SAM(base: $1, rho: $0.radius) })
    for outcome in Laws.check(subject) { #expect(outcome.holds, "\(outcome)") }
    let applied = Set(Laws.check(subject).filter(\.applies).map(\.law))
    #expect(
      applied == [
        "tiny-radius", "fires", "descent-order", "untouched", "statistics", "empty-parts", "record",
        "divergence", "same-bits", "resume",
      ])
  }

  @Test func aFactoryThatThrowsFailsEveryLawThatApplies() {
    struct Refusal: Error {}
    let subject = RuleSubject(
      "refused", { _, _ -> SGD<Float> in throw Refusal() }, { _, _ -> SGD<Double> in throw Refusal() })
    let outcomes = Laws.check(subject)
    #expect(outcomes.contains(where: \.applies) && outcomes.allSatisfy { !$0.applies || !$0.holds })
  }

  @Test func aRuleThatDoesLessThanItsClaimsStopsTheLawsAndNotTheTest() {
    struct Idle<Element: Real>: UpdateRule {
      var state: [String: ParameterVector<Element>] = [:]
      mutating func step<Oracle: GradientOracle<Element>>(
        _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
      ) throws -> StepRecord {
        StepRecord(
          loss: 0, descentLoss: 0, learningRate: context.learningRate, rho: 0, gradientNorm: 0,
          perturbationNorm: 0, cosine: 0, evaluations: 0, samples: 0, correct: nil)
      }
    }
    for claims in [RuleClaims.sseSAM, .perturbedTail(normConstant: 0), .lowPass(shards: 2), RuleClaims()] {
      let subject = RuleSubject(
        "idle", claims: claims, { _, _ in Idle<Float>() }, { _, _ in Idle<Double>() })
      let failed = Set(Laws.check(subject).filter { !$0.holds }.map(\.law))
      #expect(failed.isSuperset(of: ["fires", "descent-order", "statistics"]))
      #expect(claims.steps.isEmpty || failed.isSuperset(of: ["queries", "zero-radius", "two-part-sum"]))
    }
  }
}
