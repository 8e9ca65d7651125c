import EscapementLAPACK
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing

@testable import EscapementCurvature
@testable import EscapementNetworks

/// What is measured of one small problem whose spectrum is known from its dense Hessian.
struct SpectrumTruth: Sendable {
  /// By number of probes: W₁ between the quadrature's measure and the spectrum, over λ_max − λ_min.
  var distances: [Int: Double] = [:]
  /// Statements made with a failure probability of `claimed`, and how many were wrong.
  var statements = 0
  var wrong = 0
  static let claimed = 0.05
  static let probes = [1, 3, 10]

  mutating func add(_ other: SpectrumTruth) {
    statements += other.statements
    wrong += other.wrong
    for (probes, distance) in other.distances { distances[probes, default: 0] += distance }
  }

  /// Checks every bound on `problem` and measures the rest; a probe's quadrature takes `ruleSteps` steps.
  init(checking problem: SmallProblem, lanczosSteps: Int, ruleSteps: Int = 40) throws {
    let hessian = problem.hessian()
    let n = hessian.dimension
    let dense = try DenseHessian(of: hessian)
    let exact = try ExactSpectrum(of: dense.symmetricPart.matrix).values
    let (low, high) = (exact[0], exact[n - 1])
    let norm = max(low.magnitude, high.magnitude)
    // √n·ε·‖H‖: the certificates' own estimate of a product's error. The symmetric part is that far, n columns of it,
    // from the operator; LAPACK's backward error is below 36n·ε·‖H‖.
    let rounding = Double(n).squareRoot() * Double.ulpOfOne * norm
    let oracle = 36 * Double(n) * Double.ulpOfOne * norm + Double(n).squareRoot() * rounding
    #expect(dense.asymmetry <= rounding && norm > 1e-3, "\(problem.testDescription)")

    let report = try extremeSpectrum(of: hessian, steps: lanczosSteps, seed: problem.seed)
    #expect(report.drift == 0 && report.asymmetry <= Double(n).squareRoot() * Double.ulpOfOne)
    #expect(low <= report.smallestUpperLimit + oracle && high >= report.largestLowerLimit - oracle)
    for end in [report.smallest, report.largest] {
      let nearest = exact.reduce(Double.infinity) { min($0, ($1 - end.rayleighQuotient).magnitude) }
      #expect(nearest <= end.residual + end.rounding + oracle, "\(problem.testDescription)")
    }
    // But for a failure probability of 2e-6 a case.
    if let below = report.smallestLowerLimit { #expect(low >= below - oracle) }
    if let above = report.largestUpperLimit { #expect(high <= above + oracle) }

    // The second opinion, from the matrix written out, certified by the network's own product.
    let map = dense.symmetricPart
    let second = try LOBPCG(seed: problem.seed).smallest(of: map, measuredBy: hessian)
    let c = second.certificate
    #expect(second.converged, "\(problem.testDescription): residual \(c.residual)")
    #expect(low <= c.rayleighQuotient + c.rounding + oracle)
    #expect(low >= c.rayleighQuotient - c.residual - c.rounding - oracle, "\(problem.testDescription)")
    let apart = (c.rayleighQuotient - report.smallest.rayleighQuotient).magnitude
    #expect(
      apart <= c.residual + c.rounding + report.smallest.residual + report.smallest.rounding,
      "\(problem.testDescription): \(apart)")

    try countFailures(map, problem.seed, exact)
    let rules = try (0..<10).map { probe in
      try GaussQuadrature(
        Lanczos(steps: ruleSteps, seed: problem.seed &+ 1, probe: UInt64(probe)).decompose(map).tridiagonal)
    }
    for probes in Self.probes {
      distances[probes] =
        Self.distance(GaussQuadrature(mean: Array(rules.prefix(probes))), exact) / (high - low)
    }
  }

  /// A total to add to.
  init() {}

  /// Few steps, a failure probability worth the name, several starts: θ_min ≤ λ_min + ε(λ_max − λ_min) and its mirror.
  mutating func countFailures(
    _ map: DenseSymmetricOperator<Double>, _ seed: UInt64, _ exact: [Double]
  ) throws {
    let n = map.dimension
    let spread = exact[n - 1] - exact[0]
    for (probe, steps) in [8, 12, 16].enumerated() {
      let krylov = try Lanczos(steps: steps, seed: seed &+ 2, probe: UInt64(probe)).decompose(map)
      let ritz = try TridiagonalEigen(krylov.tridiagonal).values
      let bound = KrylovProbabilityBound(
        steps: krylov.steps, dimension: n, failureProbability: Self.claimed)
      let allowed = bound.relativeGap * spread
      statements += 2
      if !(ritz[0] <= exact[0] + allowed) { wrong += 1 }
      if !(ritz[ritz.count - 1] >= exact[n - 1] - allowed) { wrong += 1 }
    }
  }

  /// W₁ = ∫ |F − G| dx between a rule and the uniform measure on `spectrum`.
  static func distance(_ rule: GaussQuadrature, _ spectrum: [Double]) -> Double {
    let jumps =
      (zip(rule.nodes, rule.weights).map { ($0, $1) }
      + spectrum.map { ($0, -1 / Double(spectrum.count)) }).sorted { $0.0 < $1.0 }
    var (sum, gap) = (0.0, 0.0)
    for (here, next) in zip(jumps, jumps.dropFirst()) {
      gap += here.1
      sum += gap.magnitude * (next.0 - here.0)
    }
    return sum
  }

  /// At most the expected number of failures and three standard deviations.
  func expectFailuresWithinExpectation() {
    let expected = Double(statements) * Self.claimed
    #expect(Double(wrong) <= expected + 3 * (expected * (1 - Self.claimed)).squareRoot())
  }
}

/// Bounds, densities and a second opinion against dense Hessians of trained small networks.
@Suite("Spectra against the truth")
struct SpectrumTruthTests {
  /// Set to anything, the environment variable ESCAPEMENT_SPECTRUM_TRUTH asks for all 200 small and 5 large cases.
  static let whole = ProcessInfo.processInfo.environment["ESCAPEMENT_SPECTRUM_TRUTH"] != nil

  static func summary(_ total: SpectrumTruth, cases: Int) -> String {
    let distances = SpectrumTruth.probes.map { probes in
      "\(probes) probes \(String(format: "%.5f", total.distances[probes]! / Double(cases)))"
    }
    return "\(cases) cases; \(total.wrong) of \(total.statements) statements at "
      + "\(SpectrumTruth.claimed) wrong; mean W1/spread: \(distances.joined(separator: ", "))"
  }

  @Test("every bound holds over seeded cases, and more probes bring the density nearer")
  func small() throws {
    let cases = Self.whole ? 200 : 18
    var total = SpectrumTruth()
    for i in 0..<cases {
      let problem = SmallProblem.numbered(i)
      #expect(problem.network.layout.count <= 300)
      total.add(try SpectrumTruth(checking: problem, lanczosSteps: 40, ruleSteps: Self.whole ? 40 : 20))
    }
    if Self.whole { print(Self.summary(total, cases: cases)) }
    total.expectFailuresWithinExpectation()
    // The probes' own noise falls as 1/√probes: by √3 and √10 were there no other error.
    let d = SpectrumTruth.probes.map { total.distances[$0]! / Double(cases) }
    #expect(d[1] < 0.75 * d[0] && d[2] < 0.75 * d[1], "\(d)")
  }

  @Test("on evenly spread eigenvalues the probability bound holds, and a twentieth of its gap does not")
  func evenlySpread() throws {
    // Among the hardest spectra for Lanczos: θ_min − λ_min is about (π/2k)²/2 of the spread.
    let n = 200
    let exact = (0..<n).map { -1 + 2 * Double($0) / Double(n - 1) }
    let known = KnownSpectrum("evenly spread", values: exact, seed: 81)
    let map = known.asOperator(Double.self)
    var truth = SpectrumTruth()
    var beyondTwentieth = 0
    for seed in 0..<20 {
      try truth.countFailures(map, UInt64(seed), exact)
      let ritz = try TridiagonalEigen(Lanczos(steps: 12, seed: UInt64(seed)).decompose(map).tridiagonal)
        .values
      let gap = KrylovProbabilityBound(steps: 12, dimension: n, failureProbability: SpectrumTruth.claimed)
        .relativeGap
      if ritz[0] > exact[0] + gap / 20 * 2 { beyondTwentieth += 1 }
    }
    truth.expectFailuresWithinExpectation()
    #expect(truth.statements == 120 && beyondTwentieth >= 15, "\(beyondTwentieth)")
  }

  @Test("the same for about 3,000 parameters", .enabled(if: whole), arguments: [0, 4, 8, 11, 14])
  func large(_ i: Int) throws {
    let problem = SmallProblem.numbered(i, large: true)
    #expect((2500...3500).contains(problem.network.layout.count))
    let truth = try SpectrumTruth(checking: problem, lanczosSteps: 100)
    print("\(problem.testDescription): \(Self.summary(truth, cases: 1))")
  }

  @Test("the distance is that of two hand-made measures")
  func distance() throws {
    // Rule: ¼ at 0, ¾ at 2; spectrum: ½ at 1, ½ at 2. F − G is ¼ on [0, 1) and −¼ on [1, 2).
    let rule = try GaussQuadrature(
      SymmetricTridiagonal(diagonal: [1.5, 0.5], offDiagonal: [(0.75 as Double).squareRoot()]))
    #expect(zip(rule.nodes, [0.0, 2]).allSatisfy { abs($0 - $1) <= 8 * Double.ulpOfOne })
    #expect(abs(SpectrumTruth.distance(rule, [1, 2]) - 0.5) <= 32 * Double.ulpOfOne)
  }
}
