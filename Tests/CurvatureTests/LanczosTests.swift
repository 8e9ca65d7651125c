import EscapementLAPACK
import CEscapementKernels
import EscapementCurvature
import EscapementKernels
import EscapementRandomness
import EscapementTestSupport
import Testing

extension KnownSpectrum: CustomTestStringConvertible {
  public var testDescription: String { name }
}

/// Lanczos on matrices whose spectra are known.
@Suite("Lanczos on known spectra")
struct LanczosTests {
  static let family = KnownSpectrum.family()

  /// What the n×n product and the process may lose in `type`, relative to ‖A‖₂: the derived bound of a product
  /// (γ‖A‖_F), and for each of m steps the two-pass orthogonalization's own rounding, (2m + 8)·ε‖A‖ at most.
  static func processError<E: Real>(_ a: DenseSymmetricOperator<E>, steps: Int, norm: Double) -> Double {
    let m = Double(steps)
    // A perturbation of T: columns each off by at most e gather to √m·e in norm.
    return m.squareRoot() * (a.productErrorBound! + (2 * m + 8) * Double(E.ulpOfOne) * norm)
  }

  private func checkExtremes<E: Real>(_ known: KnownSpectrum, _ type: E.Type) throws {
    let a = known.asOperator(E.self)
    let exact = try ExactSpectrum(of: a.matrix.converted(to: Double.self))
    let norm = exact.values.reduce(0) { max($0, $1.magnitude) }
    // LAPACK: backward stable, p(n)·ε·‖A‖ with p linear; 12·3n sweeps as for our own QL covers it.
    let oracle = 36 * Double(a.dimension) * Double.ulpOfOne * norm
    let report = try extremeSpectrum(of: a, steps: 80, seed: 3)
    let slack = Self.processError(a, steps: report.steps, norm: norm) + oracle

    // Ritz values are values of a Rayleigh quotient: inside the spectrum, up to rounding.
    #expect(report.ritzValues.first! >= exact.values.first! - slack)
    #expect(report.ritzValues.last! <= exact.values.last! + slack)
    // Certificates: an eigenvalue within each interval, and the extremes beyond the quotients.
    #expect(report.smallest.roundingIsBound && report.largest.roundingIsBound)
    for certificate in [report.smallest, report.largest] {
      let nearest = exact.values.map { ($0 - certificate.rayleighQuotient).magnitude }.min()!
      #expect(nearest <= certificate.residual + certificate.rounding + oracle)
    }
    #expect(exact.values.first! <= report.smallestUpperLimit + oracle)
    #expect(exact.values.last! >= report.largestLowerLimit - oracle)
    // The whole space is n = 80 steps, or the process stopped because the space was invariant: then the
    // extremes are reached up to rounding and the β at which it stopped.
    let end = report.beta.last!
    #expect((report.ritzValues.first! - exact.values.first!).magnitude <= slack + end)
    #expect((report.ritzValues.last! - exact.values.last!).magnitude <= slack + end)
    #expect(report.smallest.residual <= slack + end)
    #expect(report.largest.residual <= slack + end)
    // And the known values themselves.
    let known0 = known.uncertainty(in: E.self) + slack + end
    #expect((report.ritzValues.first! - known.values.first!).magnitude <= known0)
    #expect((report.ritzValues.last! - known.values.last!).magnitude <= known0)
    // A fixed symmetric matrix: products repeat to the bit, and are symmetric up to their own error.
    #expect(report.drift == 0)
    #expect(report.asymmetry <= (norm == 0 ? 0 : 1) * Double(a.dimension) * Double(E.ulpOfOne))
    // Squares of the m entries of a row that is a unit vector up to 4(sweeps + 1)ε, sweeps ≤ 3m.
    #expect((report.weightSum - 1).magnitude <= 8 * Double(3 * report.steps + 1) * Double.ulpOfOne)
    #expect(report.weights.allSatisfy { $0 >= 0 })
  }

  @Test("extreme Ritz values against LAPACK, Double", arguments: family)
  func extremesDouble(_ known: KnownSpectrum) throws { try checkExtremes(known, Double.self) }

  @Test("extreme Ritz values against LAPACK, Float", arguments: family)
  func extremesFloat(_ known: KnownSpectrum) throws { try checkExtremes(known, Float.self) }

  @Test("Float Lanczos with Double certificates holds for the Double matrix", arguments: family)
  func certifiedInDouble(_ known: KnownSpectrum) throws {
    let measure = known.asOperator(Double.self)
    let report = try extremeSpectrum(
      of: known.asOperator(Float.self), measuredBy: measure, steps: 40, seed: 4)
    let exact = try ExactSpectrum(of: known.matrix)
    let norm = exact.values.reduce(0) { max($0, $1.magnitude) }
    let oracle = 36 * Double(measure.dimension) * Double.ulpOfOne * norm
    #expect(exact.values.first! <= report.smallestUpperLimit + oracle)
    #expect(exact.values.last! >= report.largestLowerLimit - oracle)
    for certificate in [report.smallest, report.largest] {
      let nearest = exact.values.map { ($0 - certificate.rayleighQuotient).magnitude }.min()!
      #expect(nearest <= certificate.residual + certificate.rounding + oracle)
    }
  }

  @Test("no ghosts: an eigenvalue appears at most as often as it has multiplicity", arguments: [60, 100])
  func noGhosts(_ n: Int) throws {
    for known in KnownSpectrum.family(n) where known.name != "zero" {
      let a = known.asOperator(Double.self)
      let norm = known.values.reduce(0) { max($0, $1.magnitude) }
      for breakdown in [Lanczos.Breakdown.stop, .restart, .proceed] {
        let krylov = try Lanczos(steps: 200, seed: 5, breakdown: breakdown).decompose(a)
        let ritz = try TridiagonalEigen(krylov.tridiagonal).values
        let slack = Self.processError(a, steps: krylov.steps, norm: norm) + known.uncertainty
        #expect(krylov.steps <= n)
        // With V orthonormal, T is a compression of A, so by Cauchy's interlacing Ritz value i lies between
        // eigenvalue i and eigenvalue i + n − m: no interval can hold more Ritz values than eigenvalues
        // but for ones that pass through. A ghost, a second copy at an end of the spectrum, breaks it.
        for (i, theta) in ritz.enumerated() {
          #expect(theta >= known.values[i] - slack, "\(known.name), \(breakdown), Ritz value \(i)")
          #expect(
            theta <= known.values[i + n - ritz.count] + slack, "\(known.name), \(breakdown), Ritz value \(i)")
        }
        if breakdown != .stop { #expect(krylov.steps == n) }
      }
      // Stopped, T holds each distinct eigenvalue once (clusters that rounding cannot tell apart count as one).
      let stopped = try Lanczos(steps: 200, seed: 5).decompose(a)
      let distinct = Set(known.values).count
      // One step more, as rounding keeps a remainder alive where eigenvalues are close.
      #expect(
        stopped.steps <= distinct + 1, "\(known.name): \(stopped.steps) steps for \(distinct) eigenvalues")
      if distinct < n {
        #expect(stopped.end == .invariantSubspace)
      }
    }
  }

  private func orthogonality<E: Real>(
    _ known: KnownSpectrum, _ type: E.Type, passes: Int, _ breakdown: Lanczos.Breakdown
  ) throws -> Double {
    var lanczos = Lanczos(steps: 100, seed: 6, breakdown: breakdown)
    lanczos.reorthogonalizationPasses = passes
    let krylov = try lanczos.decompose(known.asOperator(E.self))
    #expect(krylov.steps == 100)
    return krylov.orthogonalityLoss
  }

  @Test("two passes keep V orthonormal beyond the end of the Krylov space, one pass does not")
  func twoPasses() throws {
    let known = KnownSpectrum.rankFiftyPlusIdentity(500)
    for breakdown in [Lanczos.Breakdown.proceed, .restart] {
      // A second pass subtracts almost nothing, so it leaves the roundings of 100 steps of fma, u|wᵢ| each and
      // of random sign: √100·u = 6e-7 of ‖w‖ in Float and 1.1e-15 in Double, before projecting on one v.
      let single = try orthogonality(known, Float.self, passes: 2, breakdown)
      let double = try orthogonality(known, Double.self, passes: 2, breakdown)
      #expect(single <= 1e-6)
      #expect(double <= 1e-14)
    }
    let single = try orthogonality(known, Float.self, passes: 1, .proceed)
    let double = try orthogonality(known, Double.self, passes: 1, .proceed)
    #expect(single > 0.1)
    #expect(double > 0.1)
  }

  @Test("the stop rule ends soon after the number of distinct eigenvalues, and far from 100 steps")
  func stopRule() throws {
    // Nine well separated eigenvalues: the ninth remainder is rounding, amplified by ‖T‖/β of the step before;
    // followed once more, it is rounding alone.
    let few = KnownSpectrum(
      "rank 8", values: (0..<200).map { $0 < 8 ? Double($0 + 1) : 0 }, seed: 10)
    let exact = try Lanczos(steps: 100, seed: 7).decompose(few.asOperator(Double.self))
    #expect(exact.end == .invariantSubspace && (9...10).contains(exact.steps))
    let rounded = try Lanczos(steps: 100, seed: 7).decompose(few.asOperator(Float.self))
    #expect(rounded.end == .invariantSubspace && (9...10).contains(rounded.steps))
    let noise = 200.0.squareRoot() * Double.ulpOfOne * exact.tridiagonal.rowSumNorm
    #expect(exact.beta[8] <= noise * exact.tridiagonal.rowSumNorm / exact.beta[7])

    // Fifty eigenvalues a few hundredths apart amplify rounding before they end, so a few steps more are due;
    // each must still be a compression of the matrix: no Ritz value leaves the spectrum.
    let known = KnownSpectrum.rankFiftyPlusIdentity(300)
    let a = known.asOperator(Double.self)
    let stopped = try Lanczos(steps: 100, seed: 7).decompose(a)
    #expect(stopped.end == .invariantSubspace && stopped.steps >= 51 && stopped.steps < 60)
    let single = try Lanczos(steps: 100, seed: 7).decompose(known.asOperator(Float.self))
    #expect(single.end == .invariantSubspace && single.steps >= 51 && single.steps < 60)
    // Continued with fresh vectors, β is exactly 0 there and all before is the same.
    let restarted = try Lanczos(steps: 100, seed: 7, breakdown: .restart).decompose(a)
    #expect(restarted.steps == 100 && restarted.beta[stopped.steps - 1] == 0)
    #expect(Array(restarted.alpha.prefix(stopped.steps)) == stopped.alpha)
    let followed = try Lanczos(steps: 100, seed: 7, breakdown: .proceed).decompose(a)
    #expect(followed.beta[stopped.steps - 1] == stopped.beta.last)
    let norm = known.values.last!
    let slack = known.uncertainty + Self.processError(a, steps: 100, norm: norm)
    for krylov in [stopped, restarted, followed] {
      let ritz = try TridiagonalEigen(krylov.tridiagonal).values
      #expect(ritz.first! >= known.values.first! - slack)
      #expect(ritz.last! <= known.values.last! + slack)
    }
  }
}
