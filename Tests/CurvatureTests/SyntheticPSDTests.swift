import EscapementLAPACK
import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// The failures of the released procedure on positive semi-definite operators, and our process beside it.
@Suite("Positive semi-definite operators under both procedures")
struct SyntheticPSDTests {
  @Test("every draw is positive semi-definite, of the rank and noise asked for, and repeats")
  func family() throws {
    let psd = SyntheticPSD<Double>(dimension: 60, rank: 9, largest: 20, noise: 0.3, shift: 0.5, seed: 3)
    for i in 0..<9 {
      let row = psd.rows.view(at: 60 * i, shape: [60])
      // A few roundings of the scale, and 60 of the norm.
      #expect((row.dot(row) - 20 * (1 - Double(i) / 9)).magnitude <= 20 * 80 * Double.ulpOfOne)
    }
    var relative: [Double] = []
    for index in 0..<4 {
      let drawn = psd.drawn(index)
      let dense = try DenseHessian(of: drawn)
      let values = try ExactSpectrum(of: dense.matrix).values
      // LAPACK, and 60 columns of products in error: 36n·ε‖A‖ and √n times the bound.
      let slack = 36 * 60 * Double.ulpOfOne * values.last! + 8 * drawn.productErrorBound!
      #expect(dense.asymmetry <= 2 * drawn.productErrorBound!)
      #expect(values.allSatisfy { $0 >= 0.5 - slack })
      #expect(values.prefix(51).allSatisfy { ($0 - 0.5).magnitude <= slack } && values[51] > 0.6)
      #expect(drawn.rows == psd.drawn(index).rows)
      let change = drawn.rows - psd.rows
      relative.append(change.norm() / psd.rows.norm())
    }
    // 9·60 normals weighted by the rows: a relative spread of about 1/√(2·400) each.
    #expect(relative.allSatisfy { ($0 - 0.3).magnitude <= 0.06 } && Set(relative).count == 4)
    let fixed = psd.fixed
    #expect(fixed.rows == psd.rows)

    let redrawn = psd.redrawn
    let v = Tensor<Double>(repeating: 1, shape: [60])
    let first = try redrawn.product(v)
    let second = try redrawn.product(v)
    #expect(first == psd.drawn(0).product(v) && second == psd.drawn(1).product(v) && first != second)
    #expect(redrawn.products == 2)
    let still = SyntheticPSD<Double>(dimension: 60, rank: 9, noise: 0, seed: 3).redrawn
    #expect(try still.product(v) == still.product(v))
  }

  @Test("a product of AᵀA + μI is within its derived bound of the one in Double")
  func productError() {
    let psd = SyntheticPSD<Float>(dimension: 700, rank: 30, shift: 1e-3, seed: 4)
    let exact = ShiftedGramOperator(
      rows: psd.rows.converted(to: Double.self), shift: Double(Float(1e-3)))
    let v = SyntheticPSD<Float>(dimension: 700, rank: 1, seed: 5).rows.reshaped([700])
    let error =
      (psd.fixed.product(v).converted(to: Double.self) - exact.product(v.converted(to: Double.self)))
    #expect(error.norm() <= (psd.fixed.productErrorBound! + exact.productErrorBound!) * v.norm())
    #expect(error.norm() > 0)
  }

  /// A row of the table in Documentation/Spectra.md: dimension 500, every draw with λ_min = 0.
  struct Row: CustomTestStringConvertible, Sendable {
    var rank: Int
    var noise: Double
    /// Smallest and largest Ritz value of the released procedure.
    var released: (Double, Double)
    /// Smallest and largest Ritz value of `Lanczos`.
    var ours: (Double, Double)
    var drift: Double
    var testDescription: String { "rank \(rank), noise \(noise)" }
  }

  static let table = [
    Row(rank: 50, noise: 0.02, released: (-21.66, 60.69), ours: (-1.08, 60.67), drift: 0.036),
    Row(rank: 50, noise: 0.1, released: (-18.04, 61.54), ours: (-5.78, 61.40), drift: 0.183),
    Row(rank: 50, noise: 0.3, released: (-19.68, 67.05), ours: (-16.68, 63.73), drift: 0.538),
    Row(rank: 200, noise: 0.02, released: (-1.14, 84.09), ours: (-1.14, 84.17), drift: 0.035),
    Row(rank: 200, noise: 0.1, released: (-6.36, 84.60), ours: (-6.23, 85.07), drift: 0.177),
    Row(rank: 200, noise: 0.3, released: (-21.68, 90.84), ours: (-18.38, 89.09), drift: 0.514),
  ]

  @Test(
    "re-drawn at each product, any Lanczos finds negative curvature that no draw has, and the drift shows it",
    arguments: table)
  func redrawn(_ row: Row) throws {
    let psd = SyntheticPSD<Float>(dimension: 500, rank: row.rank, noise: row.noise, seed: 1)
    let released = try GaussQuadrature(ReleasedLanczos(seed: 1).decompose(psd.redrawn).tridiagonal).nodes
    let ours = try GaussQuadrature(Lanczos(steps: 100, seed: 1).decompose(psd.redrawn).tridiagonal).nodes
    // The same bits everywhere, so the printed figures hold to half a unit of their last decimal.
    #expect((released.first! - row.released.0).magnitude <= 0.005)
    #expect((released.last! - row.released.1).magnitude <= 0.005)
    #expect((ours.first! - row.ours.0).magnitude <= 0.005)
    #expect((ours.last! - row.ours.1).magnitude <= 0.005)
    // No draw has an eigenvalue below −(the error of its product), which is far from the figures.
    #expect(psd.drawn(0).productErrorBound! < 0.5 * -released.first!)
    let checks = try OperatorChecks(psd.redrawn, seed: 1)
    #expect((checks.drift - row.drift).magnitude <= 0.0005)
    // H moves with both of its factors: by about twice the rows' noise, less where rows average out.
    #expect(checks.drift > row.noise)
  }

  @Test("one draw held fixed: λ_min = 0 within the bound, and every check passes", arguments: [50, 200])
  func held(_ rank: Int) throws {
    let map = SyntheticPSD<Float>(dimension: 500, rank: rank, noise: 0.1, seed: 1).drawn(0)
    let double = ShiftedGramOperator(rows: map.rows.converted(to: Double.self))
    try checkHeld(map, slackShare: 0.06)
    try checkHeld(double, slackShare: 1e-10)
  }

  /// `slackShare`: the bound as a share of λ_max, to see that it says something.
  private func checkHeld<E: Real>(_ map: ShiftedGramOperator<E>, slackShare: Double) throws {
    let probes = try (0..<3 as Range<UInt64>).map {
      try SpectrumProbe(Lanczos(steps: 100, seed: 1, probe: $0).decompose(map), of: map)
    }
    for probe in probes {
      let nodes = probe.quadrature.nodes
      let slack = Self.processError(map, steps: probe.steps, norm: nodes.last!)
      #expect(nodes.first! >= -slack)
      #expect(slack <= slackShare * nodes.last!)
      // What was measured is far better than the worst case: rounding of the entries.
      #expect(nodes.first!.magnitude <= 100 * Double(E.ulpOfOne) * nodes.last!)
    }
    let certification = SelfCertification(
      of: map, probes: probes, operatorChecks: try OperatorChecks(map, seed: 1),
      trace: try HutchinsonTrace(of: map, probes: 10, seed: 1))
    #expect(certification.isValid, "\(certification.failures)")
    #expect(certification.checks[1].measured == 0)
  }

  /// As for any operator with a derived product error (`LanczosTests.processError`).
  static func processError<Operator: SymmetricOperator>(_ map: Operator, steps: Int, norm: Double) -> Double {
    let m = Double(steps)
    return m.squareRoot()
      * (map.productErrorBound! + (2 * m + 8) * Double(Operator.Element.ulpOfOne) * norm)
  }

  @Test(
    "an exhausted Krylov space: the released arithmetic invents an eigenvalue near −λ_max, ours does not",
    arguments: [(0, -99.81, 113.83), (1e-3, -46.58, 60.60)])
  func exhausted(_ shift: Double, _ smallest: Double, _ largest: Double) throws {
    let map = SyntheticPSD<Float>(dimension: 500, rank: 50, shift: shift, seed: 1).fixed
    let released = try SpectrumProbe(ReleasedLanczos(seed: 1).decompose(map), of: map)
    // The figures of Documentation/Spectra.md, to half a unit of their last decimal.
    #expect((released.quadrature.nodes.first! - smallest).magnitude <= 0.005)
    #expect((released.quadrature.nodes.last! - largest).magnitude <= 0.005)
    #expect(released.orthogonalityLoss > 0.5)

    let krylov = try Lanczos(steps: 100, seed: 1).decompose(map)
    let ours = try SpectrumProbe(krylov, of: map)
    let nodes = ours.quadrature.nodes
    #expect(krylov.end == .invariantSubspace && krylov.steps == 53)
    // The truth: μ below, and above it the largest eigenvalue of the 50 × 50 matrix AAᵀ, plus μ.
    let rows = map.rows.converted(to: Double.self)
    let gram = try ExactSpectrum(of: rows.matmul(rows, transposeOther: true)).values
    let slack = Self.processError(map, steps: krylov.steps, norm: nodes.last!)
    #expect((nodes.first! - shift).magnitude <= slack)
    #expect((nodes.last! - gram.last! - shift).magnitude <= slack)
    // The worst case is far above what rounding makes of it: the document prints errors of 4e-6.
    #expect((nodes.first! - shift).magnitude <= 4.5e-6)
    #expect(ours.orthogonalityLoss <= 1e-6)
  }
}
