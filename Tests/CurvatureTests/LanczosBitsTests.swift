import EscapementLAPACK
import CEscapementKernels
import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// The process as a pure function of its inputs: its bits, its edge cases, its errors.
@Suite("Lanczos: bits, edges, errors", .serialized)
struct LanczosBitsTests {
  /// A 24×24 matrix of small dyadic rationals, every entry exact in either type.
  static func matrix<E: Real>(_ type: E.Type) -> DenseSymmetricOperator<E> {
    let n = 24
    var entries: [E] = []
    for i in 0..<n {
      for j in 0..<n {
        entries.append(E((7 * i * j + 3 * (i + j)) % 17 - 8) / 16 + (i == j ? E(i) / 4 : 0))
      }
    }
    return DenseSymmetricOperator(Tensor(entries, shape: [n, n]))
  }

  static func start<E: Real>(_ type: E.Type) -> Tensor<E> {
    Tensor((0..<24).map { E((5 * $0) % 11 - 4) })
  }

  static func bits<E: Real>(_ type: E.Type) throws -> [UInt64] {
    let krylov = try Lanczos(steps: 6, seed: 0).decompose(matrix(E.self), start: start(E.self))
    let quadrature = try GaussQuadrature(krylov.tridiagonal)
    return (krylov.alpha + krylov.beta + quadrature.nodes + quadrature.weights).map(\.bitPattern)
  }

  /// Calls `body` under each instruction set of this machine and 1 to 4 threads.
  static func underEachPath(_ body: () throws -> Void) rethrows {
    defer {
      ek_isa_override(-1)
      ek_threads_override(0)
    }
    for isa in 0..<Int32(EK_ISA_COUNT) where ek_isa_available(ek_isa(UInt32(isa))) {
      for threads in Int32(1)...4 {
        ek_isa_override(isa)
        ek_threads_override(threads)
        try body()
      }
    }
  }

  @Test("α, β, nodes and weights are the same bits on every path, and these")
  func pinned() throws {
    var runs = 0
    try Self.underEachPath {
      runs += 1
      let double = try Self.bits(Double.self)
      let float = try Self.bits(Float.self)
      #expect(double == Self.pinnedDouble)
      #expect(float == Self.pinnedFloat)
    }
    #expect(runs >= 4)
  }

  @Test("a whole report is the same on every path")
  func report() throws {
    let a = KnownSpectrum.family(70)[0].asOperator(Float.self)
    let first = try extremeSpectrum(of: a, steps: 30, seed: 8)
    try Self.underEachPath {
      let again = try extremeSpectrum(of: a, steps: 30, seed: 8)
      #expect(again == first)
    }
    #expect(try extremeSpectrum(of: a, steps: 30, seed: 9) != first)
    #expect(try extremeSpectrum(of: a, steps: 30, seed: 8, probe: 1).alpha != first.alpha)
  }

  @Test("dimension 1, zero operator, more steps than dimensions")
  func edges() throws {
    let one = try Lanczos(steps: 5, seed: 1).decompose(
      DenseSymmetricOperator(Tensor<Double>([-3], shape: [1, 1])))
    #expect(one.steps == 1 && one.alpha == [-3] && one.beta == [0])
    let zero = DenseSymmetricOperator(Tensor<Float>.zeros([9, 9]))
    #expect(try Lanczos(steps: 5, seed: 1).decompose(zero).steps == 1)
    for breakdown in [Lanczos.Breakdown.restart, .proceed] {
      let all = try Lanczos(steps: 20, seed: 1, breakdown: breakdown).decompose(zero)
      #expect(all.steps == 9 && all.alpha.allSatisfy { $0 == 0 } && all.beta.allSatisfy { $0 == 0 })
      // Nine Gaussian vectors orthonormalized in Float: n·ε is ample for n = 9.
      #expect(all.orthogonalityLoss <= 9 * Double(Float.ulpOfOne))
    }
    let report = try extremeSpectrum(of: zero, steps: 3, seed: 1)
    // Nothing is rounded; nine squares could have vanished below the smallest positive number.
    let underflow = (9 * Double.leastNonzeroMagnitude).squareRoot()
    #expect(report.smallest.interval == -underflow...underflow)
    #expect(report.drift == 0 && report.asymmetry == 0)
    let identity = KnownSpectrum("identity", values: [Double](repeating: 2, count: 12), seed: 1)
    let single = try Lanczos(steps: 12, seed: 1).decompose(identity.asOperator(Double.self))
    #expect(single.steps <= 2 && single.end == .invariantSubspace)
  }

  struct Failing: SymmetricOperator {
    let dimension = 4
    let value: Double
    func product(_ vector: Tensor<Double>) -> Tensor<Double> { vector.scaled(by: value) }
  }

  @Test("non-finite products and unusable starts throw")
  func nonFinite() {
    for value in [Double.nan, .infinity] {
      #expect(throws: LanczosError.nonFinite(step: 1)) {
        try Lanczos(steps: 3, seed: 1).decompose(Failing(value: value))
      }
    }
    for start in [[0.0, 0, 0, 0], [1, .nan, 0, 0], [.infinity, 0, 0, 0]] {
      #expect(throws: LanczosError.unusableStart) {
        try Lanczos(steps: 3, seed: 1).decompose(Failing(value: 1), start: Tensor(start))
      }
    }
    #expect(throws: ExactSpectrumError.nonFinite) {
      try ExactSpectrum(of: Tensor<Double>([1, .nan, .nan, 2], shape: [2, 2]))
    }
  }

  @Test("every step is reported, and a throw cancels")
  func progress() throws {
    struct Cancelled: Error {}
    var seen: [Lanczos.Progress] = []
    let krylov = try Lanczos(steps: 6, seed: 0).decompose(Self.matrix(Double.self)) { seen.append($0) }
    #expect(seen.map(\.step) == Array(1...6) && seen.allSatisfy { $0.steps == 6 })
    #expect(seen.map(\.alpha) == krylov.alpha && seen.map(\.beta) == krylov.beta)
    var steps = 0
    #expect(throws: Cancelled.self) {
      try Lanczos(steps: 6, seed: 0).decompose(Self.matrix(Double.self)) {
        steps = $0.step
        if $0.step == 3 { throw Cancelled() }
      }
    }
    #expect(steps == 3)
  }

  /// An operator whose matrix changes at each product, as with redrawn augmentation; and a non-symmetric one.
  final class Drifting: SymmetricOperator {
    let dimension = 6
    private var calls = 0.0
    func product(_ vector: Tensor<Double>) -> Tensor<Double> {
      calls += 1
      return vector.scaled(by: 1 + calls / 8)
    }
  }

  struct Shifting: SymmetricOperator {
    let dimension = 6
    func product(_ vector: Tensor<Double>) -> Tensor<Double> {
      let x = vector.elements
      return Tensor(Array(x[1...]) + [0])
    }
  }

  @Test("self-checks see an operator that drifts or is not symmetric")
  func selfChecks() throws {
    // Factors 1 + 1/8 and 1 + 3/8 for the two products with one vector: (2/8)/(9/8).
    let drift = try OperatorChecks(Drifting(), seed: 1).drift
    #expect((drift - 2.0 / 9).magnitude <= 16 * Double.ulpOfOne)
    #expect(try OperatorChecks(Shifting(), seed: 1).asymmetry > 0.01)
    #expect(try OperatorChecks(Shifting(), seed: 1).drift == 0)
    #expect(try DenseHessian(of: Shifting()).asymmetry == 1)
  }

  @Test("a dense Hessian is the operator's matrix")
  func denseHessian() throws {
    let a = Self.matrix(Double.self)
    let dense = try DenseHessian(of: a)
    #expect(dense.asymmetry == 0 && dense.matrix == a.matrix && dense.symmetricPart.matrix == a.matrix)
  }

  // Bit patterns of doubles: six α, six β, six nodes, six weights. `againstLAPACK` below holds that they are
  // also right; here a change of any operation's order or rounding shows.
  static let pinnedDouble: [UInt64] = [
    0x4000_f993_462d_7799, 0x4006_3159_6c65_f0ac, 0x4012_57e6_c28a_2a05, 0x4001_2bad_245d_a06d,
    0x4009_91a2_e3a0_f62c, 0x4005_fa87_7f01_40aa, 0x3ffe_4aba_9931_8a71, 0x4001_886a_5fb0_3b52,
    0x4000_d8bf_a370_e3db, 0x3ffe_4209_c37a_8da0, 0x3ffe_64ad_98fe_da76, 0x3fff_64c3_7d3e_1b2f,
    0xbfe4_875d_5fec_d0c5, 0x3fd4_5f25_b9d2_272c, 0x3ffe_5107_021a_4051, 0x400c_a269_d465_fced,
    0x4015_4f17_0b30_6e03, 0x401c_5fb4_79ca_44e1, 0x3fb6_56fe_537d_f6d2, 0x3fd3_82cc_d3b6_85f6,
    0x3fc3_ec02_0ef5_9ce8, 0x3fd8_ad01_564d_86a9, 0x3fa3_73d6_1e97_e0f7, 0x3f9d_5f67_5cea_b178,
  ]
  static let pinnedFloat: [UInt64] = [
    0x4000_f993_54a1_f9fe, 0x4006_3159_6aaf_2059, 0x4012_57e6_c452_6e24, 0x4001_2bad_2328_149c,
    0x4009_91a2_e848_ce21, 0x4005_fa87_b862_431d, 0x3ffe_4aba_9f94_559b, 0x4001_886a_4c73_2b8c,
    0x4000_d8bf_b676_6eaa, 0x3ffe_4209_bf76_32bb, 0x3ffe_64ad_fd1b_716c, 0x3fff_64c3_7300_e8e1,
    0xbfe4_875d_79ae_a7fe, 0x3fd4_5f25_b14d_4a4b, 0x3ffe_5107_04c4_3f42, 0x400c_a269_f3f9_f64b,
    0x4015_4f17_22dc_388a, 0x401c_5fb4_7bfb_4b17, 0x3fb6_56fd_cf9d_ab46, 0x3fd3_82cc_ee76_e154,
    0x3fc3_ec02_2248_24f2, 0x3fd8_ad01_5ea7_500f, 0x3fa3_73d5_ded2_b2c2, 0x3f9d_5f67_1fbf_afe8,
  ]

  @Test("the pinned nodes are the eigenvalues of the pinned α and β")
  func againstLAPACK() throws {
    for pinned in [Self.pinnedDouble, Self.pinnedFloat] {
      let values = pinned.map(Double.init(bitPattern:))
      let t = SymmetricTridiagonal(diagonal: Array(values[0..<6]), offDiagonal: Array(values[6..<11]))
      // Backward errors of two solvers with at most 3·6 sweeps of 12·ε·‖T‖ each.
      let bound = 2 * 12 * 19 * Double.ulpOfOne * t.rowSumNorm
      for (node, exact) in zip(values[12..<18], try ExactSpectrum(of: t).values) {
        #expect((node - exact).magnitude <= bound)
      }
    }
    // Float and Double start from the same numbers: the first α differs by a product's rounding only.
    let a = Double(bitPattern: Self.pinnedDouble[0])
    let b = Double(bitPattern: Self.pinnedFloat[0])
    #expect((a - b).magnitude <= 2 * Self.matrix(Float.self).productErrorBound!)
  }
}
