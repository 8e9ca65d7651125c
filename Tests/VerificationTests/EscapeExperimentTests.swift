@testable import EscapementDrawing
import EscapementCurvature
@testable import EscapementExperiments
import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The experiment on a small network: the paths are those of training, the same everywhere, and end where they should.
@Suite struct EscapeExperimentTests {
  static let data = TrainingGoldenTests.data

  static func recipe(seed: UInt64 = 0) throws -> Recipe {
    Recipe(
      preset: "test/escape", architecture: try #require(Architecture(.cifarResNet(depth: 8), width: 2)),
      data: "noise", epochs: 4, batchSize: 4,
      schedule: LearningRateSchedule(base: 0.05, warmupEpochs: 0, milestones: []), weightDecay: 0, seed: seed)
  }

  static func escape(
    steps: Int = 7, rate: Double = 0.05, direction: Tensor<Double>? = nil
  ) throws -> CheckpointEscape {
    let recipe = try recipe()
    let network = recipe.architecture.network(classes: 4)
    let state = TrainingState<Float>(network: network, seed: 0)
    let draw = Gaussian.vector(Double.self, count: network.layout.count, seed: 9, index: 0)
    return try CheckpointEscape(
      EscapeExperiment(
        origin: state.parameters, direction: direction ?? draw, steps: steps, learningRate: rate,
        momentum: 0.9,
        measureEvery: 3, curvatureBatches: 2),
      recipe: recipe, descended: Objective(network: network), measured: Objective(network: network),
      statistics: state.statistics, selection: data.train.source(data.train.positions(ofClass: 0)),
      source: AugmentedImages<Float>(data.train, seed: 0), epoch: 0)
  }

  static let rules: [CheckpointEscape.Rule] =
    OptimizerChoice.byName.filter {
      ["sgd", "sam", "imbsam", "sse-sam", "pgd", "gsam"].contains($0.name)
    } + [("lpf-sgd", .lpfSGD(radius: 0.001, shards: 2, holding: .nominal))]

  /// Mini-batches, their order over epochs, crops and the loss are those of a training run of the same seed.
  @Test func sgdGoesWhereATrainingRunGoes() throws {
    let escape = try Self.escape()
    let series = try escape.run([("sgd", .sgd)])[0]
    var loop = try TrainingLoop<Float>(
      recipe: Self.recipe(), source: AugmentedImages<Float>(Self.data.train, seed: 0))
    let origin = loop.state.parameters.flat.converted(to: Double.self)
    for point in series.points {
      let move = loop.state.parameters.flat.converted(to: Double.self) - origin
      #expect(point.distance == move.norm() && point.position == move.dot(escape.experiment.direction))
      guard point.step < 7 else { break }
      let record = try loop.step()
      #expect(point.move?.batchLoss == record.loss && point.move?.gradientNorm == record.gradientNorm)
      if loop.isEpochComplete { _ = loop.endEpoch() }
    }
    #expect(series.points.count == 8 && series.divergedAt == nil)
    // The first point is the checkpoint; losses stand at every third step and the last.
    #expect(series.points[0].position == 0 && series.points[0].distance == 0)
    #expect(series.points.filter { $0.loss != nil }.map(\.step) == [0, 3, 6, 7])
  }

  @Test func sameBitsOnEveryPathAndTwice() throws {
    let escape = try Self.escape(steps: 2)
    let reference = try escape.run(Self.rules)
    #expect(try escape.run(Self.rules) == reference)
    for path in ExecutionPath.each(turn: 0) + ExecutionPath.each(turn: 1) {
      #expect(try path.run { try escape.run(Self.rules) } == reference, "\(path)")
    }
    // Rules that no linear recurrence describes run all the same; those that one does are predicted.
    for series in reference { #expect((series.predicted == nil) == (series.name == "gsam")) }
    // Rules run by themselves go where they go side by side.
    #expect(try escape.run([Self.rules[1]])[0] == reference[1])
  }

  @Test func anEmptyTailMakesImbSAMSGDOnANetworkToo() throws {
    let escape = try Self.escape()
    let series = try escape.run([
      ("sgd", .sgd), ("imbsam", .imbSAM(rho: .constant(0.5), eta: 1, normalization: .doubledTail)),
    ])
    #expect(series[1].positions == series[0].positions)
    #expect(series[1].points.map(\.loss) == series[0].points.map(\.loss))
  }

  /// The direction is a unit eigenvector of the selection's Hessian that points downhill.
  @Test func theSaddlesDirectionIsAnEigenvectorDownhill() throws {
    let recipe = try Self.recipe()
    let network = recipe.architecture.network(classes: 4)
    let state = TrainingState<Float>(network: network, seed: 0)
    let saddle = try SaddleDirection(
      network: network, loss: SoftmaxCrossEntropy(), parameters: state.parameters,
      statistics: state.statistics, images: Self.data.train,
      positions: Self.data.train.positions(ofClass: 0), steps: 60, seed: 1)
    // A square root and a division of a sum of n squares.
    #expect((saddle.vector.norm() - 1).magnitude < 4 * Double.ulpOfOne * Double(network.layout.count))
    #expect(saddle.slope <= 0 && saddle.eigenvalue < 0 && saddle.largest > 0)
    #expect(saddle.residual < 0.01 * saddle.largest, "\(saddle.residual)")
    // Along it the loss falls: f(w + tv) < f(w) by slope and curvature alone, for a small t.
    let escape = try Self.escape(direction: saddle.vector)
    let moved = state.parameters.flat.addingScaled(0.01, saddle.vector.converted(to: Float.self))
    let there = try escape.selectionLoss(
      at: ParameterVector(layout: state.parameters.layout, flat: moved))
    #expect(there < (try escape.selectionLoss(at: state.parameters)))
  }

  @Test func aDivergedRuleEndsItsSeriesAndCancellingEndsAll() throws {
    let escape = try Self.escape(rate: 1e38)
    let series = try escape.run([("sgd", .sgd)])[0]
    let end = try #require(series.divergedAt)
    #expect(series.points.count == end + 1 && series.points[end].move == nil)
    #expect(series.points[..<end].allSatisfy { $0.move != nil })
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try Self.escape().run([("sgd", .sgd)]) { what, step in if what == "sgd", step == 2 { throw Stop() } }
    }
  }

  @Test func numbersOutOfRangeAreRefused() throws {
    func make(rate: Double = 0.1, momentum: Double = 0.9, steps: Int = 1, offset: Double = 0) throws {
      _ = try EscapeExperiment(
        origin: EscapeRecurrenceTests.vector(Tensor([0, 0])), direction: Tensor([3, 4]), offset: offset,
        steps: steps, learningRate: rate, momentum: momentum)
    }
    try make()
    #expect(throws: HyperparameterError.self) { try make(rate: 0) }
    #expect(throws: HyperparameterError.self) { try make(rate: .nan) }
    #expect(throws: HyperparameterError.self) { try make(momentum: 1) }
    #expect(throws: HyperparameterError.self) { try make(steps: 0) }
    #expect(throws: HyperparameterError.self) { try make(offset: .infinity) }
    // Three shards do not share a mini-batch of four.
    #expect(throws: HyperparameterError.self) {
      try Self.escape().run([("lpf-sgd", .lpfSGD(radius: 0.001, shards: 3, holding: .nominal))])
    }
  }

  private static func report() throws -> EscapeReport {
    let series = try escape().run(rules)
    let loss = try #require(series[0].points[0].loss)
    return EscapeReport(
      selection: "class <0> & more", samples: 6, eigenvalue: -1, loss: loss, threshold: 0.001, drop: 1e-3,
      series: series)
  }

  @Test func filesHoldEveryStep() throws {
    let report = try Self.report()
    let lines = report.csv.split(separator: "\n")
    #expect(lines.count == 1 + Self.rules.count * 8)
    let columns = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }
    #expect(columns.allSatisfy { $0 == 13 })
    let second = lines[2].split(separator: ",", omittingEmptySubsequences: false)
    #expect(second[0] == "sgd" && second[1] == "1")
    #expect(Double(second[2]) == report.series[0].positions[1])
    #expect(Double(second[3]) == report.series[0].predicted?[1])
    let rows = try #require(report.json.array)
    #expect(rows.compactMap { $0["rule"]?.string } == Self.rules.map(\.name))
    for (row, series) in zip(rows, report.series) {
      #expect(row["positions"]?.array?.compactMap(\.double) == series.positions)
      #expect(row["moves"]?.array?.count == 7)
      #expect(row["escape_step_by_projection"]?.integer == series.escape(beyond: 0.001))
    }
  }

  @Test func escapeTimesAreTheFirstSteps() throws {
    let places: [(Double, Double?)] = [(0, 2), (-0.5, nil), (0.2, 1.5), (-2, 1), (3, nil)]
    let points = places.enumerated().map { step, place in
      EscapePoint(
        step: step, position: place.0, distance: 0, perpendicular: 0, loss: place.1, move: nil)
    }
    let series = EscapeSeries(
      name: "rule", points: points, curvatures: [], recurrence: nil, divergedAt: nil)
    #expect(series.escape(beyond: 0.5) == 1 && series.escape(beyond: 2.5) == 4)
    #expect(series.escape(beyond: 4) == nil && series.escape(below: 1.5) == 2)
    #expect(series.escape(below: 0.5) == nil && series.closureError == nil)
  }

  @Test func theDrawingIsWellFormedAndHasACurveForEachRule() throws {
    final class Counter: NSObject, XMLParserDelegate {
      var elements: [String: Int] = [:]
      var series: [String: Int] = [:]
      func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
      ) {
        elements[name, default: 0] += 1
        if name == "polyline", let of = attributes["data-series"] { series[of, default: 0] += 1 }
      }
    }
    let report = try Self.report()
    let svg = EscapeFigure.draw(report, title: "from <there> & \"here\"").svg
    let parser = XMLParser(data: Data(svg.utf8))
    let counter = Counter()
    parser.delegate = counter
    #expect(parser.parse())
    // Two curves a rule, a prediction each but for a rule without one, and the levels.
    for rule in report.series {
      #expect(counter.series[rule.name] == 2, "\(rule.name)")
      #expect(counter.series["\(rule.name), recurrence"] == (rule.predicted == nil ? nil : 1), "\(rule.name)")
    }
    #expect((1...2).contains(counter.series["escaped", default: 0]))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    for rule in report.series { #expect(svg.contains(">\(rule.name)")) }
  }
}
