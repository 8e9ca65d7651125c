@testable import EscapementDrawing
@testable import EscapementGoldens
import EscapementLongTail
import Synchronization
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The contrasts at fixture scale, judged from runs that were made up, and the worlds in which they vanish.
@Suite struct FixtureContrastTests {
  static let wave = [-0.4, 0.3, 0.1, -0.2, 0.4, -0.1, 0.2, -0.3, 0]

  /// Nine seeds a preset: tail accuracies, |λ_min| of class 9 and the ratios of classes 9 and 0.
  static func evidence(
    tails: (ce: Double, drw: Double, sam: Double) = (40, 50, 60),
    curvature: (sgd: Double, sam: Double) = (9, 5),
    ratios: (rare: Double, frequent: Double) = (9, 5), spread: Double = 1
  ) -> InMemoryEvidence {
    func runs(_ figures: [RunMetric: Double]) -> [RunEvidence] {
      wave.enumerated().map { seed, offset in
        RunEvidence(
          seed: UInt64(seed), data: "made up", isPublished: false,
          // Not the same offset for each figure: differences of figures of one run have a spread too.
          last: figures.mapValues { $0 + spread * offset * (1 + $0 / 100) })
      }
    }
    return InMemoryEvidence([
      RunSelection("fixture/ce"): runs([.tail: tails.ce]),
      RunSelection("fixture/ce-drw"): runs([
        .tail: tails.drw, .negativeCurvature(ofClass: 9): curvature.sgd,
        .saddleRatio(ofClass: 9): ratios.rare,
        .saddleRatio(ofClass: 0): ratios.frequent,
      ]),
      RunSelection("fixture/ce-drw-sam"): runs([
        .tail: tails.sam, .negativeCurvature(ofClass: 9): curvature.sam,
      ]),
    ])
  }

  static func outcomes(_ evidence: InMemoryEvidence) throws -> [Outcome] {
    var context = ClaimContext()
    context.fixtureRuns = evidence
    return try FixtureContrast.all.map { contrast in
      try #require(ClaimCatalog.standard[contrast.id]).judge(context).outcome
    }
  }

  @Test func consistentOrNot() throws {
    #expect(FixtureContrast.all.map(\.id) == ["F-DRW", "F-P10", "F-H7", "F-H1"])
    let yes = Outcome.consistent
    let no = Outcome.notConsistent
    #expect(try Self.outcomes(Self.evidence()) == [yes, yes, yes, yes])
    #expect(try Self.outcomes(Self.evidence(tails: (50, 50, 60))) == [no, yes, yes, yes])
    #expect(try Self.outcomes(Self.evidence(tails: (40, 60, 50))) == [yes, no, yes, yes])
    #expect(try Self.outcomes(Self.evidence(curvature: (5, 9))) == [yes, yes, no, yes])
    #expect(try Self.outcomes(Self.evidence(ratios: (5, 9))) == [yes, yes, yes, no])
    // Without spread there is no test, and without a test nothing is shown.
    #expect(try Self.outcomes(Self.evidence(spread: 0)) == [no, no, no, no])
    let opposite = try FixtureContrast.all[1].verdict(from: Self.evidence(tails: (40, 60, 50)))
    #expect(
      opposite.summary.hasPrefix(
        "not consistent, the difference is the opposite one at fixture scale: 50 against 60"))
  }

  /// p = 0.03 alone is 0.09 among four of which one is smaller.
  @Test func theFamilyIsAdjusted() throws {
    func p(_ evidence: InMemoryEvidence, _ place: Int) throws -> (raw: Double, adjusted: Double, Outcome) {
      let verdict = try FixtureContrast.all[place].verdict(from: evidence)
      let raw = try #require(verdict.measurements.first { $0.name == "p" }).value
      return (raw, try #require(verdict.measurements.last).value, verdict.outcome)
    }
    let weak = Self.evidence(tails: (50, 50.4, 50.8), curvature: (5, 5), spread: 1)
    let first = try p(weak, 0)
    #expect(first.raw < 0.05 && first.adjusted > 0.05 && first.2 == .notConsistent, "\(first)")
    #expect(first.adjusted >= 2.9 * first.raw)
  }

  /// Figures of the same runs are paired; of two presets they are not, and the paired test stands beside.
  @Test func testsAreTheRegisteredOnes() throws {
    func degrees(_ place: Int) throws -> Double {
      let verdict = try FixtureContrast.all[place].verdict(from: Self.evidence(tails: (40, 60, 60)))
      return try #require(verdict.measurements.first { $0.name == "degrees of freedom" }).value
    }
    #expect(try degrees(0) > 8.5 && degrees(3) == 8)
    let names = try FixtureContrast.all[0].verdict(from: Self.evidence()).measurements.map(\.name)
    #expect(names.contains("p of the paired test") && names.contains("correlation of the seeds"))
  }

  /// Runs are trained once a selection, with the seeds 0 to 8, and again for another subject.
  @Test func runsAreTrainedOnce() throws {
    let trained = Mutex<[UInt64]>([])
    var subject = FaultySubject()
    subject.images = { try MethodGoldenTests.data.get() }
    subject.training = { recipe, data in
      trained.withLock { $0.append(recipe.seed) }
      #expect(recipe.optimizer == .sam(rho: .constant(0.5), variant: .released))
      return TrainingState(
        network: recipe.architecture.network(classes: data.train.classes), seed: recipe.seed)
    }
    let heard = Mutex<[[Int]]>([])
    var context = ClaimContext(subject: subject) { preset, done, total in
      #expect(preset == "fixture/ce-drw-sam")
      heard.withLock { $0.append([done, total]) }
    }
    let selection = RunSelection("fixture/ce-drw-sam")
    let runs = try context.fixtureRuns.runs(of: selection)
    #expect(runs.map(\.seed) == Array(0..<9) && runs.allSatisfy { !$0.isPublished })
    #expect(runs.allSatisfy { Set($0.last.keys) == [.tail, .negativeCurvature(ofClass: 9)] })
    #expect(
      runs.allSatisfy { ($0.last[.tail] ?? -1) >= 0 && ($0.last[.negativeCurvature(ofClass: 9)] ?? -1) >= 0 })
    #expect(
      try context.fixtureRuns.runs(of: selection) == runs && trained.withLock { $0.sorted() } == Array(0..<9))
    #expect(try context.fixtureRuns.runs(of: RunSelection("cifar10-lt100/ce")).isEmpty)
    // Before the first run and after each, of three presets and nine seeds; nothing for what is known or not asked for.
    let counts = (0...9).map { [$0, 27] }
    #expect(heard.withLock { $0 } == counts)
    context.subject = subject
    #expect(try context.fixtureRuns.runs(of: selection) == runs && trained.withLock { $0.count } == 18)
    #expect(heard.withLock { $0 } == counts + counts, "counted on their own")
  }

  /// Under ρ = 0 SAM's parameters are SGD's bit for bit, under exchanged labels the rarest class is class 0, under balance
  /// classes have equally many images, and an identity has no negative curvature.
  @Test func theWorldsReachTheRuns() throws {
    var small = FaultySubject()
    small.images = { try MethodGoldenTests.data.get() }
    func world(_ null: NullHypothesis) -> any ClaimSubject {
      null.context(ClaimContext(subject: small)).subject
    }
    func end(_ subject: any ClaimSubject, _ optimizer: OptimizerChoice) throws -> String {
      var recipe = try #require(MethodGrid.pairs.first).recipe
      recipe.optimizer = optimizer
      return try subject.trained(recipe, on: subject.fixture()).parameters.digest.hex
    }
    let sam = OptimizerChoice.sam(rho: .constant(0.5), variant: .released)
    #expect(try end(world(.rhoZero), sam) == end(small, .sgd) && end(small, sam) != end(small, .sgd))
    let plain = try small.fixture()
    let exchanged = try world(.permutedLabels).fixture()
    #expect(exchanged.counts == plain.counts.reversed() && exchanged.groups == plain.groups)
    #expect(exchanged.train.provenance.digest != plain.train.provenance.digest)
    #expect(Set(try world(.balanced).fixture().counts) == [12])
    var counts = plain.test.labels
    counts.reverse()
    #expect(exchanged.test.labels == counts)
    var untrained = small
    untrained.training = { recipe, data in
      TrainingState(network: recipe.architecture.network(classes: data.train.classes), seed: recipe.seed)
    }
    let flat = NullHypothesis.identityHessian.context(ClaimContext(subject: untrained))
    let runs = try flat.fixtureRuns.runs(of: RunSelection("fixture/ce-drw-sam"))
    #expect(runs.allSatisfy { $0.last[.negativeCurvature(ofClass: 9)] == 0 })
  }
}
