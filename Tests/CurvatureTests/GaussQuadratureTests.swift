import EscapementLAPACK
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementRandomness
import EscapementTestSupport
import Testing

/// The quadrature rule against direct moments, and the density against its definition.
@Suite("Gauss quadrature")
struct GaussQuadratureTests {
  /// vᵀHᵏv/vᵀv for k = 0…degree by repeated products.
  private func directMoments(
    _ a: DenseSymmetricOperator<Double>, _ start: Tensor<Double>, degree: Int
  ) -> [Double] {
    let v = start.zip(.divide, scalar: start.norm())
    var power = v
    return (0...degree).map { k in
      if k > 0 { power = a.product(power) }
      return v.dot(power)
    }
  }

  @Test("m steps integrate degree ≤ 2m − 1 exactly, and degree 2m not", arguments: [1, 2, 3, 5, 8])
  func exactness(_ m: Int) throws {
    // Spectrum in [−1, 1], ‖A‖ = 1, so that powers neither grow nor vanish.
    let n = 40
    let values = (0..<n).map { -1 + 2 * Double($0) / Double(n - 1) }
    let known = KnownSpectrum("linear", values: values, seed: 31)
    let a = known.asOperator(Double.self)
    let lanczos = Lanczos(steps: m, seed: 32)
    let start = lanczos.startVector(Double.self, dimension: n)
    let quadrature = try GaussQuadrature(lanczos.decompose(a).tridiagonal)
    let direct = directMoments(a, start, degree: 2 * m)
    // Direct: each of k products errs by γ‖A‖_F, with all later ones contracting. Rule: T is that of a matrix
    // within √m(γ‖A‖_F + (2m + 8)ε) of A, which moves a k-th power by k times that; node error times k.
    let gamma = a.productErrorBound!
    let process = Double(m).squareRoot() * (gamma + Double(2 * m + 8) * Double.ulpOfOne)
    for k in 0...(2 * m - 1) {
      let bound = Double(k + 1) * (gamma + process + 40 * Double(m + 1) * Double.ulpOfOne)
      #expect((quadrature.moment(k) - direct[k]).magnitude <= bound, "degree \(k) with \(m) steps")
    }
    // The error at degree 2m is (β₁…β_m)²; with β near ½ it stands far above rounding.
    let krylov = try lanczos.decompose(a)
    let expected = krylov.beta.reduce(1) { $0 * $1 * $1 }
    let defect = direct[2 * m] - quadrature.moment(2 * m)
    let bound = Double(2 * m + 1) * (gamma + process + 40 * Double(m + 1) * Double.ulpOfOne)
    #expect(expected > 100 * bound)
    #expect((defect - expected).magnitude <= bound)
  }

  @Test("moments match Σ λᵏ(q·v)² from LAPACK's eigenvectors")
  func againstEigenvectors() throws {
    let known = KnownSpectrum.family(50)[0]
    let a = known.asOperator(Double.self)
    let lanczos = Lanczos(steps: 10, seed: 33)
    let start = lanczos.startVector(Double.self, dimension: 50)
    let exact = try ExactSpectrum(of: known.matrix, vectors: true)
    let rows = exact.vectors!
    let squared = start.dot(start)
    let weights = (0..<50).map { i in
      let projection = rows.view(at: 50 * i, shape: [50]).dot(start)
      return projection * projection / squared
    }
    let quadrature = try GaussQuadrature(lanczos.decompose(a).tridiagonal)
    let norm = exact.values.reduce(0) { max($0, $1.magnitude) }
    for k in 0...19 {
      let direct = zip(exact.values, weights).reduce(0) { sum, pair in
        sum + pair.1 * (0..<k).reduce(1.0) { power, _ in power * pair.0 }
      }
      let power = (0..<k).reduce(1.0) { power, _ in power * norm }
      // As above, relative to ‖A‖ᵏ, and LAPACK's 36n·ε for each of k factors and for the two eigenvectors.
      let relative =
        10.0.squareRoot() * (2 * a.productErrorBound! / norm + 28 * Double.ulpOfOne)
        + 36 * 50 * Double.ulpOfOne
      #expect((quadrature.moment(k) - direct).magnitude <= Double(k + 2) * relative * power, "degree \(k)")
    }
  }

  @Test("the mean of rules is the mean of their moments, and weights are not renormalized")
  func mean() throws {
    let a = SymmetricTridiagonal(diagonal: [1, 2], offDiagonal: [0.5])
    let b = SymmetricTridiagonal(diagonal: [-1, 4, 0], offDiagonal: [1, 2])
    let rules = try [GaussQuadrature(a), GaussQuadrature(b)]
    let mean = GaussQuadrature(mean: rules)
    #expect(mean.nodes.count == 5)
    // First moments are the first diagonal entries, 1 and −1: mean 0; a dozen operations on numbers below 6.
    #expect(mean.moment(1).magnitude <= 12 * 36 * 6 * Double.ulpOfOne)
    #expect(mean.weightSum == mean.weights.reduce(0, +))
    #expect((mean.weightSum - 1).magnitude <= 8 * 10 * Double.ulpOfOne)
  }

  @Test("the density is the weighted sum of Gaussians")
  func density() throws {
    let quadrature = try GaussQuadrature(
      SymmetricTridiagonal(diagonal: [1, -2, 0.5], offDiagonal: [0.7, 0.3]))
    let grid = (0...400).map { -6 + 0.03 * Double($0) }
    let variance = 0.04
    let density = quadrature.density(on: grid, variance: variance)
    for (x, value) in Swift.zip(grid, density) {
      let expected = Swift.zip(quadrature.nodes, quadrature.weights).reduce(0.0) { sum, pair in
        let d = x - pair.0
        return sum + pair.1 * Foundation.exp(-d * d / (2 * variance))
          / (2 * Double.pi * variance).squareRoot()
      }
      // An exponent z carries 3 roundings, so its exponential is off by (3|z| + a few)u, and |z|·e^z ≤ 1/e.
      #expect((value - expected).magnitude <= 32 * Double.ulpOfOne)
    }
    // The trapezoidal sum of smooth functions that vanish at the ends is exact to rounding at σ = 6.7 steps.
    #expect((density.reduce(0, +) * 0.03 - quadrature.weightSum).magnitude <= 401 * 8 * Double.ulpOfOne)
    #expect(quadrature.density(on: [1e9, -1e9], variance: 1e-3) == [0, 0])
  }

  @Test("the probability bound inverts, shrinks with steps and holds in trials")
  func probabilityBound() throws {
    for (steps, n) in [(10, 100), (100, 464_154), (50, 2)] {
      for p in [1e-2, 1e-9] {
        let bound = KrylovProbabilityBound(steps: steps, dimension: n, failureProbability: p)
        let back = KrylovProbabilityBound.failureProbability(
          steps: steps, dimension: n, relativeGap: bound.relativeGap)
        // An exponent of size L = √ε(2k − 1) ≤ 40 with 4 roundings: relative error 4·40·ε, and a log's few ulp.
        #expect((back - p).magnitude <= 200 * Double.ulpOfOne * p)
        let oracle = Foundation.log(1.648 * Double(n).squareRoot() / p) / Double(2 * steps - 1)
        #expect((bound.relativeGap - oracle * oracle).magnitude <= 16 * Double.ulpOfOne * oracle * oracle)
      }
    }
    let short = KrylovProbabilityBound(steps: 3, dimension: 1000, failureProbability: 1e-6)
    #expect(short.relativeGap > 1 && short.overhang(ritzSpread: 2) == nil)
    #expect(KrylovProbabilityBound.failureProbability(steps: 3, dimension: 1000, relativeGap: 0.1) == 1)

    // Trials: at failure probability 0.05 a side, the limits hold for the true extremes. The bound is far from
    // tight, so no failure in 40 trials is expected (and 0.95⁴⁰ = 13 % if it were tight, seeds being fixed).
    let values = (0..<60).map { Double($0) / 59 }
    let known = KnownSpectrum("linear", values: values, seed: 34)
    let a = known.asOperator(Double.self)
    for seed in UInt64(0)..<40 {
      let report = try extremeSpectrum(of: a, steps: 14, seed: seed, failureProbability: 0.05)
      let lower = try #require(report.smallestLowerLimit)
      let upper = try #require(report.largestUpperLimit)
      #expect(lower <= known.uncertainty && upper >= 1 - known.uncertainty, "seed \(seed)")
      #expect(upper - lower < 3)
    }
  }
}
