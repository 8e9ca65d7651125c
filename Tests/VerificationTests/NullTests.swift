import EscapementOptimizers
import Foundation
import Testing

@testable import EscapementVerification

/// Every claim about an effect loses its verdict in a world without it.
@Suite struct NullTests {
  static let declaring = ClaimCatalog.standard.claims.filter { !$0.tier.waitsForRuns }
  /// Without the contrasts of 27 runs, whose worlds `FixtureContrastTests` looks at: `./ci.sh nightly` trains them.
  static let claims = declaring.filter { $0.tier != .contrast }

  @Test(arguments: NullHypothesis.allCases) func everyClaimLosesItsVerdict(null: NullHypothesis) {
    let trials = NullTrial.trials(Self.claims, under: null)
    #expect(!trials.isEmpty)
    for trial in trials {
      let texts = (trial.verdict.summary, trial.underNull.summary)
      #expect(
        trial.verdict.outcome.isConclusive && trial.verdict.outcome != .refuted, "\(trial.claim.id): \(texts)"
      )
      #expect(!trial.isKept, "\(trial.claim.id) under \(null.rawValue): \(texts)")
      #expect(trial.verdict.measurements != trial.underNull.measurements, "\(trial.claim.id)")
    }
  }

  /// How many claims are declared for each null, and that one without says why.
  @Test func eachClaimHasANullOrAReason() {
    for claim in ClaimCatalog.standard.claims {
      switch claim.nulls {
      case .losing(let nulls): #expect(!nulls.isEmpty, "\(claim.id)")
      case .none(let reason): #expect(!reason.isEmpty, "\(claim.id)")
      }
    }
    func declared(_ claims: [Claim]) -> [Int] {
      NullHypothesis.allCases.map { null in claims.count { $0.loses(under: null) } }
    }
    #expect(declared(Self.claims) == [16, 25, 4, 2], "permuted labels, ρ = 0, balanced, identity")
    #expect(declared(Self.declaring) == [18, 27, 4, 4], "with the contrasts at fixture scale")
  }

  /// A procedure that does not look keeps its verdict, and that is seen.
  @Test func aBlindProcedureIsCaught() throws {
    let blind = SyntheticRecord.claim("T1") { _ in SyntheticRecord.verdict(0.25, .supported) }
    let trials = NullTrial.trials([blind], under: .rhoZero)
    #expect(trials.count == 1 && trials[0].isKept)
    let stops = SyntheticRecord.claim("T1") { context in
      if try context.subject.classCounts(.longTailed, classes: 10)[0] == 50 { throw CancellationError() }
      return SyntheticRecord.verdict(0.25, .supported)
    }
    #expect(NullTrial.trials([stops], under: .rhoZero).map(\.isKept) == [true])
    #expect(
      NullTrial.trials(
        [SyntheticRecord.claim("D1", nulls: [.permutedLabels]) { try stops.judge($0) }],
        under: .permutedLabels)[0]
        .underNull.outcome == .inconclusive)
  }

  /// A contrast that is not seen has no verdict to lose; one that is seen without the effect keeps one.
  @Test func whatIsNotSeenCannotVanish() {
    func trial(_ outcome: Outcome, _ underNull: Outcome) -> NullTrial {
      func verdict(_ outcome: Outcome) -> Verdict { Verdict(outcome: outcome, measurements: [], summary: "") }
      return NullTrial(
        claim: FixtureContrast.all[0].claim, verdict: verdict(outcome), underNull: verdict(underNull))
    }
    #expect(
      !trial(.notConsistent, .notConsistent).isKept && !trial(.notConsistent, .notConsistent).hasVerdict)
    #expect(trial(.consistent, .consistent).isKept)
    #expect(!trial(.consistent, .notConsistent).isKept && trial(.consistent, .notConsistent).hasVerdict)
  }

  /// The worlds are what they are called.
  @Test func theWorlds() throws {
    let plain = ClaimContext()
    let counts = try NullHypothesis.balanced.context().subject.classCounts(.longTailed, classes: 10)
    #expect(counts == Array(repeating: 5000, count: 10))
    let reversed = try NullHypothesis.permutedLabels.context().subject.classCounts(.longTailed, classes: 10)
    #expect(reversed.first == 50 && reversed.last == 5000)
    let poster = NullHypothesis.rhoZero.context().table("poster-results")
    let (base, sam) = (poster.row("cifar10-lt100", "VS"), poster.row("cifar10-lt100", "VS+SAM"))
    #expect(base.cells == sam.cells && base == plain.table("poster-results").row("cifar10-lt100", "VS"))
    let even = NullHypothesis.balanced.context().table("poster-results").row("cifar10-lt100", "VS")
    #expect(even[.tail] == base[.accuracy] && even[.accuracy] == base[.accuracy])
    let exchanged = NullHypothesis.permutedLabels.context().table("poster-results")
    #expect(
      exchanged.row("cifar10-lt100", "CE").cells
        == plain.table("poster-results").row("cifar10-lt100", "VS+SAM").cells)
  }
}
