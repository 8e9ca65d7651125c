/// The extremes of a spectrum with all data needed to check, plot or repeat them.
public struct SpectrumReport: Hashable, Sendable {
  /// The length of the operator's vectors.
  public let dimension: Int
  /// "F32" or "F64", the element type of the Lanczos vectors.
  public let elementType: String
  /// Seed of the start vector.
  public let seed: UInt64
  /// The number of the start vector for this seed.
  public let probe: UInt64
  /// The requested number of steps.
  public let stepsAsked: Int
  /// The number of steps taken.
  public let steps: Int
  /// Whether the process stopped because the Krylov space was exhausted.
  public let exhausted: Bool
  /// Diagonal of T.
  public let alpha: [Double]
  /// Off-diagonal of T, followed by the norm of the remainder.
  public let beta: [Double]
  /// Eigenvalues of T, ascending.
  public let ritzValues: [Double]
  /// The quadrature weight of each Ritz value.
  public let weights: [Double]
  /// The sum of the weights; 1 up to rounding.
  public let weightSum: Double
  /// The lower end of the spectrum.
  public let smallest: RitzCertificate
  /// The upper end of the spectrum.
  public let largest: RitzCertificate
  /// How far the spectrum may extend beyond the Ritz values, with its failure probability.
  public let probabilityBound: KrylovProbabilityBound
  /// |⟨u, Hv⟩ − ⟨v, Hu⟩| / (‖u‖‖Hv‖ + ‖v‖‖Hu‖) for two Gaussian vectors: rounding, if H is symmetric.
  public let asymmetry: Double
  /// ‖H₁u − H₂u‖/‖H₁u‖ for two products with one vector; 0 if the operator is one fixed matrix.
  public let drift: Double
  /// The largest |VᵀV − I|.
  public let orthogonalityLoss: Double
  /// The number of products of the Lanczos operator and of the measuring one together.
  public let products: Int

  /// An upper limit on λ_min: the smallest measured Rayleigh quotient, plus rounding.
  public var smallestUpperLimit: Double { smallest.rayleighQuotient + smallest.rounding }
  /// A lower limit on λ_max: the largest measured Rayleigh quotient, minus rounding.
  public var largestLowerLimit: Double { largest.rayleighQuotient - largest.rounding }
  /// A lower limit on λ_min that fails with at most twice the stated failure probability; nil if no bound follows.
  public var smallestLowerLimit: Double? {
    probabilityBound.overhang(ritzSpread: ritzSpread).map { ritzValues[0] - $0 }
  }
  /// An upper limit on λ_max that fails with at most twice the stated failure probability; nil if no bound follows.
  public var largestUpperLimit: Double? {
    probabilityBound.overhang(ritzSpread: ritzSpread).map { ritzValues[ritzValues.count - 1] + $0 }
  }

  private var ritzSpread: Double { ritzValues[ritzValues.count - 1] - ritzValues[0] }
}
