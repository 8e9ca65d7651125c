import Kernels

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

/// One comparison, stated before any run, that has a p value for and one against.
enum RunQuestion: Hashable, Sendable {
  /// The mean agrees with a printed one to less than the margin.
  case agrees(RunQuantity, mean: Double, std: Double?, margin: Double)
  /// One mean exceeds another by more than `by`; a negative `by` is "is no lower than by that much".
  case exceeds(RunQuantity, RunQuantity, by: Double)
  /// Two means differ by less than the margin.
  case matches(RunQuantity, RunQuantity, margin: Double)
  /// The mean lies above a bound.
  case above(RunQuantity, Double)

  /// The margin of agreement for an accuracy: 1 point over all classes, 2 for a group of them.
  static func margin(_ metric: RunMetric) -> Double { metric == .accuracy ? 1 : 2 }

  /// What is asked of the evidence.
  var quantities: [RunQuantity] {
    switch self {
    case .agrees(let a, _, _, _), .above(let a, _): [a]
    case .exceeds(let a, let b, _), .matches(let a, let b, _): [a, b]
    }
  }

  /// The comparison in words.
  var text: String {
    switch self {
    case .agrees(let a, let mean, let std, let margin):
      "\(a.text) = \(NumberText.short(mean))\(std.map { " ± \(NumberText.short($0))" } ?? "") to \(NumberText.short(margin))"
    case .exceeds(let a, let b, let by):
      "\(a.text) > \(b.text)"
        + (by == 0 ? "" : by > 0 ? " + \(NumberText.short(by))" : " − \(NumberText.short(-by))")
    case .matches(let a, let b, let margin): "\(a.text) = \(b.text) to \(NumberText.short(margin))"
    case .above(let a, let bound): "\(a.text) > \(NumberText.short(bound))"
    }
  }
}

/// The figures of one quantity over its runs, in the order of seeds.
struct RunSample {
  var seeds: [UInt64]
  var values: [Double]
  /// Of the best epochs; empty unless every run has one.
  var best: [Double]
  var isPublished: Bool
  var data: [String]
  /// The numeric contracts of the runs.
  var contracts: Set<NumericContract>
  /// How the curvature was measured that the figures are made of; empty for other figures.
  var procedures: Set<CurvatureMeasurement.Procedure>
  /// The largest uncertainty of an eigenvalue among them, over λ_max − λ_min; nil where none is on record.
  var residualShare: Double?

  /// Why a quantity cannot be had from the evidence.
  enum Gap: Error, Equatable {
    case noRuns(RunSelection)
    case noFigure(RunQuantity)
    case repeatedSeed(RunSelection, UInt64)
    /// The figure of the run with that seed was measured and does not count.
    case uncounted(RunQuantity, UInt64, reason: String)
    /// Curvature that was measured in several ways is not compared.
    case severalProcedures(Set<CurvatureMeasurement.Procedure>)
  }

  /// Collects a quantity; throws `Gap` where there is nothing to collect.
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
    residualShare = measurements.compactMap(\.residualShare).max()
    if case .trainingLoss = metric { residualShare = nil }
    seeds = runs.map(\.seed)
    values = runs.compactMap { $0.last[quantity.metric] }
    guard values.count == runs.count else { throw Gap.noFigure(quantity) }
    let peaks = runs.compactMap { $0.best[quantity.metric] }
    best = peaks.count == runs.count ? peaks : []
    isPublished = runs.allSatisfy(\.isPublished)
    data = Set(runs.map(\.data)).sorted()
    contracts = Set(runs.map(\.contract))
  }
}
