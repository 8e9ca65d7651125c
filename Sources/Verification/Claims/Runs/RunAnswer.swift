import Curvature
import Kernels

/// What the evidence says to one question: a p value for it, one against it, and every number behind them.
struct RunAnswer {
  /// The p value against "the statement is false"; NaN where no test exists.
  var pFor = Double.nan
  /// The p value against "the statement is true", or at its border.
  var pAgainst = Double.nan
  /// The fewest seeds of a sample.
  var count: Int
  /// Whether every run is on the published pictures.
  var isPublished: Bool
  /// The names of the data.
  var data: [String]
  /// The numeric contracts of the runs.
  var contracts: Set<NumericContract>
  /// How the curvature was measured: in one way, or not at all.
  var procedures: Set<CurvatureMeasurement.Procedure>
  /// The numbers, none of which decides by itself.
  var measurements: [Measurement] = []
  /// For an agreement with a printed mean ± std: the setting of its power.
  var power: EquivalencePower?

  /// Answers a question; throws `RunSample.Gap` where the evidence lacks something.
  init(_ question: RunQuestion, from source: any EvidenceSource, level: Double) throws {
    let samples = try question.quantities.map { try RunSample($0, from: source) }
    count = samples.map(\.values.count).min() ?? 0
    isPublished = samples.allSatisfy(\.isPublished)
    data = Set(samples.flatMap(\.data)).sorted()
    contracts = samples.reduce(into: []) { $0.formUnion($1.contracts) }
    procedures = samples.reduce(into: []) { $0.formUnion($1.procedures) }
    guard procedures.count <= 1 else { throw RunSample.Gap.severalProcedures(procedures) }
    for (quantity, sample) in zip(question.quantities, samples) {
      observe("n, \(quantity.selection.text)", Double(sample.values.count), "seeds")
      observe(
        "mean \(quantity.text)", MeanEstimate(sample.values).mean, quantity.metric.unit, "last epoch: primary"
      )
      if let share = sample.residualShare {
        observe(
          "largest residual, \(quantity.text)", 100 * share, "% of λ_max − λ_min",
          "at most \(NumberText.short(100 * CurvatureMeasurement.residualShare)) % counts")
      }
      if !sample.best.isEmpty {
        observe(
          "mean \(quantity.text), best epoch", MeanEstimate(sample.best).mean, quantity.metric.unit,
          "chosen on the test pictures: descriptive")
      }
    }
    switch question {
    case .agrees(_, let mean, let std, let margin):
      guard let summary = SampleSummary(samples[0].values),
        let test = EquivalenceTest(summary, printed: mean, std: std, margin: margin)
      else { return }
      take(test, level)
      power = std.flatMap {
        EquivalencePower(spread: summary.standardDeviation, printedSpread: $0, margin: margin, level: level)
      }
    case .matches(_, _, let margin):
      guard let test = Self.test(question, samples).flatMap({ EquivalenceTest($0, margin: margin) }) else {
        return
      }
      take(test, level)
    case .exceeds(_, _, let by):
      guard let test = Self.test(question, samples) else { return }
      pFor = test.pAbove(by)
      pAgainst = test.pBelow(by)
      describe(test, confidence: 1 - 2 * level)
      pairing(samples, by)
    case .above(_, let bound):
      guard let summary = SampleSummary(samples[0].values),
        let test = WelchTest(
          difference: summary.mean - bound, standardError: summary.squaredError.squareRoot(),
          degreesOfFreedom: Double(summary.count - 1))
      else { return }
      pFor = test.pAbove()
      pAgainst = test.pBelow()
      describe(test, confidence: 1 - 2 * level)
    }
  }

  /// Welch's test; of figures of the same runs, the paired one, as they are not independent.
  private static func test(_ question: RunQuestion, _ samples: [RunSample]) -> WelchTest? {
    let selections = question.quantities.map(\.selection)
    let areTheSameRuns =
      selections[0].preset == selections[1].preset && selections[0].radius == selections[1].radius
      && samples[0].seeds == samples[1].seeds
    return areTheSameRuns
      ? PairedTest(samples[0].values, samples[1].values)?.test
      : WelchTest(samples[0].values, samples[1].values)
  }

  private mutating func take(_ test: EquivalenceTest, _ level: Double) {
    pFor = test.pEquivalent
    pAgainst = test.pDifferent
    describe(test.test, confidence: 1 - 2 * level)
  }

  private mutating func describe(_ test: WelchTest, confidence: Double) {
    let interval = test.interval(confidence: confidence)
    let name = "\(NumberText.short(100 * confidence)) % interval of the difference"
    observe("difference", test.difference)
    observe("\(name), lower", interval.lowerBound)
    observe("\(name), upper", interval.upperBound)
    observe("degrees of freedom", test.degreesOfFreedom)
    observe("p", pFor, "", "unadjusted")
  }

  /// The paired test beside Welch's, where the two samples share their seeds.
  private mutating func pairing(_ samples: [RunSample], _ by: Double) {
    guard samples[0].seeds == samples[1].seeds, let paired = PairedTest(samples[0].values, samples[1].values)
    else { return }
    observe("p of the paired test", paired.test.pAbove(by), "", "same seeds: descriptive")
    if let correlation = paired.correlation {
      observe("correlation of the seeds", correlation, "", "what pairing is worth")
    }
  }

  private mutating func observe(
    _ name: String, _ value: Double, _ unit: String = "", _ reason: String = "shown"
  ) {
    measurements.append(
      Measurement(name: name, value: value, expectation: .observed, unit: unit, reason: reason))
  }
}
