import EscapementCalculus
import EscapementKernels

/// SAM's step on the whole loss F, without noise: w + ε with ε = ρ∇F/‖∇F‖.
package struct WholeStep<Element: Real>: Sendable {
  /// ρ.
  package let rho: Double
  /// ∇F(w).
  package let gradient: Tensor<Element>
  /// w + ε.
  package let perturbed: Tensor<Element>
  /// ∇F(w + ε), along which SAM descends.
  package let perturbedGradient: Tensor<Element>

  /// Two gradients of F; ∇F(w) must not be zero.
  package init(from w: Tensor<Element>, rho: Double, gradient: (Tensor<Element>) throws -> Tensor<Element>)
    throws
  {
    let first = try gradient(w)
    precondition(first.norm() > 0, "no ascent direction: the whole loss has no gradient")
    self.rho = rho
    self.gradient = first
    perturbed = w.addingScaled(rho / first.norm(), first)
    perturbedGradient = try gradient(perturbed)
  }

  /// The step that a rule took, from its parts.
  package init(
    rho: Double, gradient: Tensor<Element>, perturbed: Tensor<Element>, perturbedGradient: Tensor<Element>
  ) {
    self.rho = rho
    self.gradient = gradient
    self.perturbed = perturbed
    self.perturbedGradient = perturbedGradient
  }
}

/// The effect of a SAM step on the whole loss F = Σ_j p_j f_j on the gradient of one part f_k along that part's
/// direction v.
///
/// The theorem is about an eigenvector of F's Hessian; the papers' figures show those of single classes. For v a unit
/// eigenvector of f_k's Hessian with eigenvalue λ_k, to first order in ρ exactly
///
///     ⟨v, ∇f_k(w + ε)⟩ − ⟨v, ∇f_k(w)⟩ = ρ λ_k cos(v, ∇F),
///
/// which is at most ρ|λ_k| in size, whatever the class's gradient. The short form (factor 1 + ρλ_k p_k/‖∇F‖ of
/// ⟨v, ∇f_k⟩) follows only if the other classes contribute little along v: |Σ_{j≠k} p_j⟨v, ∇f_j⟩| ≪ p_k|⟨v, ∇f_k⟩|.
/// Near a stationary point of F the gradients of the classes cancel: ‖∇F‖ is small although p_k⟨v, ∇f_k⟩ is not, and
/// the short form fails.
package struct ClasswiseChange: Hashable, Sendable {
  /// ρ.
  package let rho: Double
  /// λ_k.
  package let eigenvalue: Double
  /// p_k.
  package let share: Double
  /// ‖∇F(w)‖.
  package let wholeNorm: Double
  /// ⟨v, ∇F(w)⟩.
  package let wholeComponent: Double
  /// ⟨v, ∇F(w + ε)⟩, the component along which the step descends.
  package let perturbedWholeComponent: Double
  /// ⟨v, ∇f_k(w)⟩.
  package let component: Double
  /// ⟨v, ∇f_k(w + ε)⟩.
  package let perturbedComponent: Double
  /// vᵀH_F v, which can be positive where λ_k is negative.
  package let curvatureOfWhole: Double

  /// cos(v, ∇F).
  package var cosine: Double { wholeComponent / wholeNorm }
  /// The true change ⟨v, ∇f_k(w + ε) − ∇f_k(w)⟩.
  package var change: Double { perturbedComponent - component }
  /// ρ λ_k cos(v, ∇F).
  package var firstOrderChange: Double { rho * eigenvalue * cosine }
  /// ⟨v, ∇f_k(w + ε)⟩ / ⟨v, ∇f_k(w)⟩.
  package var factor: Double { perturbedComponent / component }
  /// 1 + ρλ_k p_k/‖∇F‖.
  package var shortFactor: Double { 1 + rho * eigenvalue * share / wholeNorm }
  /// |Σ_{j≠k} p_j⟨v, ∇f_j⟩| / (p_k|⟨v, ∇f_k⟩|): the short form needs it far below 1.
  package var othersRatio: Double {
    ((wholeComponent - share * component) / (share * component)).magnitude
  }

  /// Measures a part of `step`'s loss at w, which takes two gradients of the part.
  ///
  /// `direction` has unit length, `curvatureOfWhole` is vᵀH_F v.
  package init<Element: Real>(
    of step: WholeStep<Element>, from w: Tensor<Element>, along direction: Tensor<Element>,
    eigenvalue: Double,
    share: Double, curvatureOfWhole: Double, gradient: (Tensor<Element>) throws -> Tensor<Element>
  ) rethrows {
    rho = step.rho
    self.eigenvalue = eigenvalue
    self.share = share
    self.curvatureOfWhole = curvatureOfWhole
    wholeNorm = step.gradient.norm()
    wholeComponent = direction.dot(step.gradient)
    perturbedWholeComponent = direction.dot(step.perturbedGradient)
    component = direction.dot(try gradient(w))
    perturbedComponent = direction.dot(try gradient(step.perturbed))
  }
}
