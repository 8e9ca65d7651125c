import Calculus
import Kernels
import LongTail
import TestSupport
import Testing

@testable import Networks

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
    _ objective: Objective<E>, _ batch: LabelledBatch<E>, ranks: Int,
    _ step: @escaping @Sendable (Objective<E>, ParameterVector<E>, SharedBatch<E>) -> (
      evaluation: Evaluation<E>, observed: BatchStatistics
    )
  ) throws {
    let w: ParameterVector<E> = objective.network.initialParameters(seed: 3)
    let start: ParameterVector<E> = objective.network.initialStatistics()
    let alone = Step(step(objective, w, SharedBatch(batch)), start)
    let all = try LocalCommunicator.run(ranks: ranks) { communicator in
      let share = BatchShare(communicator, of: batch.count)
      let shared = SharedBatch(
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
}
