import EscapementKernels
import EscapementTestSupport
import Testing

@testable import EscapementCalculus

/// The fused passes against the definition in elementwise operations, by bits (NaN by place).
@Suite("Fused batch normalization")
struct NormalizationTests {
  /// Fewer and more channels than vectors have lanes, and ragged ones; pixels beyond one chain of 512.
  static let shapes: [Shape] = [
    [1, 1, 1, 1], [3, 5, 4, 3], [9, 4, 4, 16], [2, 24, 23, 8], [5, 8, 8, 33], [2, 3, 3, 300],
    [7, 16, 16, 20],
  ]

  struct Case<E: Real> {
    var numbers: TestNumbers
    let shape: Shape
    let kind: TestNumbers.Kind

    mutating func tensor() -> Tensor<E> { Tensor(numbers.values(shape.count, kind), shape: shape) }
    mutating func vector() -> Tensor<E> { Tensor(numbers.values(shape.columns)) }
    mutating func normalization() -> ChannelNormalization<Tensor<E>> {
      ChannelNormalization(mean: vector(), inverse: vector(), gain: vector(), shift: vector())
    }
  }

  func same<E: Real>(_ a: Tensor<E>?, _ b: Tensor<E>?, _ what: String) {
    guard let a, let b else {
      #expect(a == nil && b == nil, "\(what): one is missing")
      return
    }
    #expect(a.shape == b.shape)
    var wrong = 0
    for (x, y) in zip(a.elements, b.elements) where !(x.isNaN && y.isNaN) && x.bits != y.bits { wrong += 1 }
    #expect(wrong == 0, "\(what): \(wrong) of \(a.count) elements")
  }

  func check<E: Real>(_ type: E.Type, _ shape: Shape, _ kind: TestNumbers.Kind, seed: UInt64) {
    var c = Case<E>(numbers: TestNumbers(seed: seed), shape: shape, kind: kind)
    let (x, xt, g, gt, r, rt) = (c.tensor(), c.tensor(), c.tensor(), c.tensor(), c.tensor(), c.tensor())
    let n = c.normalization()
    let (gainTangent, shiftTangent) = (c.vector(), c.vector())
    let moving = ChannelNormalization(
      mean: Dual(n.mean, tangent: nil), inverse: Dual(n.inverse, tangent: nil),
      gain: Dual(n.gain, tangent: gainTangent), shift: Dual(n.shift, tangent: shiftTangent))
    var nothing = EvaluationContext()
    for (rectified, withResidual) in [(false, false), (true, false), (false, true), (true, true)] {
      let residual = withResidual ? r : nil
      let y = x.compositeNormalized(n, plus: residual, rectified: rectified)
      same(x.normalized(n, plus: residual, rectified: rectified), y, "forward")
      let movingResidual = withResidual ? Dual(r, tangent: rt) : nil
      let expected = Dual(x, tangent: xt).compositeNormalized(
        moving, plus: movingResidual, rectified: rectified)
      let actual = Dual(x, tangent: xt).normalized(moving, plus: movingResidual, rectified: rectified)
      same(actual.primal, expected.primal, "primal forward")
      same(actual.tangent, expected.tangent, "tangent forward")
      let rectifier: Rectifier<Tensor<E>> = !rectified ? .linear : withResidual ? .output(y) : .recomputed
      for (follows, input) in [(false, false), (false, true), (true, false), (true, true)] {
        let demand = NormalizationDemand(followsInput: follows, masked: withResidual, input: input)
        let want = g.compositeNormalizationGradient(n, input: x, rectifier, demand, &nothing)
        let got = g.normalizationGradient(n, input: x, rectifier, demand, &nothing)
        compare(got, want, { $0 }, "values, \(demand)")
        if !follows {
          let (dx, dg) = (Dual(x, tangent: xt), Dual(g, tangent: gt))
          let dual = rectifier.map { Dual($0, tangent: rt) }
          let wanted = dg.compositeNormalizationGradient(moving, input: dx, dual, demand, &nothing)
          let gotten = dg.normalizationGradient(moving, input: dx, dual, demand, &nothing)
          compare(gotten, wanted, \.primal, "primal, \(demand)")
          compare(gotten, wanted, { $0.tangent! }, "tangent, \(demand)")
        }
      }
    }
  }

  func compare<V: TensorAlgebra>(
    _ a: NormalizationGradient<V>, _ b: NormalizationGradient<V>, _ part: (V) -> Tensor<V.Element>,
    _ what: String
  ) {
    same(a.masked.map(part), b.masked.map(part), "masked, \(what)")
    same(a.input.map(part), b.input.map(part), "input, \(what)")
    #expect(a.shift.count == b.shift.count && a.gain.count == b.gain.count)
    for (s, t) in zip(a.shift + a.gain, b.shift + b.gain) { same(s, t, "sums, \(what)") }
  }

  @Test(
    "the bits of the definition on every path",
    arguments: Nightly.cases(TestNumbers.Kind.allCases) { $0 == .ordinary || $0 == .edges })
  func definition(kind: TestNumbers.Kind) {
    for (i, shape) in Self.shapes.enumerated() {
      for path in ExecutionPath.each(turn: i) {
        path.run {
          check(Float.self, shape, kind, seed: UInt64(i))
          check(Double.self, shape, kind, seed: UInt64(i + 100))
        }
      }
    }
  }

  @Test("a residual at rest takes the definition's way")
  func resting() {
    var c = Case<Float>(numbers: TestNumbers(seed: 7), shape: [2, 3, 3, 4], kind: .ordinary)
    let n = c.normalization()
    let moving = ChannelNormalization(
      mean: Dual(n.mean, tangent: nil), inverse: Dual(n.inverse, tangent: nil),
      gain: Dual(n.gain, tangent: c.vector()),
      shift: Dual(n.shift, tangent: c.vector()))
    let x = Dual(c.tensor(), tangent: c.tensor())
    let r = Dual(c.tensor(), tangent: nil)
    let want = x.compositeNormalized(moving, plus: r, rectified: true)
    let got = x.normalized(moving, plus: r, rectified: true)
    same(got.primal, want.primal, "primal")
    same(got.tangent, want.tangent, "tangent")
  }
}
