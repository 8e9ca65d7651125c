import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// The properties of a rule that the recurrence needs: the parts of the loss that it queries, and the noise that it
/// adds.
package struct EscapeModel: Hashable, Sendable {
  /// The parts whose gradients make up the descent direction.
  package enum Parts: Hashable, Sendable {
    /// One gradient of the whole batch.
    case whole
    /// The sum of the gradients of head and tail.
    case headAndTail
    /// The mean over this number of shards.
    case shards(Int)

    /// The queries to the oracle.
    var queries: [BatchPart] {
      switch self {
      case .whole: [.all]
      case .headAndTail: [.head, .tail]
      case .shards(let count): (0..<count).map { .shard(index: $0, count: count) }
      }
    }

    /// Converts values by query to values by part: shards are averaged, other values are unchanged.
    func combined(_ values: [Double]) -> [Double] {
      guard case .shards(let count) = self else { return values }
      return [values.reduce(0, +) / Double(count)]
    }
  }

  /// The noise that the rule draws: σ·ξ with the draws of `PGD`.
  package enum Noise: Hashable, Sendable {
    case none
    case weights(sigma: Double, seed: UInt64)
    case gradient(sigma: Double, seed: UInt64)
  }

  /// The parts.
  package let parts: Parts
  /// The noise.
  package let noise: Noise

  /// A model of a rule.
  package init(_ parts: Parts, noise: Noise = .none) {
    self.parts = parts
    self.noise = noise
  }

  /// The model of a rule by name, with the seed of its noise. It is nil if no linear recurrence is known: for adaptive
  /// ascents, which do not follow the gradient, and for rules that reuse or decompose gradients of earlier steps.
  package init?(_ optimizer: OptimizerChoice, seed: UInt64) {
    switch optimizer {
    case .sgd: self.init(.whole)
    case .sam(_, let variant):
      guard variant.ascent != .adaptive else { return nil }
      self.init(.whole)
    case .imbSAM, .sseSAM: self.init(.headAndTail)
    case .pgd(let sigma, .weights): self.init(.whole, noise: .weights(sigma: sigma, seed: seed))
    case .pgd(let sigma, .gradient): self.init(.whole, noise: .gradient(sigma: sigma, seed: seed))
    case .lpfSGD(_, let shards, _): self.init(.shards(shards))
    case .gsam, .lookSAM, .friendlySAM, .focalSAM, .custom: return nil
    }
  }

  /// ⟨v, σξ⟩ of a step, for noise of the gradient and of the weights.
  func noise<Element: Real>(
    along direction: Tensor<Double>, step: Int, as type: Element.Type
  ) -> (gradient: Double, weights: Double) {
    func projected(_ sigma: Double, _ seed: UInt64) -> Double {
      guard sigma > 0 else { return 0 }
      let draws = Tensor<Element>.standardNormal(
        seed: seed, purpose: .perturbation, index: UInt64(step), shape: [direction.count])
      return sigma * draws.converted(to: Double.self).dot(direction)
    }
    switch noise {
    case .none: return (0, 0)
    case .gradient(let sigma, let seed): return (projected(sigma, seed), 0)
    case .weights(let sigma, let seed): return (0, projected(sigma, seed))
    }
  }
}
