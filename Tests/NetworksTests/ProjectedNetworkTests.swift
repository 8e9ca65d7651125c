import CEscapementKernels
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementTestSupport
import Testing

@testable import EscapementNetworks

/// The ResNets with projection shortcuts, at small widths: both kinds of block, max-pooling, both classifiers.
@Suite("ResNets with projections")
struct ProjectedNetworkTests {
  static let networks: [Network] = [
    .resNet(depth: 34, stem: .small, width: 2, classes: 3), .resNet50(width: 2, classes: 3),
    .resNet50(width: 2, classes: 3, classifier: .cosine),
  ]
  let weights = [0.5, 2, 1.25]

  @Test("the Hessian is symmetric", arguments: networks)
  func symmetric(_ network: Network) throws {
    let objective = Objective<Double>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Double.self, samples: 5, shape: [16, 16, 3], classes: 3)
    let w: ParameterVector<Double> = network.initialParameters(seed: 3)
    let s: ParameterVector<Double> = network.initialStatistics()
    let (u, v): (ParameterVector<Double>, ParameterVector<Double>) = (
      direction(network.layout, 1), direction(network.layout, 2)
    )
    for normalization in [Normalization.batch, .running] {
      func product(_ v: ParameterVector<Double>) throws -> Tensor<Double> {
        try objective.hessianVectorProduct(
          at: w, statistics: s, direction: v, over: batch, normalization: normalization
        ).flat
      }
      let (hu, hv) = (try product(u), try product(v))
      // Six times the layers of a ResNet-8 and its 10⁴ roundings on the longest path.
      let bound = 6e4 * Double.ulpOfOne * (hu.norm() * v.flat.norm() + hv.norm() * u.flat.norm())
      #expect(hu.norm() > 0)
      #expect(abs(hu.dot(v.flat) - hv.dot(u.flat)) <= bound, "\(normalization)")
    }
  }

  @Test("whole = parts, bit for bit, on every path", arguments: networks)
  func wholeEqualsParts(_ network: Network) throws {
    let objective = Objective<Float>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Float.self, samples: 21, shape: [12, 12, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let s: ParameterVector<Float> = network.initialStatistics()
    let v: ParameterVector<Float> = direction(network.layout, 4)
    func both(_ part: Int) throws -> [ParameterVector<Float>] {
      [
        try objective.evaluate(at: w, statistics: s, over: batch, partSize: part).gradient,
        try objective.hessianVectorProduct(at: w, statistics: s, direction: v, over: batch, partSize: part),
      ]
    }
    let whole = try both(1024)
    #expect(whole.allSatisfy { $0.flat.isFinite && $0.flat.norm() > 0 })
    for (i, part) in [8, 16].enumerated() {
      for path in ExecutionPath.each(turn: i) {
        #expect(try path.run { try both(part) } == whole, "parts of \(part), \(path)")
      }
    }
    let step = objective.trainingStep(at: w, batch: batch).evaluation.gradient
    for path in ExecutionPath.each(turn: 2) {
      #expect(path.run { objective.trainingStep(at: w, batch: batch).evaluation.gradient } == step, "\(path)")
    }
  }

  @Test("a steady gradient step copies nothing on write", arguments: networks)
  func noCopies(_ network: Network) {
    let objective = Objective<Float>(network: network)
    let batch = randomBatch(Float.self, samples: 4, shape: [16, 16, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let before = Tensor<Float>.copiesOnWrite
    _ = objective.trainingStep(at: w, batch: batch)
    #expect(Tensor<Float>.copiesOnWrite == before)
  }
}
