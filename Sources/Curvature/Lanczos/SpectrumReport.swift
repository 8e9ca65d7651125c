/// The extremes of a spectrum with all that is needed to judge, redraw or repeat them.
public struct SpectrumReport: Hashable, Sendable {
  /// Length of the operator's vectors.
  public let dimension: Int
  /// "F32" or "F64", the type Lanczos ran in.
  public let elementType: String
  /// Seed of the start vector.
  public let seed: UInt64
  /// Which of the seed's start vectors.
  public let probe: UInt64
  /// Steps asked for.
  public let stepsAsked: Int
  /// Steps taken.
  public let steps: Int
  /// Whether the process stopped because the Krylov space was exhausted.
  public let exhausted: Bool
  /// Diagonal of T.
  public let alpha: [Double]
  /// Off-diagonal of T, and last the norm of the remainder.
  public let beta: [Double]
  /// Eigenvalues of T, ascending.
  public let ritzValues: [Double]
  /// Quadrature weight of each.
  public let weights: [Double]
  /// Their sum; 1 up to rounding.
  public let weightSum: Double
  /// The lower end of the spectrum.
  public let smallest: RitzCertificate
  /// The upper end of the spectrum.
  public let largest: RitzCertificate
  /// How far the spectrum may reach beyond the Ritz values, with its failure probability.
  public let probabilityBound: KrylovProbabilityBound
  /// |⟨u, Hv⟩ − ⟨v, Hu⟩| / (‖u‖‖Hv‖ + ‖v‖‖Hu‖) for two Gaussian vectors: rounding, if H is symmetric.
  public let asymmetry: Double
  /// ‖H₁u − H₂u‖/‖H₁u‖ for two products with one vector: 0, if the operator is one fixed matrix.
  public let drift: Double
  /// The largest |VᵀV − I|.
  public let orthogonalityLoss: Double
  /// Products of the Lanczos operator and of the measuring one, together.
  public let products: Int

  /// λ_min ≤ this: the smallest Rayleigh quotient measured, plus rounding.
  public var smallestUpperLimit: Double { smallest.rayleighQuotient + smallest.rounding }
  /// λ_max ≥ this.
  public var largestLowerLimit: Double { largest.rayleighQuotient - largest.rounding }
  /// λ_min ≥ this but for twice the stated failure probability; nil where the bound says nothing.
  public var smallestLowerLimit: Double? {
    probabilityBound.overhang(ritzSpread: ritzSpread).map { ritzValues[0] - $0 }
  }
  /// λ_max ≤ this but for twice the stated failure probability; nil where the bound says nothing.
  public var largestUpperLimit: Double? {
    probabilityBound.overhang(ritzSpread: ritzSpread).map { ritzValues[ritzValues.count - 1] + $0 }
  }

  private var ritzSpread: Double { ritzValues[ritzValues.count - 1] - ritzValues[0] }
}
