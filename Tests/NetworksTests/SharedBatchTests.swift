import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementTestSupport
import Testing

@testable import EscapementNetworks

/// Several ranks, as threads, compute what one computes alone, to the bit.
@Suite("Shared batches")
struct SharedBatchTests {
  static let ranks = [1, 2, 3, 4, 8]

  /// A step's results, to be compared by bits.
  private struct Step<E: Real>: Equatable, Sendable {
    var loss: UInt64
    var gradient: ParameterVector<E>
    var statistics: ParameterVector<E>
    var correct: Int?
    var samples: Int

    init(_ answer: (evaluation: Evaluation<E>, observed: BatchStatistics), _ start: ParameterVector<E>) {
      loss = answer.evaluation.loss.bitPattern
      gradient = answer.evaluation.gradient
      statistics = answer.observed.folded(into: start)
      correct = answer.evaluation.correct
      samples = answer.evaluation.samples
    }
  }

  private func compare<E: Real>(
    _ objective: Objective<E>, _ batch: LabeledBatch<E>, ranks: Int,
    _ step:
      @escaping @Sendable (Objective<E>, ParameterVector<E>, LabeledBatch<E>) -> (
        evaluation: Evaluation<E>, observed: BatchStatistics
      )
  ) throws {
    let w: ParameterVector<E> = objective.network.initialParameters(seed: 3)
    let start: ParameterVector<E> = objective.network.initialStatistics()
    let alone = Step(step(objective, w, batch), start)
    let all = try LocalCommunicator.run(ranks: ranks) { communicator in
      let share = BatchShare(communicator, of: batch.count)
      let shared = LabeledBatch(
        images: batch.images.samples(share.range), labels: batch.labels, share: share)
      let result = Step(step(objective, w, shared), start)
      try communicator.check()
      return result
    }
    for (rank, result) in all.enumerated() {
      #expect(
        result == alone, "\(objective.network), \(batch.count) samples: rank \(rank) of \(ranks) differs")
      for (i, segment) in objective.network.layout.segments.enumerated()
      where result.gradient[i] != alone.gradient[i] {
        Issue.record("gradient of \(segment.name)")
        break
      }
    }
    #expect(alone.gradient.flat.norm() > 0)
  }

  @Test(
    "a training step of a ResNet with batch norm has the same bits on any number of ranks", arguments: ranks)
  func trainingStep(ranks: Int) throws {
    let network = Network.resNet(depth: 8, width: 4, classes: 3)
    let loss = SoftmaxCrossEntropy(classWeights: [0.5, 2, 1.25])
    // Whole units, a ragged last one, fewer units than ranks.
    for count in [64, 77, 40, 13, 5] {
      try compare(
        Objective<Float>(network: network, loss: loss),
        randomBatch(Float.self, samples: count, shape: [16, 16, 3], classes: 3), ranks: ranks
      ) { $0.trainingStep(at: $1, batch: $2) }
    }
    for count in [40, 13] {
      try compare(
        Objective<Double>(network: network, loss: loss),
        randomBatch(Double.self, samples: count, shape: [16, 16, 3], classes: 3), ranks: ranks
      ) { $0.trainingStep(at: $1, batch: $2) }
    }
  }

  @Test("so have the parts of a batch, other losses, classifiers and networks", arguments: [2, 3, 8])
  func otherSteps(ranks: Int) throws {
    let batch = randomBatch(Float.self, samples: 45, shape: [8, 8, 3], classes: 3)
    let counted = (0..<45).filter { $0 % 3 == 1 || $0 > 40 }
    for network in [
      Network.resNet(depth: 8, width: 2, classes: 3),
      Network.resNet(depth: 8, width: 2, classes: 3, classifier: .cosine),
    ] {
      let losses: [any ClassificationLoss] = [
        SoftmaxCrossEntropy(), FocalLoss(gamma: 2), InfluenceBalancedLoss(classWeights: [1, 2, 3]),
      ]
      for loss in losses {
        let objective = Objective<Float>(network: network, loss: loss)
        try compare(objective, batch, ranks: ranks) { $0.trainingStep(at: $1, batch: $2) }
        try compare(objective, batch, ranks: ranks) {
          $0.trainingStep(at: $1, batch: $2, counting: counted, divisor: 17)
        }
      }
    }
    // Max pooling, projections and bottlenecks.
    try compare(
      Objective<Float>(network: .resNet50(width: 4, classes: 3)),
      randomBatch(Float.self, samples: 29, shape: [32, 32, 3], classes: 3), ranks: ranks
    ) { $0.trainingStep(at: $1, batch: $2) }
  }

  @Test("Hessian and Gauss-Newton products over the ranks' samples have the bits of one", arguments: ranks)
  func products(ranks: Int) throws {
    for classifier in [Classifier.linear, .cosine] {
      let network = Network.resNet(depth: 8, width: 2, classes: 3, classifier: classifier)
      let objective = Objective<Float>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
      let w: ParameterVector<Float> = network.initialParameters(seed: 3)
      let s: ParameterVector<Float> = network.initialStatistics()
      let v: ParameterVector<Float> = direction(network.layout, 4)
      for count in [13, 77] {
        let batch = randomBatch(Float.self, samples: count, shape: [8, 8, 3], classes: 3)
        @Sendable func products(_ communicator: (any Communicator)?) throws -> [ParameterVector<Float>] {
          let memories = PartMemories(budget: 1 << 20)
          var products: [ParameterVector<Float>] = []
          // Twice, because a memory changes what is computed, and a budget ends elsewhere on every rank.
          for normalization in [Normalization.running, .running, .batch] {
            products.append(
              try objective.hessianVectorProduct(
                at: w, statistics: s, direction: v, over: batch, normalization: normalization, partSize: 16,
                memories: normalization == .running ? memories : PartMemories(budget: 20_000),
                communicator: communicator))
          }
          products.append(
            try objective.hessianVectorProduct(
              of: .gaussNewton,
              at: w, statistics: s, direction: v, over: batch, communicator: communicator))
          products.append(
            try objective.hessianVectorProduct(
              of: .remainder,
              at: w, statistics: s, direction: v, over: batch, communicator: communicator))
          return products
        }
        let alone = try products(nil)
        #expect(alone[0] != alone[2] && alone[2] != alone[3])
        for other in try LocalCommunicator.run(ranks: ranks, { try products($0) }) {
          #expect(other == alone, "\(classifier), \(count) samples, \(ranks) ranks")
        }
      }
    }
  }

  private let weights = [0.5, 2, 1.25]
}
