import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing
import EscapementTraining

/// What a network oracle answers about parts of a batch.
@Suite struct BatchPartTests {
  static let network = Network.resNet(depth: 8, width: 2, classes: 3)
  static let tail: Set<Int> = [2]

  func batch<E: Real>(_ type: E.Type, count: Int = 16) throws -> LabeledBatch<E> {
    let whole = try TinyRun().source.batch(Array(0..<count), epoch: 0)
    return LabeledBatch(images: whole.images.converted(to: E.self), labels: whole.labels)
  }

  func oracle<E: Real>(
    _ batch: LabeledBatch<E>, weights: [Double]? = nil, tail: Set<Int> = tail,
    _ normalization: PartNormalization = .wholeBatch, shardSize: Int? = nil
  ) -> NetworkOracle<E> {
    NetworkOracle(
      objective: Objective(network: Self.network, loss: SoftmaxCrossEntropy(classWeights: weights)),
      batch: batch, statistics: Self.network.initialStatistics(), tail: tail, normalization: normalization,
      shardSize: shardSize)
  }

  func point<E: Real>(_ type: E.Type) -> ParameterVector<E> { Self.network.initialParameters(seed: 3) }

  /// The distance of two gradients against what roundings allow: a product or sum of each of at most `terms`
  /// operations between a logit and a parameter, each of a relative error eps, on vectors of this size.
  func expectClose(
    _ a: Tensor<Double>, _ b: Tensor<Double>, size: Double, _ comment: Comment
  ) {
    // Eight layers, of at most 3·3·8 terms a sum, batch norm's sums and products, forth and back.
    let terms = 8.0 * (2 * 72 + 20)
    let distance = (a - b).norm()
    #expect(distance <= terms * Double.ulpOfOne * size, comment)
  }

  @Test func partsAddUpToTheBatch() throws {
    for weights in [nil, [0.5, 0.75, 1.75]] as [[Double]?] {
      var oracle = oracle(try batch(Double.self), weights: weights)
      let w = point(Double.self)
      let all = try oracle.evaluate(at: w, on: .all, statistics: .freeze)
      let head = try oracle.evaluate(at: w, on: .head, statistics: .freeze)
      let tail = try oracle.evaluate(at: w, on: .tail, statistics: .freeze)
      #expect(head.samples == 14 && tail.samples == 2 && oracle.evaluations == 3)
      #expect(head.correct! + tail.correct! == all.correct!)
      #expect(abs(head.loss + tail.loss - all.loss) <= 20 * Double.ulpOfOne * all.loss)
      let size = head.gradient.flat.norm() + tail.gradient.flat.norm()
      #expect(tail.gradient.flat.norm() > 0)
      expectClose(head.gradient.flat + tail.gradient.flat, all.gradient.flat, size: size, "sum")
    }
  }

  @Test func aMeanIsTheLossWeightedByZeroAndOne() throws {
    // Cross-entropy with weights 0 outside the part divides by the part's size and sees the whole batch's
    // statistics.
    let w = point(Float.self)
    for (part, weights) in [(BatchPart.head, [1.0, 1, 0]), (.tail, [0, 0, 1])] {
      var oracle = oracle(try batch(Float.self), .groupMeans)
      let expected = Objective<Float>(
        network: Self.network, loss: SoftmaxCrossEntropy(classWeights: weights)
      ).trainingStep(at: w, batch: try batch(Float.self))
      let answer = try oracle.evaluate(at: w, on: part, statistics: .observe)
      #expect(answer.loss == expected.evaluation.loss)
      // Equal as numbers: a product with the weight 0 may be -0.
      #expect(answer.gradient.flat.elements == expected.evaluation.gradient.flat.elements)
      #expect(oracle.statistics == expected.observed.folded(into: Self.network.initialStatistics()))
    }
  }

  @Test func divisorsAndFactorsScaleThePart() throws {
    let w = point(Double.self)
    func tail(_ normalization: PartNormalization) throws -> Evaluation<Double> {
      var oracle = oracle(try batch(Double.self), normalization)
      return try oracle.evaluate(at: w, on: .tail, statistics: .freeze)
    }
    func head(_ normalization: PartNormalization) throws -> Evaluation<Double> {
      var oracle = oracle(try batch(Double.self), normalization)
      return try oracle.evaluate(at: w, on: .head, statistics: .freeze)
    }
    let one = try tail(.wholeBatch)
    // Powers of two scale every bit: 2/16, 1/2 and 1/16 a sample.
    for (normalization, factor) in [(PartNormalization.doubledTail, 2.0), (.groupMeans, 8)] {
      let other = try tail(normalization)
      #expect(other.loss == factor * one.loss)
      #expect(other.gradient.flat.elements == one.gradient.flat.scaled(by: factor).elements)
    }
    #expect(try head(.doubledTail).gradient == head(.wholeBatch).gradient)
    let mean = try head(.groupMeans)
    let share = try head(.wholeBatch)
    #expect(abs(mean.loss * 14 / 16 - share.loss) <= 4 * Double.ulpOfOne * share.loss)
    expectClose(
      mean.gradient.flat.scaled(by: 14.0 / 16), share.gradient.flat, size: share.gradient.flat.norm(), "mean")
    #expect(throws: HyperparameterError.self) { try PartNormalization(divisor: .part, tailFactor: 0) }
    #expect(throws: HyperparameterError.self) { try PartNormalization(divisor: .batch, tailFactor: .nan) }
    #expect(try PartNormalization(divisor: .batch, tailFactor: 2) == .doubledTail)
  }

  @Test func aPartWithoutSamplesIsZeroAndObserved() throws {
    let w = point(Float.self)
    for normalization in [PartNormalization.wholeBatch, .doubledTail, .groupMeans] {
      for (tail, empty, full) in [([], .tail, .head), ([0, 1, 2], .head, .tail)]
        as [(Set<Int>, BatchPart, BatchPart)]
      {
        var oracle = oracle(try batch(Float.self), tail: tail, normalization)
        let all = try oracle.evaluate(at: w, on: .all, statistics: .freeze)
        let nothing = try oracle.evaluate(at: w, on: empty, statistics: .observe)
        #expect(nothing.loss == 0 && nothing.samples == 0 && nothing.correct == 0)
        #expect(nothing.gradient == ParameterVector(zeros: Self.network.layout))
        var whole = self.oracle(try batch(Float.self))
        _ = try whole.evaluate(at: w, on: .all, statistics: .observe)
        #expect(oracle.statistics == whole.statistics)
        // The other part is the batch, to the bit where nothing is doubled.
        if full == .head || normalization != .doubledTail {
          let rest = try oracle.evaluate(at: w, on: full, statistics: .freeze)
          #expect(rest.gradient == all.gradient && rest.loss == all.loss)
          #expect(rest.samples == 16 && rest.correct == all.correct)
        }
      }
    }
  }

  @Test(arguments: [(16, 8), (16, 3), (13, 8), (5, 4), (3, 8), (16, 1)])
  func shardsAreBatchesOfTheirOwn(_ count: Int, _ shards: Int) throws {
    let whole = try batch(Float.self, count: count)
    var oracle = oracle(whole)
    let w = point(Float.self)
    let size = Int((Double(count) / Double(shards)).rounded(.up))
    var statistics: ParameterVector<Float> = Self.network.initialStatistics()
    var seen: [Int] = []
    for shard in 0..<shards {
      let answer = try oracle.evaluate(
        at: w, on: .shard(index: shard, count: shards), statistics: .observe)
      let positions = Array(min(count, shard * size)..<min(count, (shard + 1) * size))
      #expect(answer.samples == positions.count)
      if positions.isEmpty {
        #expect(answer.loss == 0 && answer.gradient == ParameterVector(zeros: Self.network.layout))
      } else {
        let (expected, observed) = oracle.objective.trainingStep(
          at: w, batch: try TinyRun().source.batch(positions, epoch: 0))
        #expect(answer.loss == expected.loss && answer.gradient == expected.gradient)
        #expect(answer.correct == expected.correct)
        statistics = observed.folded(into: statistics)
      }
      #expect(oracle.statistics == statistics)
      seen += positions
    }
    #expect(seen == Array(0..<count))
  }

  @Test func aFixedShardSizeLeavesShardsOut() throws {
    // The released code cuts a last batch of 34 at 16 by 128/8 as well: shards of 16, 16 and 2, five without
    // samples.
    var oracle = oracle(try batch(Float.self, count: 34), shardSize: 16)
    let samples = try (0..<8).map {
      try oracle.evaluate(
        at: point(Float.self), on: .shard(index: $0, count: 8), statistics: .freeze
      ).samples
    }
    #expect(samples == [16, 16, 2, 0, 0, 0, 0, 0])
  }

  /// Two steps of a rule on a network, as parameters, statistics and the last record.
  func run<Rule: UpdateRule<Float>>(_ start: Rule) throws -> (
    ParameterVector<Float>, ParameterVector<Float>, StepRecord
  ) {
    var rule = start
    var parameters = point(Float.self)
    var statistics: ParameterVector<Float> = Self.network.initialStatistics()
    var last: StepRecord?
    for step in 0..<2 {
      // The second batch has no tail.
      let whole = try TinyRun().source.batch(step == 0 ? Array(0..<16) : [0, 1, 3, 4], epoch: 0)
      var oracle = NetworkOracle(
        objective: Objective<Float>(network: Self.network), batch: whole, statistics: statistics,
        tail: Self.tail)
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step))
      #expect(record.evaluations == oracle.evaluations && record.samples == whole.count)
      #expect(record.loss.isFinite && record.correct != nil)
      statistics = oracle.statistics
      last = record
    }
    return (parameters, statistics, last!)
  }

  func checkPaths<Rule: UpdateRule<Float>>(_ rule: Rule) throws {
    let reference = try run(rule)
    for path in ExecutionPath.each(turn: 1) {
      let other = try path.run { try run(rule) }
      #expect(other == reference, "\(Rule.self) on \(path)")
    }
  }

  @Test func everyRuleHasTheSameBitsOnEveryPath() throws {
    try checkPaths(ImbSAM(base: SGD<Float>(), rho: 0.1))
    try checkPaths(SSESAM(base: SGD<Float>(), epochs: 10))
    for variant in PGD<SGD<Float>>.Variant.allCases {
      try checkPaths(PGD(base: SGD<Float>(), variant: variant, seed: 4))
    }
    try checkPaths(LPFSGD(base: SGD<Float>(), seed: 4))
  }
}
