import EscapementDrawing
import EscapementStatistics
import EscapementCurvature
import EscapementKernels

/// The result of one question at one look: a p value for it, one against it, and all numbers from which they follow.
struct RunAnswer {
  /// The p value against "the statement is false"; NaN if there is no test.
  var pFor = Double.nan
  /// The p value against "the statement is true", or at its border.
  var pAgainst = Double.nan
  /// The numbers; none of them decides alone.
  var measurements: [Measurement] = []

  /// The answer from the first `count` seeds of the question's samples, with an interval at 1 − 2·level.
  init(_ question: RunQuestion, _ samples: [RunSample], count: Int, level: Double) {
    let figures = samples.map { $0.figures(count) }
    for (place, sample) in samples.enumerated() {
      let quantity = question.quantities[place]
      observe(
        "mean \(quantity.text)", MeanEstimate(figures[place]).mean, quantity.metric.unit,
        "last epoch: primary")
      if let share = sample.residualShare {
        observe(
          "largest residual, \(quantity.text)", 100 * share, "% of λ_max − λ_min",
          "at most \(NumberText.short(100 * CurvatureMeasurement.residualShare)) % counts")
      }
      if !sample.best.isEmpty {
        observe(
          "mean \(quantity.text), best epoch", MeanEstimate(sample.figures(count, ofBest: true)).mean,
          quantity.metric.unit, "chosen on the test images: descriptive")
      }
    }
    let values = question.statistic.values(figures)
    guard let summary = SampleSummary(values) else { return }
    if summary.standardDeviation == 0, question.statistic.isDiscrete {
      takeSigns(question.test, values)
      return
    }
    switch question.test {
    case .exceeds(let bound):
      take(Self.test(summary, against: bound), level) { ($0.pAbove(), $0.pBelow()) }
    case .isBelow(let bound):
      take(Self.test(summary, against: bound), level) { ($0.pBelow(), $0.pAbove()) }
    case .equals(let value, let margin):
      take(Self.test(summary, against: value), level) { test in
        let equivalence = EquivalenceTest(test, margin: margin)
        return (equivalence?.pEquivalent ?? .nan, equivalence?.pDifferent ?? .nan)
      }
    case .agrees(let mean, let std, let margin):
      let shown = EquivalenceTest(summary, printed: mean, std: std, margin: margin)
      take(shown?.test, level) { _ in
        (shown?.pEquivalent ?? .nan, Self.contradiction(summary, samples[0], count, mean, std, margin))
      }
    }
    correlation(question, figures)
  }

  /// The p value against agreement in the readings that favor the printed mean: the fewest seeds behind it, and either
  /// the last or the best epoch.
  private static func contradiction(
    _ last: SampleSummary, _ sample: RunSample, _ count: Int, _ mean: Double, _ std: Double?, _ margin: Double
  ) -> Double {
    let best = sample.best.isEmpty ? nil : SampleSummary(sample.figures(count, ofBest: true))
    let values = [last, best].compactMap(\.self).map {
      EquivalenceTest($0, printed: mean, std: std, count: EquivalenceTest.fewestCount, margin: margin)?
        .pDifferent ?? .nan
    }
    return values.contains(where: \.isNaN) ? .nan : values.max() ?? .nan
  }

  /// Student's t test of a mean against a number; nil if there is no spread.
  private static func test(_ summary: SampleSummary, against bound: Double) -> WelchTest? {
    WelchTest(
      difference: summary.mean - bound, standardError: summary.squaredError.squareRoot(),
      degreesOfFreedom: Double(summary.count - 1))
  }

  private mutating func take(
    _ test: WelchTest?, _ level: Double, _ values: (WelchTest) -> (for: Double, against: Double)
  ) {
    guard let test else { return }
    (pFor, pAgainst) = values(test)
    measurements += test.measurements(level: level, p: pFor)
  }

  /// The sign test, for the case that every seed gives the same number: the probability that all n lie on one side of
  /// the bound by chance is 2⁻ⁿ.
  private mutating func takeSigns(_ test: RunQuestion.Test, _ values: [Double]) {
    let sides: (for: Bool, against: Bool)
    switch test {
    case .exceeds(let bound): sides = (values[0] > bound, values[0] < bound)
    case .isBelow(let bound): sides = (values[0] < bound, values[0] > bound)
    case .equals, .agrees: return
    }
    let chance = values.reduce(1.0) { p, _ in p / 2 }
    (pFor, pAgainst) = (sides.for ? chance : 1, sides.against ? chance : 1)
    observe("the same number from every seed", values[0], "", "a sign test: a t test needs a spread")
    observe("p", pFor, "", "unadjusted")
  }

  /// The effect of pairing by seed, for the difference of two presets.
  private mutating func correlation(_ question: RunQuestion, _ figures: [[Double]]) {
    guard question.statistic == .sum([1, -1]), let pairs = PairedTest(figures[0], figures[1]),
      let value = pairs.correlation
    else { return }
    observe("correlation of the seeds", value, "", "what pairing is worth")
  }

  private mutating func observe(
    _ name: String, _ value: Double, _ unit: String = "", _ reason: String = "shown"
  ) {
    measurements.append(
      Measurement(name: name, value: value, expectation: .observed, unit: unit, reason: reason))
  }
}

extension WelchTest {
  /// The difference, its interval at 1 − 2·level, the degrees of freedom and a p value, as numbers that decide nothing.
  func measurements(level: Double, p: Double) -> [Measurement] {
    let confidence = 1 - 2 * level
    let interval = interval(confidence: confidence)
    let name = "\(NumberText.short(100 * confidence)) % interval of the difference"
    let numbers = [
      ("difference", difference, "shown"), ("\(name), lower", interval.lowerBound, "shown"),
      ("\(name), upper", interval.upperBound, "shown"), ("degrees of freedom", degreesOfFreedom, "shown"),
      ("p", p, "unadjusted"),
    ]
    return numbers.map { Measurement(name: $0, value: $1, expectation: .observed, reason: $2) }
  }
}
