import EscapementLAPACK
import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@testable import EscapementCurvature

/// LOBPCG and its small eigen-solver on matrices whose spectra are known.
@Suite("LOBPCG")
struct LOBPCGTests {
  static let family = KnownSpectrum.family(48)

  /// LAPACK is backward stable, p(n)·ε·‖A‖ with p linear; 36n covers 12 for each of 3 sweeps an eigenvalue.
  static func oracle(_ n: Int, norm: Double) -> Double { 36 * Double(n) * Double.ulpOfOne * norm }

  @Test("Jacobi rotations against LAPACK on every size that a block method meets", arguments: 1...12)
  func jacobi(_ n: Int) throws {
    for (i, known) in [
      Tensor<Double>.standardNormal(seed: 71, purpose: .fixture, index: UInt64(n), shape: [n, n])
        .symmetricPart,
      .zeros([n, n]),
      // Equal diagonal and equal off-diagonal entries: one eigenvalue n − 1, the others −1.
      (Tensor<Double>(repeating: 1, shape: [n, n]) - Self.identity(n)),
    ].enumerated() {
      let rows = (0..<n).map { known.view(at: $0 * n, shape: [n]).elements }
      let eigen = JacobiEigen(rows)
      let exact = try ExactSpectrum(of: known).values
      // Up to 6 sweeps of n²/2 rotations, each with a backward error of 6 roundings of ‖A‖_F.
      let bound = (36 * Double(n * n) + 36) * Double.ulpOfOne * (known.norm() + Double.leastNormalMagnitude)
      #expect(zip(eigen.values, exact).allSatisfy { abs($0 - $1) <= bound }, "matrix \(i) of size \(n)")
      let z = Tensor(eigen.vectors.flatMap(\.self), shape: [n, n])
      #expect((z.matmul(z, transposeOther: true) - Self.identity(n)).norm() <= 36 * Double(n * n) * .ulpOfOne)
      #expect((z.matmul(known) - z.multiplyingRows(Tensor(eigen.values))).norm() <= bound)
    }
  }

  static func identity(_ n: Int) -> Tensor<Double> {
    Tensor((0..<(n * n)).map { $0 % (n + 1) == 0 ? 1.0 : 0 }, shape: [n, n])
  }

  @Test("the smallest eigenvalue of known spectra, for every block", arguments: family, 1...4)
  func known(_ known: KnownSpectrum, _ blockSize: Int) throws {
    let a = known.asOperator(Double.self)
    let exact = try ExactSpectrum(of: a.matrix).values
    let norm = exact.reduce(0) { max($0, $1.magnitude) }
    let oracle = Self.oracle(a.dimension, norm: norm)
    let found = try LOBPCG(blockSize: blockSize, seed: 72).smallest(of: a)
    let c = found.certificate
    #expect(c.roundingIsBound && abs(found.vector.norm() - 1) <= 64 * Double.ulpOfOne)
    // What holds whatever it found.
    #expect(exact[0] <= c.rayleighQuotient + c.rounding + oracle)
    #expect(exact.map { abs($0 - c.rayleighQuotient) }.min()! <= c.residual + c.rounding + oracle)
    // And it found it: the residual asked for is √ε·ν, of a ν not above ‖A‖.
    #expect(found.converged, "\(found.iterations) iterations, residual \(c.residual)")
    #expect(c.residual <= Double.ulpOfOne.squareRoot() * norm + c.rounding)
    // Where eigenvalues lie closer than that, it may stop at any of them: 12 in the lowest cluster.
    let width = known.name == "clustered" ? exact[11] - exact[0] : 0
    #expect(exact[0] >= c.rayleighQuotient - c.residual - c.rounding - oracle - width)
    #expect(found.products <= blockSize * (found.iterations + 1) + 1)
    #expect(zip(found.ritzValues, found.ritzValues.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test("it converges as conjugate gradients do, not as steepest descent")
  func rate() throws {
    let n = 100
    let values = (0..<n).map { -1 + 2 * Double($0) / Double(n - 1) }
    let a = KnownSpectrum("linear", values: values, seed: 79).asOperator(Double.self)
    for blockSize in [1, 4] {
      // With ξ the gap behind the block over the spread, the residual falls by (1 − √ξ)/(1 + √ξ) an iteration
      // (steepest descent: (1 − ξ)/(1 + ξ), whose count is 1/√ξ = 5 to 10 times as high). From 1 to √ε, and as many
      // iterations again before that rate sets in.
      let root = (Double(blockSize) / Double(n - 1)).squareRoot()
      let expected = ek_log(Double.ulpOfOne.squareRoot()) / ek_log((1 - root) / (1 + root))
      let found = try LOBPCG(blockSize: blockSize, seed: 80).smallest(of: a)
      #expect(found.converged && Double(found.iterations) <= 2 * expected, "\(found.iterations), \(expected)")
    }
  }

  @Test("Float iterations with a Double certificate hold for the Double matrix", arguments: family)
  func mixed(_ known: KnownSpectrum) throws {
    let measure = known.asOperator(Double.self)
    let exact = try ExactSpectrum(of: known.matrix).values
    let norm = exact.reduce(0) { max($0, $1.magnitude) }
    let c = try LOBPCG(seed: 73).smallest(of: known.asOperator(Float.self), measuredBy: measure).certificate
    let oracle = Self.oracle(measure.dimension, norm: norm)
    #expect(exact[0] <= c.rayleighQuotient + c.rounding + oracle)
    #expect(exact[0] >= c.rayleighQuotient - c.residual - c.rounding - oracle)
    #expect(c.residual <= 4 * Double(Float.ulpOfOne).squareRoot() * norm)
  }

  @Test("the block may be the whole space, and more than it")
  func wholeSpace() throws {
    for n in 1...5 {
      let a = KnownSpectrum("\(n) values", values: (0..<n).map { Double($0) - 1.5 }, seed: 74)
      let found = try LOBPCG(seed: 75).smallest(of: a.asOperator(Double.self))
      #expect(found.converged && abs(found.certificate.rayleighQuotient + 1.5) <= a.uncertainty + 1e-14)
      #expect(found.ritzValues.count == min(n, 4))
    }
  }

  @Test("one set of bits on every path, and the limit of iterations is told")
  func bits() throws {
    let a = Self.family[0].asOperator(Float.self)
    let run = { try LOBPCG(iterations: 7, seed: 76).smallest(of: a) }
    let reference = try run()
    #expect(!reference.converged && reference.iterations == 7 && reference.products == 4 * 8 + 1)
    for path in ExecutionPath.each(turn: 1) {
      let other = try path.run(run)
      #expect(other.vector == reference.vector && other.certificate == reference.certificate, "\(path)")
    }
    #expect(try LOBPCG(iterations: 7, seed: 77).smallest(of: a).vector != reference.vector)
  }

  @Test("a product that is not finite ends the run")
  func nonFinite() {
    struct Poisoned: SymmetricOperator {
      let dimension = 6
      func product(_ vector: Tensor<Double>) -> Tensor<Double> {
        vector.zip(.multiply, scalar: vector[0] > 0.2 ? .nan : 1e200)
      }
    }
    #expect(throws: LOBPCGError.self) { try LOBPCG(seed: 78).smallest(of: Poisoned()) }
  }
}
