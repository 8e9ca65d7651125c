@testable import EscapementDrawing
@testable import EscapementStatistics
import Foundation
import EscapementRandomness
import Testing

@testable import EscapementVerification

/// The registered tests, on crafted evidence: each can end supported, refuted and undecided.
@Suite struct RegisteredTestTests {
  /// Where crafted figures lie against a statement's bounds.
  enum Aim: CaseIterable {
    case holds, fails, unclear
  }

  /// How far from a bound: ten times the margin of an agreement for curvature and accuracies alike.
  private static let distance = 12.0

  /// Evidence for every seed of the last look. Figures are projected in turn onto what each question asks until all hold, or
  /// onto the contrary of the first; unclear ones lie at the bounds with a spread that no test sees through.
  static func evidence(_ statement: RunStatement, _ aim: Aim, salt: UInt64 = 0) -> InMemoryEvidence {
    let questions = aim == .fails ? [statement.questions[0]] : statement.questions
    var figures: [RunQuantity: Double] = [:]
    for quantity in statement.questions.flatMap(\.quantities) { figures[quantity] = 50 }
    for _ in 0..<60 { for question in questions { Self.project(question, aim, &figures) } }
    var stream = RandomStream(seed: 77 &+ salt, purpose: .theory, index: 508)
    // The rules of discrete statistics see an order, which noise must not turn where it is to be seen.
    let noise = aim == .unclear ? 40.0 : 0.01
    var runs: [RunSelection: [UInt64: [RunMetric: Double]]] = [:]
    for quantity in Set(statement.questions.flatMap(\.quantities)).sorted(by: { $0.text < $1.text }) {
      for seed in 0..<UInt64(statement.looks.seeds) {
        runs[quantity.selection, default: [:]][seed, default: [:]][quantity.metric] =
          figures[quantity]! + noise * stream.normal()
      }
    }
    return InMemoryEvidence(
      runs.mapValues { seeds in
        seeds.map { RunEvidence(seed: $0.key, data: "cifar10", isPublished: true, last: $0.value) }
      })
  }

  /// Moves the figures of a question, as little as it takes.
  private static func project(_ question: RunQuestion, _ aim: Aim, _ figures: inout [RunQuantity: Double]) {
    let sign = aim == .holds ? 1.0 : aim == .fails ? -1 : 0
    switch question.statistic {
    case .sum(let factors):
      let terms = zip(factors, question.quantities)
      let value = terms.reduce(0) { $0 + $1.0 * figures[$1.1]! }
      let norm = factors.reduce(0) { $0 + $1 * $1 }
      let goal: Double
      switch question.test {
      case .exceeds(let bound): goal = aim == .holds ? max(value, bound + distance) : bound + sign * distance
      case .isBelow(let bound): goal = aim == .holds ? min(value, bound - distance) : bound - sign * distance
      case .equals(let mean, let margin):
        goal = aim == .holds ? mean : mean + margin + (aim == .fails ? distance : 0)
      case .agrees(let mean, let std, let margin):
        // A printed ± of 3.7 is contradicted by nothing nearer.
        goal = aim == .holds ? mean : mean + margin + (aim == .fails ? distance + 20 * (std ?? 0) : 0)
      }
      for (factor, quantity) in terms { figures[quantity]! += factor * (goal - value) / norm }
    case .groupSpread(let groups):
      for (group, places) in groups.enumerated() {
        for (index, place) in places.enumerated() {
          figures[question.quantities[place]] =
            50 + (aim == .holds ? 10 * Double(group) : 10 * Double(index % 2))
        }
      }
    case .regretOfRaising:
      // A single peak, which the rule finds; or a small hill before a mountain, at which it stops.
      let course = aim == .holds ? [1.0, 2, 3, 2, 1] : [2.0, 1, 9, 3, 1]
      for (quantity, value) in zip(question.quantities, course) { figures[quantity] = 50 + value }
    case .slopeOfBest(let radii, let ratios):
      for row in ratios.indices {
        for column in radii.indices {
          let best = aim == .holds ? min(row, radii.count - 1) : radii.count - 1 - row
          figures[question.quantities[row * radii.count + column]] = column == best ? 60 : 50
        }
      }
    }
  }

  /// Every contrast, and of the agreements one of each form: a margin with a printed ±.
  private static let statements: [(RunFamily, RunStatement)] = {
    var forms: Set<String> = []
    return RunFamily.all.flatMap { family in family.statements.map { (family, $0) } }.filter { _, statement in
      guard case .agrees(_, let std, let margin) = statement.questions[0].test else { return true }
      return forms.insert("\(std ?? 0) \(margin) \(statement.assumptions.isEmpty)").inserted
    }
  }()

  /// Supported, refuted (or capped, where the refutation would rest on a guess) and undecided.
  @Test func eachEndsEachWay() throws {
    for (family, statement) in Self.statements {
      let claim = try #require(family.claims.first { $0.id == statement.id })
      for aim in Aim.allCases {
        let verdict = try claim.judge(ClaimContext(runs: Self.evidence(statement, aim)))
        switch (aim, verdict.outcome) {
        case (.holds, .supported), (.unclear, .inconclusive): break
        case (.holds, .inconclusive):
          // An agreement whose printed ± is too wide for its margin: the claim says so.
          #expect(
            verdict.details.contains { $0.contains("not settleable") || $0.contains("power") },
            "\(statement.id): \(verdict.summary)")
          let isAgreement = if case .agrees = statement.questions[0].test { true } else { false }
          #expect(isAgreement, "\(statement.id): \(verdict.summary)")
        case (.fails, .refuted): #expect(statement.assumptions.isEmpty, "\(statement.id)")
        case (.fails, .undetermined(let reason)):
          #expect(!statement.assumptions.isEmpty && reason.hasPrefix("refuted only under"), "\(statement.id)")
        default: Issue.record("\(statement.id), \(aim): \(verdict.outcome), \(verdict.summary)")
        }
      }
    }
  }

  /// A p value of a look counts at the look's own share of α: 0.01 of 0.05 after three and five seeds, 0.03 after ten.
  @Test func aLookSpendsItsOwnShare() {
    func isNear(_ values: [Double], _ expected: Double) -> Bool {
      // A product and a quotient, each rounded.
      (SeedLooks.contrast.combined(values) - expected).magnitude <= 2 * Double.ulpOfOne * expected
    }
    #expect(isNear([0.01], 0.05) && isNear([0.9, 0.01], 0.05) && isNear([0.9, 0.9, 0.03], 0.05))
    #expect(isNear([0.002, 0.5, 0.9], 0.01) && isNear([0.4, 0.4, 0.9], 1))
    #expect(SeedLooks.contrast.combined([0.001, .nan]).isNaN)
    #expect(SeedLooks.agreement.combined([0.04]) == 0.04)
  }

  private static let contrast = RunQuestion.exceeds(
    RunQuantity(RunFamilyTests.b, .accuracy), RunQuantity(RunFamilyTests.a, .accuracy))

  /// Looking after every seed from the third to the tenth gives a false verdict no oftener than α: only registered looks count.
  @Test func lookingOftenDoesNotRaiseTheError() throws {
    var stream = RandomStream(seed: 9, purpose: .theory, index: 507)
    let trials = 300
    var supported = 0
    for _ in 0..<trials {
      let draws = (0..<2).map { _ in (0..<10).map { _ in 75 + 0.5 * stream.normal() } }
      var outcomes: Set<String> = []
      for count in 3...10 {
        let verdict = try RunFamilyTests.judge(
          [Self.contrast],
          [
            RunFamilyTests.a: RunFamilyTests.runs(.accuracy, Array(draws[0].prefix(count))),
            RunFamilyTests.b: RunFamilyTests.runs(.accuracy, Array(draws[1].prefix(count))),
          ], looks: .contrast)
        outcomes.insert(verdict.outcome.name)
      }
      if outcomes.contains("supported") { supported += 1 }
    }
    // α and five binomial standard deviations; the plain test at each of the eight counts passes 13 % of such trials.
    let share = Double(supported) / Double(trials)
    #expect(share <= 0.05 + 5 * (0.05 * 0.95 / Double(trials)).squareRoot(), "\(share)")
  }

  /// Between two looks the verdict is that of the look before; a missing seed is named.
  @Test func onlyLooksCount() throws {
    func judge(_ count: Int, shift: Double) throws -> Verdict {
      let base = (0..<count).map { 71 + 0.1 * Double($0 % 3) }
      let raised = base.enumerated().map { $1 + ($0 < 5 ? 2 : shift) + 0.05 * Double($0 % 2) }
      return try RunFamilyTests.judge(
        [Self.contrast],
        [
          RunFamilyTests.a: RunFamilyTests.runs(.accuracy, base),
          RunFamilyTests.b: RunFamilyTests.runs(.accuracy, raised),
        ], looks: .contrast)
    }
    let five = try judge(5, shift: 0)
    #expect(five.outcome == .supported && five.summary.hasSuffix("5 seeds"))
    #expect(try judge(9, shift: -50).summary == five.summary, "seeds 5 to 8 wait for the tenth")
    let gap = try RunFamilyTests.judge(
      [Self.contrast],
      [
        RunFamilyTests.a: RunFamilyTests.runs(.accuracy, [71, 72, 71, 72], firstSeed: 1),
        RunFamilyTests.b: RunFamilyTests.runs(.accuracy, [73, 74, 73, 74]),
      ], looks: .contrast)
    #expect(
      gap.summary == "4 runs of cifar10-lt100/ce: the first look needs seeds 0 to 2, and seed 0 is missing")
  }

  /// The stated power is the share of simulated evidence that is supported.
  @Test func powerIsWhatSimulationGives() throws {
    let (effect, spread, count, level) = (0.6, 0.5, 5, 0.01)
    let power = try #require(
      ContrastPower(effect: effect, spread: spread)?.power(count: count, level: level))
    #expect(power > 0.2 && power < 0.8, "\(power)")
    var stream = RandomStream(seed: 10, purpose: .theory, index: 509)
    let trials = 2000
    let found = (0..<trials).count { _ in
      let values = (0..<count).map { _ in effect + spread * stream.normal() }
      return PairedTest(values, Array(repeating: 0, count: count)).map { $0.test.pAbove() <= level } ?? false
    }
    // Five binomial standard deviations, and the integral's 10⁻³.
    let bound = 5 * (power * (1 - power) / Double(trials)).squareRoot() + 1e-3
    #expect((Double(found) / Double(trials) - power).magnitude <= bound, "\(found) of \(trials), \(power)")
    let effectFound = try #require(ContrastPower.detectable(count: count, level: level))
    let back = try #require(ContrastPower(effect: effectFound, spread: 1)?.power(count: count, level: level))
    // The interval that is halved 14 times begins below twice the effect, or at 1; Φ rises by at most 0.4 a unit of δ = effect·√n.
    let rise = 0.4 * Double(count).squareRoot() * max(1, 2 * effectFound) * 0x1p-14
    #expect(back >= 0.8 && back - 0.8 <= rise)
  }

  /// P18: a fall beyond the radius that the authors chose contradicts nothing they say.
  @Test func theRiseEndsAtTheChosenRadius() throws {
    let claim = try #require(ClaimCatalog.standard["P18-C10"])
    let tail = [0.05: 62.0, 0.1: 64.5, 0.2: 68.5, 0.5: 73.1, 0.8: 71]
    let evidence = InMemoryEvidence(
      Dictionary(
        uniqueKeysWithValues: tail.map { radius, mean in
          (
            RunSelection("cifar10-lt100/ce-drw-sam", radius: radius),
            (0..<5).map { seed in
              RunEvidence(
                seed: UInt64(seed), data: "cifar10", isPublished: true,
                last: [.tail: mean + 0.3 * Double((seed * 7 + Int(radius * 100)) % 3)])
            }
          )
        }))
    let verdict = try claim.judge(ClaimContext(runs: evidence))
    #expect(verdict.outcome == .supported, "\(verdict.summary)")
  }

  /// H6: a negative eigenvalue of 10⁻⁹ beside λ_max = 50 is no finding.
  @Test func anyNegativeNumberIsNoFinding() throws {
    let claim = try #require(ClaimCatalog.standard["H6-drw"])
    func judge(_ ratio: Double) throws -> Outcome {
      let runs = (0..<5).map { seed in
        RunEvidence(
          seed: UInt64(seed), data: "cifar10", isPublished: true,
          last: [.saddleRatio(ofClass: 9): ratio * (1 + 0.01 * Double(seed))])
      }
      return try claim.judge(
        ClaimContext(runs: InMemoryEvidence([RunSelection("cifar10-lt100/ce-drw"): runs]))
      ).outcome
    }
    #expect(try judge(1e-9 / 50) == .refuted)
    #expect(try judge(0.3) == .supported)
  }

  /// A mean that only the best epochs contradict, or only the last, or only three seeds behind the print, is not refuted.
  @Test func aPrintedNumberFallsInEveryReading() throws {
    func judge(last: Double, best: Double) throws -> Outcome {
      try RunFamilyTests.judge(
        [RunFamilyTests.agrees],
        [
          RunFamilyTests.a: RunFamilyTests.runs(
            .accuracy, RunFamilyTests.around.map { last + $0 }, best: RunFamilyTests.around.map { best + $0 })
        ]
      ).outcome
    }
    #expect(try judge(last: 78, best: 78.5) == .refuted)
    #expect(try judge(last: 78, best: 71.7) == .inconclusive)
  }
}
