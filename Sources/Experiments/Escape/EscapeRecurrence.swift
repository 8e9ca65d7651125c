/// The terms that move the projection p = ⟨v, w − w₀⟩ in one step, according to the local quadratic.
package struct EscapeDrive: Hashable, Sendable {
  /// One part of the loss that is descended: the whole, the head, the tail, or the mean over shards.
  package struct Part: Hashable, Sendable {
    /// s = ⟨v, ∇f_z(w₀)⟩ of the step's mini-batch z.
    package var slope: Double
    /// a = vᵀHv of this part's loss, signed.
    package var curvature: Double
    /// r = ‖ε‖/‖g_z‖ of the ascent along the part's own gradient; 0 without one.
    package var radius: Double
    /// ⟨v, ε⟩ of a perturbation that is not along the gradient: the noise of a smoothed loss.
    package var shift: Double

    /// A part; without radius and shift the gradient is taken at the parameters.
    package init(slope: Double, curvature: Double, radius: Double = 0, shift: Double = 0) {
      self.slope = slope
      self.curvature = curvature
      self.radius = radius
      self.shift = shift
    }
  }

  /// The parts whose gradients are summed.
  package var parts: [Part]
  /// ⟨v, ξ⟩ of noise added to the gradient.
  package var gradientNoise: Double
  /// ⟨v, ξ⟩ of noise added to the parameters after the descent.
  package var weightNoise: Double

  /// The drive of a step.
  package init(_ parts: [Part], gradientNoise: Double = 0, weightNoise: Double = 0) {
    self.parts = parts
    self.gradientNoise = gradientNoise
    self.weightNoise = weightNoise
  }

  /// The component along v of the descent gradient: Σ (1 + ra)(s + ap) + a⟨v, ε⟩ over the parts, plus the noise.
  package func gradient(at p: Double) -> Double {
    parts.reduce(gradientNoise) { sum, part in
      let here = part.slope + part.curvature * p
      return sum + (1 + part.radius * part.curvature) * here + part.curvature * part.shift
    }
  }

  /// The same drive without curvature along v, which follows the gradients at w₀.
  var withoutCurvature: EscapeDrive {
    var flat = self
    flat.parts = parts.map { Part(slope: $0.slope, curvature: 0) }
    return flat
  }
}

/// The linear recurrence that the projection on v obeys under a rule with heavy-ball momentum, on the local quadratic.
///
/// With d = w − w₀ and a mini-batch z, ∇f_z(w) ≈ ∇f_z(w₀) + H_z d. Two replacements close the equation along v: H_z by
/// its mean H (exact for additive noise), and vᵀH by a·vᵀ with a = vᵀHv (exact for an eigenvector of H). Then
/// ⟨v, ∇f_z(w)⟩ = s_z + ap. The gradient at w + rg is g + rHg, whose component is (1 + ra)(s_z + ap): Theorem 1 of the
/// supplement of "Escaping Saddle Points…" (NeurIPS 2022, section B) before it is squared, with r = ρ for its
/// unnormalized ascent and r = ρ/‖g_z‖ for the ascent of its Algorithm 1. Descent is
///
///     b ← m·b + D + λ_wd(p + ⟨v, w₀⟩),   p ← p − η·b (+ noise)
///
/// with D that component; without noise and decay, p⁺ = p + m(p − p⁻) − η(1 + ra)(s + ap).
package struct EscapeRecurrence: Hashable, Sendable {
  /// η.
  package let learningRate: Double
  /// m.
  package let momentum: Double
  /// λ_wd.
  package let weightDecay: Double
  /// ⟨v, w₀⟩, which only affects the weight decay.
  package let origin: Double

  /// A recurrence that starts at rest: b = 0 before the first step.
  package init(learningRate: Double, momentum: Double, weightDecay: Double = 0, origin: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.origin = origin
  }

  /// p₀, p₁, …: the start and one value for each drive.
  package func positions(from start: Double, drives: [EscapeDrive]) -> [Double] {
    var buffer = 0.0
    var p = start
    var path = [p]
    for drive in drives {
      buffer = momentum * buffer + drive.gradient(at: p) + weightDecay * (p + origin)
      p = p - learningRate * buffer + drive.weightNoise
      path.append(p)
    }
    return path
  }

  /// The long-run factor of |p| per step without drive: the magnitude of the larger root of z² − (1 + m − ηc)z + m,
  /// where c = a(1 + ra) is the rule's linear coefficient (with decay, c + λ_wd).
  ///
  /// For SGD c = a. Above 1 the rule leaves the saddle; below 1 it converges to it.
  package func growth(coefficient c: Double) -> Double {
    let s = 1 + momentum - learningRate * (c + weightDecay)
    let discriminant = s * s - 4 * momentum
    return discriminant < 0 ? momentum.squareRoot() : (s.magnitude + discriminant.squareRoot()) / 2
  }
}
