@testable import EscapementDrawing
import EscapementRandomness
import Testing
import EscapementTraining

@testable import EscapementVerification

/// Claims about finished runs, with evidence in memory.
@Suite struct RunFamilyTests {
  static let a = RunSelection("cifar10-lt100/ce")
  static let b = RunSelection("cifar10-lt100/ce-sam")

  /// Runs with the given figures of a metric and seeds 0, 1, ….
  static func runs(
    _ metric: RunMetric, _ values: [Double], published: Bool = true, best: [Double] = [],
    firstSeed: UInt64 = 0
  ) -> [RunEvidence] {
    values.enumerated().map { index, value in
      RunEvidence(
        seed: firstSeed + UInt64(index), data: published ? "cifar10" : "fixture", isPublished: published,
        last: [metric: value], best: best.isEmpty ? [:] : [metric: best[index]])
    }
  }

  /// A statement with one look at five seeds unless others are given.
  static func statement(
    _ id: String, _ questions: [RunQuestion], looks: SeedLooks = .agreement
  ) -> RunStatement {
    RunStatement(
      id: id, source: .abstract, quote: "q", statement: "s", leaf: .gains, questions: questions, looks: looks)
  }

  static func judge(
    _ questions: [RunQuestion], _ evidence: [RunSelection: [RunEvidence]], others: [RunStatement] = [],
    looks: SeedLooks = .agreement
  ) throws -> Verdict {
    let family = RunFamily(name: "test", statements: [statement("X1", questions, looks: looks)] + others)
    return try family.claims[0].judge(ClaimContext(runs: InMemoryEvidence(evidence)))
  }

  static let agrees = RunQuestion.agrees(RunQuantity(a, .accuracy), mean: 71.7, std: 0.1, margin: 1)
  static let gains = RunQuestion.exceeds(RunQuantity(b, .accuracy), RunQuantity(a, .accuracy))
  static let around = [-0.3, 0.1, 0.2, -0.1, 0.1]

  @Test func agreementEndsAllThreeWays() throws {
    func outcome(_ shift: Double, spread: Double = 1) throws -> Verdict {
      try Self.judge(
        [Self.agrees], [Self.a: Self.runs(.accuracy, Self.around.map { 71.7 + shift + spread * $0 })])
    }
    #expect(try outcome(0).outcome == .supported)
    #expect(try outcome(3).outcome == .refuted && outcome(-3).outcome == .refuted)
    let between = try outcome(1)
    #expect(between.outcome == .inconclusive, "a mean on the margin")
    #expect(between.details.contains { $0.contains("power") && $0.contains("3 seeds assumed") })
    #expect(try outcome(0, spread: 12).outcome == .inconclusive, "not significant is not equal")
  }

  @Test func contrastsEndAllThreeWays() throws {
    func outcome(_ gain: Double) throws -> Verdict {
      try Self.judge(
        [Self.gains],
        [
          Self.a: Self.runs(.accuracy, Self.around.map { 71.7 + $0 }),
          Self.b: Self.runs(.accuracy, Self.around.reversed().map { 71.7 + gain + $0 }),
        ])
    }
    let supported = try outcome(1.4)
    #expect(supported.outcome == .supported)
    #expect(try outcome(-1.4).outcome == .refuted && outcome(0.02).outcome == .inconclusive)
    let names = supported.measurements.map(\.name)
    #expect(names.contains("correlation of the seeds"))
    #expect(names.contains("95 % interval of the difference, lower") == false, "one-sided at 5 %: 90 %")
    #expect(names.contains("90 % interval of the difference, lower"))
  }

  /// A figure against a bound: the interval is that of the mean less the bound, at 90 % for a test at 5 %.
  @Test func aFigureAgainstABoundHasItsInterval() throws {
    let verdict = try Self.judge(
      [.above(RunQuantity(Self.a, .accuracy), 50)],
      [Self.a: Self.runs(.accuracy, Self.around.map { 51 + $0 })])
    #expect(verdict.outcome == .supported)
    func value(_ name: String) throws -> Double {
      try #require(verdict.measurements.first { $0.name == name }?.value, "\(name)")
    }
    // The five numbers have mean 0 and variance 0.16/4; t at 95 % with four degrees of freedom is 2.13184678633 (tables), of
    // which twelve digits stand here: 1e-9 is far above the roundings of either side.
    let half = 2.13184678633 * (0.16 / 4 / 5).squareRoot()
    #expect(try abs(value("90 % interval of the difference, lower") - (1 - half)) <= 1e-9)
    #expect(try abs(value("90 % interval of the difference, upper") - (1 + half)) <= 1e-9)
  }

  @Test func missingEvidenceIsNotRun() throws {
    func outcome(_ evidence: [RunSelection: [RunEvidence]]) throws -> Outcome {
      try Self.judge([Self.gains], evidence).outcome
    }
    let runs = Self.runs(.accuracy, [1, 2, 3, 4, 5])
    #expect(try outcome([:]) == .notRun("no runs of cifar10-lt100/ce-sam in the evidence"))
    #expect(try outcome([Self.b: runs]) == .notRun("no runs of cifar10-lt100/ce in the evidence"))
    #expect(
      try outcome([Self.a: runs, Self.b: Self.runs(.tail, [1, 2, 3, 4, 5])])
        == .notRun("a run of cifar10-lt100/ce-sam has no accuracy"))
    let swept = RunQuestion.above(RunQuantity(RunSelection("x/y", radius: 0.05, epoch: 160), .tail), 0)
    #expect(
      try Self.judge([swept], [:]).outcome
        == .notRun("no runs of x/y, ρ = 0.05, after epoch 160 in the evidence, and no preset trains it"))
  }

  @Test func whatIsNoSampleDecidesNothing() throws {
    let few = try Self.judge([Self.agrees], [Self.a: Self.runs(.accuracy, [71.6, 71.7, 71.8, 71.7])])
    #expect(
      few.outcome == .inconclusive
        && few.summary
          == "4 runs of cifar10-lt100/ce: the first look needs seeds 0 to 4, and seed 4 is missing"
    )
    let still = try Self.judge(
      [.above(RunQuantity(Self.a, .accuracy), 0)], [Self.a: Self.runs(.accuracy, [70, 70, 70, 70, 70])])
    #expect(still.outcome == .inconclusive && still.summary.contains("without spread"))
    let broken = try Self.judge([Self.agrees], [Self.a: Self.runs(.accuracy, [71, 72, .nan, 71, 72])])
    #expect(broken.outcome == .inconclusive)
    let twice = Self.runs(.accuracy, [71.6, 71.7, 71.8]) + Self.runs(.accuracy, [71.6, 71.7, 71.8])
    let repeated = try Self.judge([Self.agrees], [Self.a: twice])
    #expect(repeated.outcome == .inconclusive && repeated.summary.contains("seed 0"))
  }

  /// Other images never settle a claim, whatever the figures.
  @Test func otherImagesAreConsistentAtMost() throws {
    for (shift, word) in [(0.0, "consistent"), (3, "not consistent"), (1, "neither")] {
      let verdict = try Self.judge(
        [Self.agrees],
        [Self.a: Self.runs(.accuracy, Self.around.map { 71.7 + shift + $0 }, published: false)])
      #expect(verdict.outcome == .inconclusive && verdict.summary.hasPrefix(word), "\(verdict.summary)")
      #expect(verdict.details.contains("data: fixture"))
    }
    var mixed = Self.runs(.accuracy, Self.around.map { 71.7 + $0 })
    mixed[2].isPublished = false
    #expect(try Self.judge([Self.agrees], [Self.a: mixed]).outcome == .inconclusive, "one such run is enough")
  }

  /// The best epoch is shown and decides nothing.
  @Test func theLastEpochDecides() throws {
    let last = Self.around.map { 71.7 + $0 }
    let best = Self.around.map { 74 + $0 }
    let verdict = try Self.judge([Self.agrees], [Self.a: Self.runs(.accuracy, last, best: best)])
    #expect(verdict.outcome == .supported)
    #expect(
      verdict.measurements.contains { $0.name.hasSuffix("best epoch") && ($0.value - 74).magnitude < 1e-9 })
  }

  /// A conjunction needs all its parts, and falls by one of them.
  @Test func conjunctions() throws {
    func evidence(_ tail: Double) -> [RunSelection: [RunEvidence]] {
      [
        Self.a: Self.around.enumerated().map { index, value in
          RunEvidence(
            seed: UInt64(index), data: "cifar10", isPublished: true,
            last: [.accuracy: 71.7 + value, .tail: tail + value])
        }
      ]
    }
    let tail = RunQuestion.agrees(RunQuantity(Self.a, .tail), mean: 52.3, std: 0.2, margin: 2)
    #expect(try Self.judge([Self.agrees, tail], evidence(52.3)).outcome == .supported)
    #expect(try Self.judge([Self.agrees, tail], evidence(54.3)).outcome == .inconclusive)
    #expect(try Self.judge([Self.agrees, tail], evidence(60)).outcome == .refuted)
  }

  /// Holm over the family: the smallest p is multiplied by the number of its claims, those without evidence included.
  @Test func familiesAreAdjusted() throws {
    let runs: [RunSelection: [RunEvidence]] = [
      Self.a: Self.runs(.accuracy, Self.around.map { 71.7 + $0 }),
      Self.b: Self.runs(.accuracy, Self.around.reversed().map { 72.07 + $0 }),
    ]
    func p(_ others: [RunStatement]) throws -> (Double, Outcome) {
      let verdict = try Self.judge([Self.gains], runs, others: others)
      return (try #require(verdict.measurements.last).value, verdict.outcome)
    }
    let alone = try p([])
    #expect(alone.0 < 0.05 && alone.1 == .supported)
    let absent = Self.statement("X2", [.above(RunQuantity(RunSelection("x/y"), .tail), 0)])
    let two = try p([absent])
    #expect(two.0 == 2 * alone.0 && (two.0 <= 0.05) == (two.1 == .supported))
    let three = try p([absent, Self.statement("X3", absent.questions)])
    #expect(three.0 == 3 * alone.0 && three.0 > 0.05 && three.1 == .inconclusive)
  }

  /// A sibling with a smaller p takes the larger factor, but only one that could be decided itself.
  @Test func onlyDecidableSiblingsCount() throws {
    let clear = RunSelection("cifar10-lt100/vs")
    let sibling = Self.statement("X2", [.above(RunQuantity(clear, .accuracy), 0)])
    func p(_ values: [Double], published: Bool = true) throws -> Double {
      let verdict = try Self.judge(
        [Self.gains],
        [
          Self.a: Self.runs(.accuracy, Self.around.map { 71.7 + $0 }),
          Self.b: Self.runs(.accuracy, Self.around.reversed().map { 71.95 + $0 }),
          clear: Self.runs(.accuracy, values, published: published),
        ], others: [sibling])
      return try #require(verdict.measurements.last).value
    }
    let values = [78.0, 79, 78, 79, 78]
    let alone = try p(values)
    #expect(try p(values, published: false) == 2 * alone)
    #expect(try p(Array(values.prefix(4))) == 2 * alone)
    #expect(try p([78, 78, .nan, 79, 78]) == 2 * alone)
  }

  struct Unreadable: Error {}
  struct BrokenSource: EvidenceSource {
    func runs(of selection: RunSelection) throws -> [RunEvidence] {
      if selection == RunSelection("x/y") { throw Unreadable() }
      return RunFamilyTests.runs(.accuracy, RunFamilyTests.around.map { 71.7 + $0 })
    }
  }

  /// A store that cannot be read is no missing run, not even for a sibling.
  @Test func anUnreadableStoreIsAnError() throws {
    let broken = Self.statement("X2", [.above(RunQuantity(RunSelection("x/y"), .accuracy), 0)])
    let family = RunFamily(name: "test", statements: [Self.statement("X1", [Self.agrees]), broken])
    for claim in family.claims {
      #expect(throws: Unreadable.self) { try claim.judge(ClaimContext(runs: BrokenSource())) }
    }
  }

  /// Figures of one run are not independent: their difference is tested in pairs.
  @Test func figuresOfTheSameRunsArePaired() throws {
    let head = RunMetric.saddleRatio(ofClass: 0)
    let tail = RunMetric.saddleRatio(ofClass: 9)
    // A spread between runs that is far above the difference within each.
    let evidence = (0..<5).map { index in
      let level = Double(index)
      return RunEvidence(
        seed: UInt64(index), data: "cifar10", isPublished: true,
        last: [head: level, tail: level + 0.1 + 0.01 * Double(index % 2)])
    }
    let verdict = try Self.judge(
      [.exceeds(RunQuantity(Self.a, tail), RunQuantity(Self.a, head))], [Self.a: evidence])
    #expect(verdict.outcome == .supported, "\(verdict.summary)")
    #expect(verdict.measurements.first { $0.name == "degrees of freedom" }?.value == 4)
  }

  /// Seeds of equal methods support or refute a contrast no oftener than 5 % each.
  @Test func falseAlarms() throws {
    var stream = RandomStream(seed: 8, purpose: .theory, index: 506)
    let trials = 400
    var supported = 0
    var refuted = 0
    for _ in 0..<trials {
      let draws = (0..<2).map { _ in (0..<5).map { _ in 75 + 0.5 * stream.normal() } }
      let outcome = try Self.judge(
        [Self.gains], [Self.a: Self.runs(.accuracy, draws[0]), Self.b: Self.runs(.accuracy, draws[1])]
      ).outcome
      if outcome == .supported { supported += 1 }
      if outcome == .refuted { refuted += 1 }
    }
    // Five binomial standard deviations above and below α.
    let bound = 5 * (0.05 * 0.95 / Double(trials)).squareRoot()
    for count in [supported, refuted] {
      #expect(!((Double(count) / Double(trials) - 0.05).magnitude > bound), "\(count) of \(trials)")
    }
  }
}
