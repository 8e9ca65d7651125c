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
  /// The smallest Ritz pairs from the smallest on, and the largest from the largest on; the first of each is the
  /// report's.
  ///
  /// Each interval contains an eigenvalue, and disjoint intervals contain different ones. A start vector sees each
  /// eigenvalue once, whatever its multiplicity, and an eigenvalue whose vector it hardly contains not at all: the pair
  /// number k need not be the k-th eigenvalue.
  public let smallestPairs, largestPairs: [RitzCertificate]
  /// The requested number of pairs at each end.
  public let pairsAsked: Int
  /// The number of products of both operators together.
  public let products: Int

  /// The number of vectors for the trace. Ten vectors cost a tenth of a hundred steps and give a standard error with
  /// nine degrees of freedom. The value is this package's choice.
  public static let traceProbes = 10

  /// The number of products in addition to the Lanczos steps.
  public static let furtherProducts = 2 + OperatorChecks.products + SpectrumProbe.products + traceProbes

  /// Decomposes `map` from start vector number `probe` of the seed, measures the residuals of both extremes with
  /// `measure`, another operator for the same matrix, and checks the measurement. With `pairs` above 1 the residuals of
  /// that many Ritz pairs at each end are measured, at most all; each takes one more product of `measure`.
  public init<Operator: SymmetricOperator, Measure: SymmetricOperator>(
    of map: Operator, measuredBy measure: Measure, steps: Int = 100, seed: UInt64, probe: UInt64 = 0,
    failureProbability: Double = 1e-6, pairs: Int = 1
  ) throws {
    precondition(pairs >= 1, "\(pairs) pairs")
    let found = try ExtremeDecomposition(
      of: map, measuredBy: measure, steps: steps, seed: seed, probe: probe, breakdown: .stop,
      failureProbability: failureProbability)
    traceSamples = try HutchinsonTrace(
      of: map, probes: Self.traceProbes, seed: seed, first: Int(probe) * Self.traceProbes)
    certification = SelfCertification(
      of: map, probes: [try SpectrumProbe(found.krylov, of: map)], operatorChecks: found.checks,
      trace: traceSamples)
    report = found.report
    smallest = found.smallest
    largest = found.largest
    pairsAsked = pairs
    let further = 1..<max(1, min(pairs, found.krylov.steps))
    smallestPairs = [report.smallest] + (try further.map { try found.certificate($0, measuredBy: measure) })
    largestPairs =
      [report.largest]
      + (try further.map { try found.certificate(found.krylov.steps - 1 - $0, measuredBy: measure) })
    products = found.report.products + SpectrumProbe.products + Self.traceProbes + 2 * further.count
  }
}
