import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementOptimizers
import EscapementTestSupport
import Testing
import EscapementTraining

/// What a network oracle answers under shares.
@Suite struct GradedMembershipTests {
  let whole: LabeledBatch<Float>
  init() throws { whole = try TinyRun().source.batch(Array(0..<16), epoch: 0) }
  let network = Network.resNet(depth: 8, width: 2, classes: 3)

  func oracle(
    _ sharpness: FocalSharpness?, tail: Set<Int> = [], weights: [Double]? = nil
  ) -> NetworkOracle<Double> {
    NetworkOracle(
      objective: Objective(network: network, loss: SoftmaxCrossEntropy(classWeights: weights)),
      batch: LabeledBatch(images: whole.images.converted(to: Double.self), labels: whole.labels),
      statistics: network.initialStatistics(), tail: tail, sharpness: sharpness)
  }

  var point: ParameterVector<Double> { network.initialParameters(seed: 3) }

  @Test func bothPartsAddUpToTheBatch() throws {
    for weights in [nil, [0.5, 0.75, 1.75]] as [[Double]?] {
      var oracle = try oracle(FocalSharpness(counts: [10, 5, 1]), weights: weights)
      let all = try oracle.evaluate(at: point, on: .all, statistics: .freeze)
      let plain = try oracle.evaluate(at: point, on: .head, statistics: .freeze)
      let focal = try oracle.evaluate(at: point, on: .tail, statistics: .freeze)
      #expect(oracle.statistics == network.initialStatistics())
      #expect(plain.samples == 16 && focal.samples == 16 && plain.correct == all.correct)
      #expect(plain.loss > 0 && focal.loss > 0)
      // Sixteen samples, a product and a sum each, on either side.
      #expect(abs(plain.loss + focal.loss - all.loss) <= 40 * Double.ulpOfOne * all.loss)
      let size = plain.gradient.flat.norm() + focal.gradient.flat.norm()
      #expect(focal.gradient.flat.norm() > 0.01 * size)
      // Eight layers, of at most 3·3·8 terms a sum, batch norm's sums and products, forth and back.
      let terms = 8.0 * (2 * 72 + 20)
      let distance = (plain.gradient.flat + focal.gradient.flat - all.gradient.flat).norm()
      #expect(distance <= terms * Double.ulpOfOne * size)
    }
  }

  @Test func theFocalPartIsTheLossUnderSharesAsClassWeights() throws {
    let sharpness = try FocalSharpness(counts: [10, 5, 1], gamma: 2, scale: 0.8)
    var graded = oracle(sharpness)
    var weighted = oracle(nil, weights: sharpness.shares)
    let focal = try graded.evaluate(at: point, on: .tail, statistics: .observe)
    let all = try weighted.evaluate(at: point, on: .all, statistics: .observe)
    #expect(graded.statistics == weighted.statistics)
    // The weighted mean divides by the weights' sum, this part by the batch's size.
    let sum = whole.labels.reduce(0) { $0 + sharpness.shares[$1] }
    #expect(abs(focal.loss * 16 - all.loss * sum) <= 40 * Double.ulpOfOne * focal.loss * 16)
    let distance = (focal.gradient.flat.scaled(by: 16) - all.gradient.flat.scaled(by: sum)).norm()
    #expect(distance <= 8.0 * (2 * 72 + 20) * Double.ulpOfOne * 16 * focal.gradient.flat.norm())
  }

  @Test func withoutSharpnessAStepIsSGD() throws {
    var focal = try FocalSAM(base: SGD<Double>(), rho: .constant(0.5))
    var sgd = try SGD<Double>()
    var (a, b) = (point, point)
    var graded = try oracle(FocalSharpness(counts: [10, 5, 1], scale: 0))
    var whole = oracle(nil)
    let record = try focal.step(&a, oracle: &graded, context: context(0))
    _ = try sgd.step(&b, oracle: &whole, context: context(0))
    // The parts' zeros may differ in sign from nothing added at all: values, not bits.
    #expect(a.flat.elements == b.flat.elements && record.perturbationNorm == 0)
  }
}
