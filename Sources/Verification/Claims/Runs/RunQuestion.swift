import EscapementDrawing
import EscapementKernels

/// A figure of the runs of a selection.
struct RunQuantity: Hashable, Sendable {
  var selection: RunSelection
  var metric: RunMetric

  init(_ selection: RunSelection, _ metric: RunMetric) {
    self.selection = selection
    self.metric = metric
  }

  init(_ preset: String, _ metric: RunMetric) { self.init(RunSelection(preset), metric) }

  var text: String { "\(metric.text), \(selection.text)" }
}

/// One comparison, stated before any run, with a p value for it and one against it.
struct RunQuestion: Hashable, Sendable {
  /// The test of the statistic's mean over seeds.
  enum Test: Hashable, Sendable {
    /// It exceeds a bound.
    case exceeds(Double)
    /// It lies below a bound.
    case isBelow(Double)
    /// It differs from a number by less than the margin.
    case equals(Double, margin: Double)
    /// It differs from a printed mean by less than the margin; without a printed ± the runs' own spread is used.
    case agrees(mean: Double, std: Double?, margin: Double)
  }

  /// The quantities that are taken from the evidence.
  var quantities: [RunQuantity]
  /// The statistic that is computed from the figures of a seed.
  var statistic: RunStatistic
  /// The test of the statistic's mean.
  var test: Test
  /// The comparison in words.
  var text: String

  /// The mean differs from a printed one by less than the margin.
  static func agrees(_ a: RunQuantity, mean: Double, std: Double?, margin: Double) -> Self {
    Self(
      quantities: [a], statistic: .sum([1]), test: .agrees(mean: mean, std: std, margin: margin),
      text:
        "\(a.text) = \(NumberText.short(mean))\(std.map { " ± \(NumberText.short($0))" } ?? "") to \(NumberText.short(margin))"
    )
  }

  /// One figure exceeds another by more than `by`; a negative `by` is "is no lower than by that much".
  static func exceeds(_ a: RunQuantity, _ b: RunQuantity, by: Double = 0) -> Self {
    Self(
      quantities: [a, b], statistic: .sum([1, -1]), test: .exceeds(by),
      text: "\(a.text) > \(b.text)"
        + (by == 0 ? "" : by > 0 ? " + \(NumberText.short(by))" : " − \(NumberText.short(-by))"))
  }

  /// Two figures differ by less than the margin.
  static func matches(_ a: RunQuantity, _ b: RunQuantity, margin: Double) -> Self {
    Self(
      quantities: [a, b], statistic: .sum([1, -1]), test: .equals(0, margin: margin),
      text: "\(a.text) = \(b.text) to \(NumberText.short(margin))")
  }

  /// A figure lies above a bound.
  static func above(_ a: RunQuantity, _ bound: Double) -> Self {
    Self(
      quantities: [a], statistic: .sum([1]), test: .exceeds(bound),
      text: "\(a.text) > \(NumberText.short(bound))")
  }

  /// A figure lies below a bound.
  static func below(_ a: RunQuantity, _ bound: Double) -> Self {
    Self(
      quantities: [a], statistic: .sum([1]), test: .isBelow(bound),
      text: "\(a.text) < \(NumberText.short(bound))")
  }

  /// The figure rises over x: the least-squares slope exceeds 0.
  static func rises(_ figures: [(x: Double, terms: [(factor: Double, quantity: RunQuantity)])], text: String)
    -> Self
  {
    let factors = RunStatistic.slopeFactors(figures.map(\.x))
    let terms = zip(factors, figures).flatMap { factor, figure in
      figure.terms.map { (factor * $0.factor, $0.quantity) }
    }
    return Self(
      quantities: terms.map(\.1), statistic: .sum(terms.map(\.0)), test: .exceeds(0), text: text)
  }

  /// The margin of agreement for an accuracy: 1 point over all classes, 2 for a group of them.
  static func margin(_ metric: RunMetric) -> Double { metric == .accuracy ? 1 : 2 }
}

/// The figures of one quantity over its runs, by seed.
struct RunSample {
  var values: [UInt64: Double]
  /// The figures of the best epochs, by seed; empty unless every run has one.
  var best: [UInt64: Double]
  var isPublished: Bool
  var data: [String]
  /// The numeric contracts of the runs.
  var contracts: Set<NumericContract>
  /// The procedures by which the curvature behind the figures was measured; empty for other figures.
  var procedures: Set<CurvatureMeasurement.Procedure>
  /// The largest uncertainty of an eigenvalue among them, over λ_max − λ_min; nil if none is recorded.
  var residualShare: Double?

  /// The reason why the evidence does not provide a quantity.
  enum Gap: Error, Equatable {
    case noRuns(RunSelection)
    case noFigure(RunQuantity)
    case repeatedSeed(RunSelection, UInt64)
    /// The figure of the run with that seed was measured and does not count.
    case uncounted(RunQuantity, UInt64, reason: String)
    /// The curvature was measured by several procedures, which are not compared.
    case severalProcedures(Set<CurvatureMeasurement.Procedure>)
  }

  /// Collects a quantity; throws `Gap` if the evidence does not provide it.
  init(_ quantity: RunQuantity, from source: any EvidenceSource) throws {
    let runs = try source.runs(of: quantity.selection).sorted { $0.seed < $1.seed }
    guard !runs.isEmpty else { throw Gap.noRuns(quantity.selection) }
    for (a, b) in zip(runs, runs.dropFirst()) where a.seed == b.seed {
      throw Gap.repeatedSeed(quantity.selection, a.seed)
    }
    let metric = quantity.metric
    let measurements = runs.compactMap { metric.measurement(among: $0.curvature) }
    for run in runs {
      if let reason = metric.measurement(among: run.curvature).flatMap(metric.obstacle) {
        throw Gap.uncounted(quantity, run.seed, reason: reason)
      }
    }
    procedures = Set(measurements.map(metric.procedure))
    residualShare = metric.isOfEigenvalues ? measurements.compactMap(\.residualShare).max() : nil
    let figures = runs.compactMap { run in run.last[metric].map { (run.seed, $0) } }
    guard figures.count == runs.count else { throw Gap.noFigure(quantity) }
    values = Dictionary(uniqueKeysWithValues: figures)
    let peaks = runs.compactMap { run in run.best[metric].map { (run.seed, $0) } }
    best = peaks.count == runs.count ? Dictionary(uniqueKeysWithValues: peaks) : [:]
    isPublished = runs.allSatisfy(\.isPublished)
    data = Set(runs.map(\.data)).sorted()
    contracts = Set(runs.map(\.contract))
  }

  /// The number of consecutive seeds from 0 on.
  var count: Int { (0...).first { values[UInt64($0)] == nil } ?? 0 }

  /// The figures of seeds 0 to `count` − 1, or of those seeds' best epochs.
  func figures(_ count: Int, ofBest: Bool = false) -> [Double] {
    (0..<count).compactMap { (ofBest ? best : values)[UInt64($0)] }
  }
}
