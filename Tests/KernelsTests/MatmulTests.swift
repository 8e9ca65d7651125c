import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct MatmulTests {
  private func check<E: Real>(
    _ s: Reference.Matmul, as type: E.Type, kind: TestNumbers.Kind = .ordinary, seed: Int,
    paths: [ExecutionPath]
  ) {
    var numbers = TestNumbers(seed: UInt64(seed))
    let a = FencedArray<E>(numbers.values(s.countA, kind))
    let b = FencedArray<E>(numbers.values(s.countB, kind))
    // Without accumulation C starts as NaN, which must not be read; between rows its elements must stay.
    let c: [E] = s.accumulate ? numbers.values(s.countC, kind) : [E](repeating: .nan, count: s.countC)
    KernelsTests.check(
      "matmul \(s), \(kind), seed \(seed)", expected: Reference.matmul(s, a.elements, b.elements, into: c),
      initial: c, paths: paths
    ) {
      ek_matmul(
        E.kernelType, s.transposeA, s.transposeB, s.m, s.n, s.k, a.pointer, s.lda, b.pointer, s.ldb, $0,
        s.ldc,
        s.accumulate)
    }
  }

  private func variant(_ m: Int, _ n: Int, _ k: Int, turn: Int) -> Reference.Matmul {
    Reference.Matmul(
      m: m, n: n, k: k, transposeA: turn & 1 != 0, transposeB: turn & 2 != 0, padding: turn / 8 % 3,
      accumulate: turn & 4 != 0)
  }

  /// Every (m, n, k) up to 17, the variants taking turns; `turn` steps by 7 so that each size meets other ones.
  private func everySmallSize<E: Real>(_ type: E.Type) {
    var turn = 0
    for m in 0...17 {
      for n in 0...17 {
        for k in 0...17 {
          check(variant(m, n, k, turn: turn), as: type, seed: turn, paths: ExecutionPath.each(turn: turn))
          turn += 7
        }
      }
    }
  }
  @Test func everySmallSizeFloat() { everySmallSize(Float.self) }
  @Test func everySmallSizeDouble() { everySmallSize(Double.self) }

  /// Block edges in m and n (registers, cache blocks), chunk edges in k: 512 terms a chain, up to 7 chains.
  private func edges<E: Real>(_ type: E.Type) {
    var turn = 1
    for (m, n, ks) in [
      (1, 1, [511, 512, 513, 1023, 1024, 1025, 1536, 1537, 2048, 2049, 2561, 3073, 3585]),
      (7, 33, [511, 512, 513, 1025]), (15, 31, [513, 1537]), (29, 17, [1024]), (5, 65, [600]),
    ] {
      for k in ks {
        for step in 0..<4 {
          check(
            variant(m, n, k, turn: turn + step), as: type, seed: turn, paths: ExecutionPath.each(turn: turn))
        }
        turn += 5
      }
    }
    for extent in [23, 24, 25, 27, 28, 29, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 257] {
      for (m, n) in [(extent, 6), (6, extent), (extent, 33)] {
        check(variant(m, n, 9, turn: turn), as: type, seed: turn, paths: ExecutionPath.each(turn: turn))
        turn += 3
      }
    }
    for extent in [511, 513, 1119, 1120, 1121, 1153] {
      for (m, n) in [(extent, 5), (5, extent)] {
        check(variant(m, n, 3, turn: turn), as: type, seed: turn, paths: ExecutionPath.each(turn: turn))
        turn += 3
      }
    }
  }
  @Test func blockAndChunkEdgesFloat() { edges(Float.self) }
  @Test func blockAndChunkEdgesDouble() { edges(Double.self) }

  private func unusualNumbers<E: Real>(_ type: E.Type) {
    for (turn, kind) in (0..<16).flatMap({ turn in [TestNumbers.Kind.tiny, .edges].map { (turn, $0) } }) {
      check(
        variant(9, 35, 11, turn: turn), as: type, kind: kind, seed: turn,
        paths: ExecutionPath.each(turn: turn))
      check(
        variant(3, 18, 530, turn: turn), as: type, kind: kind, seed: turn,
        paths: ExecutionPath.each(turn: turn))
    }
  }
  @Test func denormalsZerosInfinitiesAndNaNsFloat() { unusualNumbers(Float.self) }
  @Test func denormalsZerosInfinitiesAndNaNsDouble() { unusualNumbers(Double.self) }

  /// A product that underflows leaves −0 in its chain, and what −0 · b adds then decides the sign of the sum.
  private func signsOfZero<E: Real>(_ type: E.Type) {
    for turn in 0..<16 {
      for k in 1...5 {
        check(
          variant(6, 34, k, turn: turn), as: type, kind: .signs, seed: turn * 8 + k,
          paths: ExecutionPath.each(turn: turn))
      }
    }
    let least = E.leastNonzeroMagnitude
    let sum = Reference.matmul(Reference.Matmul(m: 1, n: 1, k: 2), [-least, -0.0], [least, 1], into: [.nan])
    #expect(firstDifference(sum, [-0.0]) == nil)
  }
  @Test func signsOfZeroFloat() { signsOfZero(Float.self) }
  @Test func signsOfZeroDouble() { signsOfZero(Double.self) }

  /// Large enough for threads to share the work in each way a driver might split it.
  private func agreement<E: Real>(_ type: E.Type) {
    var numbers = TestNumbers(seed: 5)
    for (turn, (m, n, k)) in [(300, 257, 600), (2000, 10, 64), (10, 2000, 64), (64, 64, 5000)].enumerated() {
      let s = Reference.Matmul(m: m, n: n, k: k, transposeA: turn % 2 == 1, transposeB: turn > 1)
      let a = FencedArray<E>(numbers.values(s.countA))
      let b = FencedArray<E>(numbers.values(s.countB))
      checkAgreement("matmul \(s)", count: s.countC, as: type) {
        ek_matmul(
          E.kernelType, s.transposeA, s.transposeB, m, n, k, a.pointer, s.lda, b.pointer, s.ldb, $0, s.ldc,
          false)
      }
    }
  }
  @Test func largeProductsAgreeFloat() { agreement(Float.self) }
  @Test func largeProductsAgreeDouble() { agreement(Double.self) }
}
