import CEscapementKernels
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Synchronization
import EscapementTraining

/// Runs of presets on the embedded synthetic images, trained on first use and kept in memory.
///
/// The seeds are 0 to 8; each run uses one thread. The images are not the published ones, so no figure of these runs
/// settles a claim about a paper.
final class FixtureRuns: EvidenceSource {
  /// The seeds of every selection.
  static let seeds: Range<UInt64> = 0..<9
  /// The number of images of a class over which its Hessian is measured. It is the count of the rarest class, so that
  /// two classes are averaged over equally many images.
  static let imagesPerClass = 10
  /// The number of Lanczos steps for a class's Hessian.
  static let lanczosSteps = 24

  private let subject: any ClaimSubject
  private let kept = Mutex<[RunSelection: [RunEvidence]]>([:])
  private let onRun: ClaimContext.OnRun
  private let trained = Mutex(0)
  /// The number of runs of all selections that the contrasts use.
  private static let total =
    Set(FixtureContrast.all.flatMap(\.question.quantities).map(\.selection)).count * seeds.count

  /// Runs by a subject's code on its images; `onRun` as in `ClaimContext`.
  init(_ subject: any ClaimSubject, onRun: @escaping ClaimContext.OnRun = { _, _, _ in }) {
    self.subject = subject
    self.onRun = onRun
  }

  /// The runs of a preset on the fixture, with the figures that `FixtureContrast.all` uses; empty for other presets.
  func runs(of selection: RunSelection) throws -> [RunEvidence] {
    if let known = kept.withLock({ $0[selection] }) { return known }
    let metrics = Set(
      FixtureContrast.all.flatMap(\.question.quantities).filter { $0.selection == selection }.map(\.metric))
    guard !metrics.isEmpty else { return [] }
    let data = try subject.fixture()
    let name = selection.text
    trained.withLock { onRun(name, $0, Self.total) }
    let evidence = try Self.inParallel(Array(Self.seeds)) { seed in
      let run = try self.run(selection, seed: seed, measuring: metrics, on: data)
      trained.withLock { count in
        count += 1
        onRun(name, count, Self.total)
      }
      return run
    }
    kept.withLock { $0[selection] = evidence }
    return evidence
  }

  private func run(
    _ selection: RunSelection, seed: UInt64, measuring metrics: Set<RunMetric>, on data: LongTailedData
  ) throws -> RunEvidence {
    var recipe = try Recipe.preset(selection.preset)
    recipe.seed = seed
    if let radius = selection.radius, let rule = recipe.optimizer.with(rho: radius) {
      recipe.optimizer = rule
    }
    let network = recipe.architecture.network(classes: data.train.classes)
    let state = try subject.trained(recipe, on: data)
    let accuracy = try ClassAccuracy(
      network: network, parameters: state.parameters, statistics: state.statistics,
      over: data.test.source(Array(0..<data.test.count), of: Float.self))
    var figures: [RunMetric: Double] = [:]
    var spectra: [Int: RitzExtremes] = [:]
    for metric in metrics {
      switch metric {
      case .accuracy: figures[metric] = accuracy.percentage(of: Array(0..<network.classes))
      case .head: figures[metric] = accuracy.percentage(of: data.groups.head)
      case .mid: figures[metric] = accuracy.percentage(of: data.groups.mid)
      case .tail: figures[metric] = accuracy.percentage(of: data.groups.tail)
      case .negativeCurvature(ofClass: let label?), .largestEigenvalue(ofClass: let label?),
        .saddleRatio(ofClass: let label?):
        let ends = try spectra[label] ?? extremes(ofClass: label, network, state, data.train, seed: seed)
        spectra[label] = ends
        let negative = max(0, -ends.smallest)
        figures[metric] =
          switch metric {
          case .negativeCurvature: negative
          case .largestEigenvalue: ends.largest
          default: negative / ends.largest
          }
      default:
        preconditionFailure("no contrast on the fixture is registered for \(metric.text)")
      }
    }
    return RunEvidence(
      seed: seed, data: data.train.provenance.name, isPublished: false, last: figures)
  }

  /// The ends of the spectrum of the mean cross-entropy over the first images of a class, unaugmented, under running
  /// statistics. Hessian products are in Float, Lanczos is in Double.
  private func extremes(
    ofClass label: Int, _ network: Network, _ state: TrainingState<Float>, _ set: any LabeledImages,
    seed: UInt64
  ) throws -> RitzExtremes {
    let positions = Array(set.positions(ofClass: label).prefix(Self.imagesPerClass))
    let hessian = HessianOperator(
      objective: Objective<Float>(network: network), parameters: state.parameters,
      statistics: state.statistics, samples: set.source(positions))
    return try subject.ritzExtremes(
      of: { try hessian.product($0.converted(to: Float.self)).converted(to: Double.self) },
      dimension: state.parameters.count, steps: Self.lanczosSteps, seed: seed)
  }

  /// The results of `body` for each value, in order. Each call runs on one thread of the kernels' pool, and its
  /// parallel loops stay on that thread.
  private static func inParallel<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ body: (Input) throws -> Output
  ) throws -> [Output] {
    var results = [Result<Output, any Error>?](repeating: nil, count: inputs.count)
    results.withUnsafeMutableBufferPointer { results in
      withoutActuallyEscaping({ (i: Int) in results[i] = Result { try body(inputs[i]) } }) { step in
        var task = step
        withUnsafeMutablePointer(to: &task) { task in
          ek_parallel(
            inputs.count,
            { context, index in context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(index) }, task)
        }
      }
    }
    return try results.map { result in
      guard let result else { preconditionFailure("a run was not trained") }
      return try result.get()
    }
  }
}

extension ClassAccuracy {
  /// Accuracy over the samples of some classes, in percent.
  fileprivate func percentage(of labels: [Int]) -> Double {
    100 * Double(labels.reduce(0) { $0 + correct[$1] }) / Double(labels.reduce(0) { $0 + samples[$1] })
  }
}
