import EscapementKernels

/// The number of products that `extremeSpectrum` takes in addition to the Lanczos steps: two for residuals, three for
/// checks.
public let extremeSpectrumExtraProducts = 5

/// λ_min and λ_max of an operator by Lanczos, with certificates and self-checks.
///
/// `steps` products are used for the decomposition; two more measure the residuals of the extreme Ritz pairs and three
/// check symmetry and drift. The default of 100 steps is that of PyHessian and of the papers' code. The failure
/// probability of 1e-6 for each side is this package's choice. An `ObservedOperator` shows the progress and can
/// interrupt.
public func extremeSpectrum<Operator: SymmetricOperator>(
  of map: Operator, steps: Int = 100, seed: UInt64, probe: UInt64 = 0,
  breakdown: Lanczos.Breakdown = .stop, failureProbability: Double = 1e-6
) throws -> SpectrumReport {
  try extremeSpectrum(
    of: map, measuredBy: map, steps: steps, seed: seed, probe: probe, breakdown: breakdown,
    failureProbability: failureProbability)
}

/// As `extremeSpectrum(of:steps:seed:)`, with residuals measured by another operator for the same matrix: Lanczos in
/// Float, certificates in Double.
public func extremeSpectrum<Operator: SymmetricOperator, Measure: SymmetricOperator>(
  of map: Operator, measuredBy measure: Measure, steps: Int = 100, seed: UInt64, probe: UInt64 = 0,
  breakdown: Lanczos.Breakdown = .stop, failureProbability: Double = 1e-6
) throws -> SpectrumReport {
  try extremePairs(
    of: map, measuredBy: measure, steps: steps, seed: seed, probe: probe, breakdown: breakdown,
    failureProbability: failureProbability
  ).report
}

/// The same with the Ritz vectors of both extremes, in Double and of unit length up to rounding.
public func extremePairs<Operator: SymmetricOperator, Measure: SymmetricOperator>(
  of map: Operator, measuredBy measure: Measure, steps: Int = 100, seed: UInt64, probe: UInt64 = 0,
  breakdown: Lanczos.Breakdown = .stop, failureProbability: Double = 1e-6
) throws -> (report: SpectrumReport, smallest: Tensor<Double>, largest: Tensor<Double>) {
  let found = try ExtremeDecomposition(
    of: map, measuredBy: measure, steps: steps, seed: seed, probe: probe, breakdown: breakdown,
    failureProbability: failureProbability)
  return (found.report, found.smallest, found.largest)
}

/// A decomposition with the report made from it.
struct ExtremeDecomposition<Element: Real> {
  let report: SpectrumReport
  let krylov: KrylovDecomposition<Element>
  let checks: OperatorChecks
  private let eigen: TridiagonalEigen

  var smallest: Tensor<Double> { krylov.ritzVector(eigen.vector(0)) }
  var largest: Tensor<Double> { krylov.ritzVector(eigen.vector(krylov.steps - 1)) }

  /// The certificate of the Ritz pair number `index`, ascending.
  func certificate(_ index: Int, measuredBy measure: some SymmetricOperator) throws -> RitzCertificate {
    try RitzCertificate(index, of: krylov, eigen: eigen, measuredBy: measure)
  }

  init<Operator: SymmetricOperator<Element>, Measure: SymmetricOperator>(
    of map: Operator, measuredBy measure: Measure, steps: Int, seed: UInt64, probe: UInt64,
    breakdown: Lanczos.Breakdown, failureProbability: Double
  ) throws {
    precondition(
      measure.dimension == map.dimension,
      "an operator of dimension \(map.dimension) measured by one of \(measure.dimension)")
    let lanczos = Lanczos(steps: steps, seed: seed, probe: probe, breakdown: breakdown)
    krylov = try lanczos.decompose(map)
    eigen = try TridiagonalEigen(krylov.tridiagonal)
    let quadrature = GaussQuadrature(eigen)
    checks = try OperatorChecks(map, seed: seed, probe: probe)
    report = SpectrumReport(
      dimension: map.dimension, elementType: Operator.Element.dtypeName, seed: seed, probe: probe,
      stepsAsked: steps, steps: krylov.steps, exhausted: krylov.end == .invariantSubspace,
      alpha: krylov.alpha, beta: krylov.beta, ritzValues: quadrature.nodes, weights: quadrature.weights,
      weightSum: quadrature.weightSum,
      smallest: try RitzCertificate(0, of: krylov, eigen: eigen, measuredBy: measure),
      largest: try RitzCertificate(krylov.steps - 1, of: krylov, eigen: eigen, measuredBy: measure),
      probabilityBound: KrylovProbabilityBound(
        steps: krylov.steps, dimension: map.dimension, failureProbability: failureProbability),
      asymmetry: checks.asymmetry, drift: checks.drift, orthogonalityLoss: krylov.orthogonalityLoss,
      products: krylov.steps + 2 + OperatorChecks.products)
  }
}
