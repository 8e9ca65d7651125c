import EscapementStatistics

/// Properties that every valid spectrum has, measured and compared with derived bounds.
///
/// A symmetric operator that is one fixed matrix, decomposed with an orthonormal basis, passes every check. One failed
/// check makes the result invalid; nothing is repaired or renormalized. A NaN fails.
public struct SelfCertification: Hashable, Sendable {
  /// The properties that are checked; probes are numbered from 0.
  public enum Property: Hashable, Sendable, CustomStringConvertible {
    /// |⟨u, Hv⟩ − ⟨v, Hu⟩| / (‖u‖‖Hv‖ + ‖v‖‖Hu‖).
    case symmetry
    /// ‖H₁v − H₂v‖/‖H₁v‖, which is exactly 0 for one fixed matrix.
    case drift
    /// The largest |VᵀV − I| of a probe.
    case orthogonality(probe: Int)
    /// |Σ wᵢ − 1| of a probe's rule.
    case weightSum(probe: Int)
    /// |Σ wᵢθᵢᵏ − ⟨v, Hᵏv⟩| of a probe's rule.
    case moment(degree: Int, probe: Int)
    /// The difference between the traces by Hutchinson's estimator and by the first moments of the rules.
    case trace

    /// A readable name.
    public var description: String {
      switch self {
      case .symmetry: "symmetry"
      case .drift: "drift"
      case .orthogonality(let probe): "orthogonality of probe \(probe)"
      case .weightSum(let probe): "sum of weights of probe \(probe)"
      case .moment(let degree, let probe): "moment \(degree) of probe \(probe)"
      case .trace: "trace two ways"
      }
    }
  }

  /// One measurement.
  public struct Check: Hashable, Sendable {
    /// The property that was measured.
    public let property: Property
    /// The measured deviation.
    public let measured: Double
    /// The largest deviation allowed.
    public let bound: Double

    /// Whether the deviation is within its bound; false if either is NaN.
    public var passes: Bool { measured <= bound }

    /// A measurement with its upper bound.
    public init(property: Property, measured: Double, bound: Double) {
      self.property = property
      self.measured = measured
      self.bound = bound
    }
  }

  /// All measurements, in a fixed order.
  public let checks: [Check]
  /// The trace as the mean of n·⟨v, Hv⟩ over the probes' rules, with v a unit vector of random direction.
  public let quadratureTrace: MeanEstimate
  /// The trace by Hutchinson's estimator.
  public let hutchinsonTrace: MeanEstimate
  /// Whether the product error in the bounds is one that the operator derives; otherwise it is the estimate √n·ε·‖T‖.
  public let productErrorIsBound: Bool

  /// The checks that failed.
  public var failures: [Check] { checks.filter { !$0.passes } }
  /// Whether every check passed.
  public var isValid: Bool { failures.isEmpty }

  /// Checks Lanczos probes with Gaussian start vectors, using the checks of three products and a trace of two or more
  /// vectors.
  ///
  /// `failureProbability` is the probability of a false alarm in the trace check, the only check that is random. Its
  /// default is this package's choice: one false alarm in ten thousand valid spectra.
  public init<Operator: SymmetricOperator>(
    of map: Operator, probes: [SpectrumProbe], operatorChecks: OperatorChecks, trace: HutchinsonTrace,
    failureProbability: Double = 1e-4
  ) {
    precondition(!probes.isEmpty, "a certification of no probes")
    precondition(trace.samples.count >= 2, "a standard error needs two probes of the trace or more")
    precondition(failureProbability > 0 && failureProbability < 1, "probability \(failureProbability)")
    let unit = Double(Operator.Element.ulpOfOne)
    let scale = probes.reduce(0) { max($0, $1.scale) }
    let derived = map.productErrorBound
    let productError = derived ?? Double(map.dimension).squareRoot() * unit * scale
    let rounding = Rounding(dimension: map.dimension, unit: unit, productError: productError)

    var checks = [
      Check(
        property: .symmetry, measured: operatorChecks.asymmetry,
        bound: operatorChecks.asymmetryBound(productError: productError)),
      Check(property: .drift, measured: operatorChecks.drift, bound: 0),
    ]
    for (i, probe) in probes.enumerated() {
      checks.append(
        Check(
          property: .orthogonality(probe: i), measured: probe.orthogonalityLoss,
          bound: rounding.orthogonality(steps: probe.steps)))
      checks.append(
        Check(
          property: .weightSum(probe: i), measured: (probe.quadrature.weightSum - 1).magnitude,
          bound: rounding.weightSum(steps: probe.steps)))
      for degree in 0...min(3, 2 * probe.steps - 1) {
        checks.append(
          Check(
            property: .moment(degree: degree, probe: i),
            measured: (probe.quadrature.moment(degree) - probe.directMoments[degree]).magnitude,
            bound: rounding.moment(degree, steps: probe.steps, scale: probe.scale)))
      }
    }
    let ours = Self.trace(probes, dimension: map.dimension)
    let other = trace.estimate
    checks.append(
      Check(
        property: .trace, measured: (ours.mean - other.mean).magnitude,
        bound: Self.allowance(ours, other, failureProbability)
          + 2 * Double(map.dimension) * (productError + rounding.inner * scale)))
    self.checks = checks
    quadratureTrace = ours
    hutchinsonTrace = other
    productErrorIsBound = derived != nil
  }

  /// The trace from the rules' first moments, with a standard error that is defined even for a single probe.
  ///
  /// For v uniform on the sphere, n·vᵀHv has the variance 2n/(n + 2)·(‖H‖_F² − (tr H)²/n), and n·(vᵀH²v −
  /// (vᵀHv)²) = n·β₁² estimates the bracket: 2n²/(n + 2)·β₁².
  private static func trace(_ probes: [SpectrumProbe], dimension: Int) -> MeanEstimate {
    let n = Double(dimension)
    let k = Double(probes.count)
    let mean = probes.reduce(0) { $0 + n * $1.quadrature.moment(1) } / k
    let variance = probes.reduce(0) { $0 + 2 * n * n / (n + 2) * $1.beta[0] * $1.beta[0] } / k
    return MeanEstimate(mean: mean, standardError: (variance / k).squareRoot(), count: probes.count)
  }

  /// The difference of two means that chance exceeds with the given probability, by Welch's test.
  ///
  /// The variance of the first estimate has one degree of freedom per probe (an estimate from β₁ is a χ²₁ if a single
  /// eigenvalue dominates), that of the second one fewer than its samples.
  private static func allowance(
    _ first: MeanEstimate, _ second: MeanEstimate, _ failureProbability: Double
  ) -> Double {
    let a = (first.standardError ?? .nan) * (first.standardError ?? .nan)
    let b = (second.standardError ?? .nan) * (second.standardError ?? .nan)
    if a + b == 0 { return 0 }
    let freedom = (a + b) * (a + b) / (a * a / Double(first.count) + b * b / Double(second.count - 1))
    guard freedom.isFinite else { return .nan }
    let t = StudentT.quantile(
      twoSided: 1 - failureProbability, degreesOfFreedom: max(1, Int(freedom)))
    return t * (a + b).squareRoot()
  }

  /// The bounds of the checks.
  private struct Rounding {
    let dimension: Int
    /// ε of the vectors' type.
    let unit: Double
    /// ‖computed Hv − Hv‖ for a unit vector.
    let productError: Double

    /// The relative rounding of an inner product in 32 lanes of Double and of a few operations after it.
    var inner: Double { (Double(dimension) / 32 + 16) * Double.ulpOfOne }

    /// The second pass subtracts almost nothing, m fused steps of u·|wᵢ| per element, and the division rounds each
    /// element once more: (m + 1)u in norm, the same for the vector with which it is multiplied, and ε = 2u instead of
    /// u for what the first pass left.
    func orthogonality(steps: Int) -> Double { Double(steps + 2) * unit + inner }

    /// The squares of a row that is a unit vector up to 4(sweeps + 1)ε, with at most three sweeps per step.
    func weightSum(steps: Int) -> Double { 8 * Double(3 * steps + 1) * Double.ulpOfOne }

    /// Degrees up to 3 depend only on the first two steps: T's leading block is that of a matrix within
    /// √2·(productError + (2·2 + 8)·ε·scale) of H, QL moves eigenvalues by 12(3m + 1)ε, each direct product has an
    /// error of productError, and the start vector's length an error of ε. A k-th power changes by k times that.
    func moment(_ degree: Int, steps: Int, scale: Double) -> Double {
      let k = Double(degree)
      let power = (0..<degree).reduce(1.0) { value, _ in value * scale }
      let lower = (1..<max(degree, 1)).reduce(1.0) { value, _ in value * scale }
      let process = 2.0.squareRoot() * (productError + 12 * unit * scale)
      let values = 12 * Double(3 * steps + 1) * Double.ulpOfOne * scale
      return k * lower * (process + productError + values)
        + power * (weightSum(steps: steps) + inner + (k + 1) * 2 * unit)
    }
  }
}
