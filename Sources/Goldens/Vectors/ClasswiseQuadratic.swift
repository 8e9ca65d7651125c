import EscapementCurvature
import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// Samples whose losses are quadratics, with one Hessian per class: ℓᵢ(w) = ½ wᵀH_{yᵢ}w + ⟨ξᵢ, w⟩.
///
/// A mini-batch's mean loss is a quadratic with a saddle if the classes' negative directions outweigh the positive
/// ones. Any part of a batch (head, tail or shard) has its own loss and gradient, as in training, but without a
/// network.
package struct ClasswiseQuadratic: Sendable {
  /// H_c `[classes][d][d]`, symmetric to the bit.
  package let hessians: Tensor<Double>
  /// ξᵢ `[n][d]`.
  package let linear: Tensor<Double>

  /// Hessians of the given spectra in seeded orthonormal bases, and standard normal ξᵢ for `count` samples.
  package init(spectra: [[Double]], count: Int, seed: UInt64) {
    let d = spectra[0].count
    let entries = spectra.enumerated().flatMap { label, spectrum in
      let quadratic = KnownQuadratic<Double>(
        spectrum: spectrum, reflections: 2, seed: seed &+ UInt64(label))
      let rows = (0..<d).map { j in
        quadratic.product(Tensor((0..<d).map { $0 == j ? 1 : 0 })).elements
      }
      // The upper triangle is used twice, because rounding would make the two halves differ.
      return (0..<d).flatMap { i in (0..<d).map { j in rows[min(i, j)][max(i, j)] } }
    }
    hessians = Tensor(entries, shape: [spectra.count, d, d])
    linear = .standardNormal(seed: seed, purpose: .theory, index: 1, shape: [count, d])
  }

  /// d.
  package var dimension: Int { linear.shape.columns }

  /// Σ c_{yᵢ}·ℓᵢ over the samples at `positions`, in that order, and its gradient, both divided by `divisor`;
  /// without shares c is 1.
  package func evaluate(
    at point: Tensor<Double>, positions: [Int], labels: [Int], shares: [Double]?, divisor: Double
  ) -> (loss: Double, gradient: Tensor<Double>) {
    let d = dimension
    let products = (0..<hessians.shape[0]).map { label in
      hessians.view(at: label * d * d, shape: [d, d]).matmul(point.reshaped([d, 1])).reshaped([d])
    }
    var sum = 0.0
    var gradient = Tensor<Double>.zeros([d])
    for position in positions {
      let product = products[labels[position]]
      let slope = linear.view(at: position * d, shape: [d])
      let share = shares?[labels[position]] ?? 1
      sum += share * (point.dot(product) / 2 + slope.dot(point))
      gradient = gradient.addingScaled(share, product + slope)
    }
    return (sum / divisor, gradient.scaled(by: 1 / divisor))
  }
}

/// Answers gradient queries about one mini-batch of a `ClasswiseQuadratic`, part by part as `NetworkOracle`
/// does.
package struct ClasswiseQuadraticOracle: GradientOracle {
  package let quadratic: ClasswiseQuadratic
  /// Labels of all samples.
  package let labels: [Int]
  /// The samples of the mini-batch.
  package let batch: Range<Int>
  package let tail: Set<Int>
  package let sharpness: FocalSharpness?
  package let normalization: PartNormalization
  package let shardSize: Int?

  package mutating func evaluate(
    at point: ParameterVector<Double>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Double> {
    let positions: [Int]
    var shares: [Double]?
    var divisor = Double(batch.count)
    switch part {
    case .all: positions = Array(batch)
    case .head, .tail:
      shares = sharpness?.shares.map { part == .tail ? $0 : 1 - $0 }
      positions = batch.filter { shares != nil || tail.contains(labels[$0]) == (part == .tail) }
      if normalization.divisor == .part { divisor = Double(positions.count) }
      if part == .tail { divisor /= normalization.tailFactor }
    case .shard(let index, let count):
      let size = shardSize ?? (batch.count + count - 1) / count
      positions = Array(batch.dropFirst(index * size).prefix(size))
      divisor = Double(positions.count)
    }
    guard !positions.isEmpty else {
      return Evaluation(loss: 0, gradient: ParameterVector(zeros: point.layout), samples: 0)
    }
    let (loss, gradient) = quadratic.evaluate(
      at: point.flat, positions: positions, labels: labels, shares: shares, divisor: divisor)
    return Evaluation(
      loss: loss, gradient: ParameterVector(layout: point.layout, flat: gradient), samples: positions.count)
  }
}
