import EscapementKernels

/// The extremes of a spectrum together with checks of the measurement itself.
///
/// If `certification.isValid` is false, the numbers do not describe a fixed matrix and must not be quoted; the failed
/// checks give the reason.
public struct CertifiedSpectrum: Sendable {
  /// Extremes, rule and certificates.
  public let report: SpectrumReport
  /// Six properties with their bounds.
  public let certification: SelfCertification
  /// zᵀHz of the vectors used in the check of the trace.
  public let traceSamples: HutchinsonTrace
  /// The Ritz vector of the smallest Ritz value, in Double, of unit length up to rounding.
  public let smallest: Tensor<Double>
  /// The Ritz vector of the largest Ritz value, likewise.
  public let largest: Tensor<Double>
  /// The number of products of both operators together.
  public let products: Int

  /// The number of vectors for the trace. Ten vectors cost a tenth of a hundred steps and give a standard error with
  /// nine degrees of freedom. The value is this package's choice.
  public static let traceProbes = 10

  /// The number of products in addition to the Lanczos steps.
  public static let furtherProducts = 2 + OperatorChecks.products + SpectrumProbe.products + traceProbes

  /// Decomposes `map` from start vector number `probe` of the seed, measures the residuals of both extremes with
  /// `measure`, another operator for the same matrix, and checks the measurement.
  public init<Operator: SymmetricOperator, Measure: SymmetricOperator>(
    of map: Operator, measuredBy measure: Measure, steps: Int = 100, seed: UInt64, probe: UInt64 = 0,
    failureProbability: Double = 1e-6
  ) throws {
    let found = try ExtremeDecomposition(
      of: map, measuredBy: measure, steps: steps, seed: seed, probe: probe, breakdown: .stop,
      failureProbability: failureProbability, onStep: { _ in })
    traceSamples = try HutchinsonTrace(
      of: map, probes: Self.traceProbes, seed: seed, first: Int(probe) * Self.traceProbes)
    certification = SelfCertification(
      of: map, probes: [try SpectrumProbe(found.krylov, of: map)], operatorChecks: found.checks,
      trace: traceSamples)
    report = found.report
    smallest = found.smallest
    largest = found.largest
    products = found.report.products + SpectrumProbe.products + Self.traceProbes
  }
}
