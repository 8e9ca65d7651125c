import EscapementCurvature
import EscapementKernels

/// Second moments of gradients along one eigenvector of a quadratic with additive noise.
struct SaddleExperiment {
  let loss: KnownQuadratic<Double>
  let eigenvector: Tensor<Double>
  /// The eigenvalue of `eigenvector`.
  let eigenvalue: Double
  let point: Tensor<Double>
  /// The mini-batches, all equally likely.
  let noise: [Tensor<Double>]

  /// The noise is ±√d·qᵢ for an orthonormal basis qᵢ: mean 0, covariance the identity, so expectations
  /// over it are finite sums.
  init(spectrum: [Double], index: Int, distance: Double, seed: UInt64) {
    let d = spectrum.count
    let loss = KnownQuadratic<Double>(spectrum: spectrum, reflections: 2, seed: seed)
    let basis = KnownQuadratic<Double>(spectrum: spectrum, reflections: 3, seed: seed &+ 1)
    self.init(
      loss: loss, index: index,
      point: Gaussian.vector(Double.self, count: d, seed: seed, index: 90).scaled(by: distance),
      noise: (0..<d).flatMap { i in
        let q = basis.eigenvector(i).scaled(by: Double(d).squareRoot())
        return [q, q.map(.negate)]
      })
  }

  init(loss: KnownQuadratic<Double>, index: Int, point: Tensor<Double>, noise: [Tensor<Double>]) {
    self.loss = loss
    eigenvalue = loss.spectrum[index]
    eigenvector = loss.eigenvector(index)
    self.point = point
    self.noise = noise
  }

  /// Squares of ⟨v, g_z⟩ and ⟨v, g_z^SAM⟩ for every mini-batch, and the number of times their signs differ.
  struct Moments {
    var plain: [Double] = []
    var perturbed: [Double] = []
    var reversed = 0
    /// The ratio of sums, not a mean of ratios.
    var factor: Double { perturbed.reduce(0, +) / plain.reduce(0, +) }
    /// Root mean square of ⟨v, g_z⟩.
    var scale: Double { (plain.reduce(0, +) / Double(plain.count)).squareRoot() }
    /// Standard error of `factor` by linearization: √Σ(pᵢ − R·qᵢ)² / Σqᵢ.
    var standardError: Double {
      let ratio = factor
      let squares = zip(perturbed, plain).map { p, q in (p - ratio * q) * (p - ratio * q) }
      return squares.reduce(0, +).squareRoot() / plain.reduce(0, +)
    }
  }

  /// Takes one step of gradient descent and one of SAM from the point for every mini-batch.
  func moments(_ subject: any ClaimSubject, rho: Double, normalized: Bool) throws -> Moments {
    var result = Moments()
    for sample in noise {
      let oracle = LossOracle(loss, noise: sample)
      let plain = try descentGradient(
        of: subject.gradientDescent(momentum: 0, as: Double.self), on: oracle, at: point
      ).dot(eigenvector)
      let perturbed = try descentGradient(
        of: subject.sharpnessAware(rho: rho, normalized: normalized, momentum: 0, as: Double.self),
        on: oracle, at: point
      ).dot(eigenvector)
      result.plain.append(plain * plain)
      result.perturbed.append(perturbed * perturbed)
      if plain * perturbed < 0 { result.reversed += 1 }
    }
    return result
  }

  /// A bound on |measured factor − (1 + ρλ)²| from rounding alone.
  ///
  /// The error of a reflection is at most 4d·u of its operand (a dot of d terms twice and one sum), and the length of
  /// its vector adds the same. With four reflections, the eigenvector's own two, and two products, the error of
  /// ⟨v, g^SAM⟩ is at most δ = 64·d·ε·(1 + ρ‖H‖)·G, where G = ‖H‖‖w‖ + ‖w‖ + max‖ξ‖ is the size of the gradients and of
  /// the point from which they are recovered. A ratio of sums then changes by at most 2|1 + ρλ|·δ/s + (δ/s)², where s
  /// is the root mean square of ⟨v, g⟩.
  func roundingBound(_ moments: Moments, rho: Double) -> Double {
    let size = (loss.norm + 1) * point.norm() + (noise.map { $0.norm() }.max() ?? 0)
    let delta = 64 * Double(loss.dimension) * Double.ulpOfOne * (1 + rho * loss.norm) * size
    let relative = delta / moments.scale
    return 2 * (1 + rho * eigenvalue).magnitude * relative + relative * relative
  }

  static let roundingReason =
    "64·d·ε·(1 + ρ‖H‖)·G, the rounding of the two passes, carried into a ratio of sums"
}

/// The two-sided 99.99 % point of the normal distribution.
let confidencePoint = 3.891
