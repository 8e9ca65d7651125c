import EscapementStatistics
import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// Traces with standard errors, against known ones.
@Suite("Stochastic traces")
struct TraceTests {
  static func trace(_ a: DenseSymmetricOperator<Double>) -> Double {
    (0..<a.dimension).reduce(0) { $0 + a.matrix[$1 * a.dimension + $1] }
  }

  /// Each of the samples errs by the product's bound times zᵀz = n, and by an inner product in 32 lanes.
  static func rounding(_ a: DenseSymmetricOperator<Double>) -> Double {
    let n = Double(a.dimension)
    return n * (a.productErrorBound! + (n / 32 + 16) * Double.ulpOfOne * a.matrix.norm())
  }

  @Test("Hutchinson's samples are exact for a diagonal matrix, and its intervals cover")
  func hutchinson() throws {
    var diagonal = [Double](repeating: 0, count: 81)
    for i in 0..<9 { diagonal[10 * i] = Double(i - 3) }
    let exact = try HutchinsonTrace(
      of: DenseSymmetricOperator(Tensor(diagonal, shape: [9, 9])), probes: 4, seed: 1)
    #expect(exact.samples == [9, 9, 9, 9] && exact.estimate.standardError == 0)

    let a = KnownSpectrum.family(40)[0].asOperator(Double.self)
    let truth = Self.trace(a)
    let runs = try (0..<200).map {
      try HutchinsonTrace(of: a, probes: 10, seed: 100 + UInt64($0)).estimate
    }
    // 200 fair trials at 95 %: 4.5 standard deviations are 0.07; samples are nearly normal.
    let covered = runs.filter { $0.interval()!.contains(truth) }.count
    #expect((176...200).contains(covered))
    // The variance of a sample is 2(‖A‖_F² − Σ Aᵢᵢ²); its mean over 200·9 degrees of freedom is known to
    // √(2/1800) = 3.3 % for normal samples: 20 % allows for their kurtosis.
    let squares = (0..<40).reduce(0.0) { $0 + a.matrix[$1 * 41] * a.matrix[$1 * 41] }
    let variance = 2 * (a.matrix.dot(a.matrix) - squares)
    let measured = runs.reduce(0) { $0 + 10 * $1.standardError! * $1.standardError! } / 200
    #expect((measured / variance - 1).magnitude <= 0.2)
    // And the 200 means themselves have the mean of the trace.
    let overall = MeanEstimate(runs.map(\.mean))
    #expect(overall.interval(confidence: 0.9999)!.contains(truth))
  }

  @Test("Hutch++ is exact on a matrix of a rank within its sketch")
  func lowRank() throws {
    let known = KnownSpectrum(
      "rank 8", values: (0..<120).map { $0 < 8 ? Double($0) - 3.5 : 0 }, seed: 61)
    let a = known.asOperator(Double.self)
    let result = try HutchPlusPlusTrace(of: a, products: 30, seed: 2)
    // Two sketched columns are rounding after eight; KnownSpectrum's own zeros are rounding too, so that a
    // ninth direction may stand at the limit.
    #expect((8...9).contains(result.rank) && result.products == 20 + result.rank)
    // 20 quotients and 10 remainders, each with an error of the product, and the entries' own uncertainty.
    let slack = 3 * Self.rounding(a) + 120 * known.uncertainty
    #expect((result.estimate.mean - Self.trace(a)).magnitude <= slack)
    #expect(result.estimate.standardError! <= slack)
  }

  @Test(
    "on a decaying spectrum Hutch++ errs less than Hutchinson with as many products, and its interval covers")
  func decaying() throws {
    let values = (1...150).map { 100 / Double($0 * $0) }
    let a = KnownSpectrum("1/i²", values: values, seed: 62).asOperator(Double.self)
    let truth = Self.trace(a)
    var plain = 0.0
    var sketched = 0.0
    var covered = 0
    let runs = 30
    for seed in 0..<UInt64(runs) {
      let ours = try HutchPlusPlusTrace(of: a, products: 45, seed: seed)
      #expect(ours.products == 45 && ours.rank == 15)
      let other = try HutchinsonTrace(of: a, probes: 45, seed: seed).estimate
      sketched += (ours.estimate.mean - truth) * (ours.estimate.mean - truth)
      plain += (other.mean - truth) * (other.mean - truth)
      if ours.estimate.interval(confidence: 0.99)!.contains(truth) { covered += 1 }
    }
    // Hutchinson's variance is 2‖A‖_F²/45; Hutch++'s 2‖A − A₁₅‖_F²/15 or so, 10⁻³ of it here.
    #expect(sketched.squareRoot() < 0.1 * plain.squareRoot())
    #expect(covered >= 27)
  }

  @Test("Hutch++ has no bias on an indefinite matrix")
  func indefinite() throws {
    let a = KnownSpectrum.family(50)[0].asOperator(Double.self)
    let truth = Self.trace(a)
    let means = try (0..<60).map {
      try HutchPlusPlusTrace(of: a, products: 18, seed: 300 + UInt64($0)).estimate.mean
    }
    #expect(MeanEstimate(means).interval(confidence: 0.9999)!.contains(truth))
  }

  @Test("a product that is not finite throws")
  func errors() {
    let broken = RedrawnOperator(dimension: 6) { i in
      ShiftedGramOperator(
        rows: Tensor<Float>(repeating: i == 4 ? Float.greatestFiniteMagnitude : 1, shape: [1, 6]))
    }
    #expect(throws: LanczosError.nonFinite(step: 5)) {
      try HutchinsonTrace(of: broken, probes: 6, seed: 1)
    }
  }
}
