import EscapementOptimizers
import EscapementCalculus
import EscapementTesting
import EscapementKernels
import Testing
import EscapementTraining

/// Rules made faulty on purpose: each law fails where it must.
@Suite struct FaultyRuleTests {
  /// A rule that breaks the laws named, each in Float and in Double unless told otherwise.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var subject: RuleSubject
    var laws: [String]
    var elements: Set<String> = ["F32", "F64"]

    var testDescription: String { name }

    init(_ fault: Fault, _ laws: String..., elements: Set<String> = ["F32", "F64"]) {
      self.init(fault.rawValue, .scratch(fault), laws)
      self.elements = elements
    }

    init(_ name: String, _ subject: RuleSubject, _ laws: [String]) {
      self.name = name
      self.subject = subject
      self.laws = laws
    }

    static func parts(_ fault: Fault, _ laws: String...) -> Case {
      Case(fault.rawValue + " of the tail", .scratchParts(fault), laws)
    }
  }

  static let cases: [Case] = [
    Case(.flipsAscent, "ascent", "closed-form"),
    Case(.neverNormalizes, "radius", "ascent", "loss-scale", "closed-form"),
    Case(.neverPerturbs, "fires", "queries", "radius", "ascent", "closed-form"),
    Case(.forgetsConstant, "ascent", elements: ["F64"]),
    Case(.restoresBySubtraction, "untouched", "divergence"),
    Case(.staysAtPerturbedPoint, "untouched", "divergence", "closed-form", "descent-order"),
    Case(.descendsAlongFirstGradient, "fires", "closed-form"),
    Case(.decaysInsideAscent, "ascent", "closed-form", "loss-scale"),
    Case(.decaysOutsideMomentum, "descent-order", "zero-radius", "closed-form"),
    Case(.decaysTwice, "descent-order", "zero-radius", "closed-form"),
    Case(.dropsMomentum, "descent-order", "zero-radius", "closed-form"),
    Case(.asksOnceMore, "queries"),
    Case(.asksForTheHead, "queries"),
    Case(.observesTwice, "queries", "statistics"),
    Case(.neverObserves, "queries", "statistics"),
    Case(.branchesAtZero, "tiny-radius"),
    Case(.addsZero, "zero-radius"),
    Case(.dividesByZeroNorm, "empty-parts"),
    Case(.appliesNonFinite, "divergence"),
    Case(.movesBeforeReporting, "divergence"),
    Case(.namesAnotherStep, "divergence"),
    Case(.keepsNoState, "resume", "zero-radius"),
    Case(.ignoresSavedState, "resume"),
    Case(.countsByItself, "resume", "descent-order", "closed-form"),
    Case(.dependsOnThreads, "same-bits"),
    Case(.miscounts, "record"),
    Case(.reportsNoLength, "fires"),
    .parts(.countsHeadTwice, "zero-radius", "two-part-sum", "closed-form", "descent-order", "empty-parts"),
    .parts(.ascendsAlongHead, "all-tail", "ascent", "closed-form"),
    .parts(.dividesByZeroNorm, "empty-parts"),
    Case(
      "never leaves its first stage",
      RuleSubject("stuck", claims: .sseSAM, { try stuck($0, $1) }, { try stuck($0, $1) }),
      ["stage-limits", "queries"]),
    Case(
      "has one noise for all seeds",
      RuleSubject(
        "unseeded", claims: .perturbed(.weights), { try PGD(base: $1, sigma: $0.radius, seed: 0) },
        { try PGD(base: $1, sigma: $0.radius, seed: 0) }), ["noise"]),
    Case(
      "has one noise for all steps",
      RuleSubject(
        "unstepped", claims: .perturbed(.weights),
        { SameStep(rule: try PGD(base: $1, sigma: $0.radius, seed: $0.seed)) },
        { SameStep(rule: try PGD(base: $1, sigma: $0.radius, seed: $0.seed)) }), ["noise", "divergence"]),
    Case(
      "says that it perturbs, and is SGD", RuleSubject("sgd", { $1 }, { $1 }), ["fires"]),
  ]

  @Test func withoutAFaultTheyKeepEveryLaw() {
    for subject in [RuleSubject.scratch(nil), .scratchParts(nil)] {
      for outcome in Laws.check(subject) { #expect(outcome.holds, "\(outcome)") }
    }
  }

  @Test(arguments: cases) func breaksTheLawsNamed(_ wrong: Case) {
    let outcomes = Laws.check(wrong.subject, laws: Laws.all.filter { wrong.laws.contains($0.name) })
    #expect(outcomes.count == 2 * wrong.laws.count, "a law of another name")
    for outcome in outcomes where wrong.elements.contains(outcome.element) {
      #expect(outcome.applies && !outcome.holds, "\(outcome)")
    }
  }

  @Test func everyLawAndEveryFaultHasACase() {
    let laws = Set(Self.cases.flatMap(\.laws))
    #expect(laws == Set(Laws.all.map(\.name)))
    #expect(Laws.all.count == Set(Laws.all.map(\.name)).count)
    let names = Set(Self.cases.map(\.name))
    for fault in Fault.allCases {
      #expect(names.contains(fault.rawValue) || names.contains(fault.rawValue + " of the tail"))
    }
  }

  static func stuck<Base: DescentRule>(_ settings: RuleSettings, _ base: Base) throws -> SSESAM<Base> {
    try SSESAM(
      base: base, rhoHead: 0.5 * settings.radius, rhoTail: settings.radius, stageFraction: 0.999,
      epochs: settings.epochs)
  }
}

/// Tells its rule that every step is the first.
struct SameStep<Rule: UpdateRule>: UpdateRule {
  typealias Element = Rule.Element
  var rule: Rule

  var state: [String: ParameterVector<Element>] {
    get { rule.state }
    set { rule.state = newValue }
  }

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let first = StepContext(step: 0, epoch: context.epoch, learningRate: context.learningRate)
    return try rule.step(&parameters, oracle: &oracle, context: first)
  }
}
