import CEscapementKernels
@testable import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct ElementwiseTests {
  /// Every small count, vector and block edges, and one count that several threads share.
  private static let counts = Array(0...17) + [31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 40_001]

  private func operands<E: Real>(_ count: Int, seed: Int) -> (FencedArray<E>, FencedArray<E>) {
    var numbers = TestNumbers(seed: UInt64(seed))
    let kind: TestNumbers.Kind = [.ordinary, .edges, .tiny, .edges][seed % 4]
    return (FencedArray(numbers.values(count, kind)), FencedArray(numbers.values(count, kind)))
  }

  /// All pairs of edge values, so that each meets each.
  private func edgePairs<E: Real>() -> (x: FencedArray<E>, y: FencedArray<E>) {
    let edges = TestNumbers.edges(E.self)
    return (
      FencedArray(edges.flatMap { x in edges.map { _ in x } }), FencedArray(edges.flatMap { _ in edges })
    )
  }

  private func unary<E: Real>(_ type: E.Type) {
    for function in UnaryFunction.allCases where Reference.unary(function, E(1)) != nil {
      let inputs =
        [edgePairs().x] + Self.counts.map { operands($0, seed: $0 + 1).0 as FencedArray<E> }
      for x in inputs {
        let expected = x.elements.map { Reference.unary(function, $0)! }
        check("\(function) of \(x.count)", expected: expected) {
          ek_map(E.kernelType, function.code, x.count, x.pointer, $0)
        }
        check("\(function) of \(x.count) in place", expected: expected, initial: x.elements) {
          ek_map(E.kernelType, function.code, x.count, $0, $0)
        }
      }
    }
  }
  @Test func exactFunctionsOfOneElementFloat() { unary(Float.self) }
  @Test func exactFunctionsOfOneElementDouble() { unary(Double.self) }

  private func binary<E: Real>(_ type: E.Type) {
    for function in BinaryFunction.allCases {
      let inputs =
        [edgePairs()] + Self.counts.map { operands($0, seed: $0 + 2) as (FencedArray<E>, FencedArray<E>) }
      for (x, y) in inputs {
        let expected = zip(x.elements, y.elements).map { Reference.binary(function, $0, $1) }
        let what = "\(function) of \(x.count)"
        check(what, expected: expected) {
          ek_zip(E.kernelType, function.code, x.count, x.pointer, y.pointer, $0)
        }
        check("\(what) onto x", expected: expected, initial: x.elements) {
          ek_zip(E.kernelType, function.code, x.count, $0, y.pointer, $0)
        }
        check("\(what) onto y", expected: expected, initial: y.elements) {
          ek_zip(E.kernelType, function.code, x.count, x.pointer, $0, $0)
        }
      }
    }
  }
  @Test func functionsOfTwoElementsFloat() { binary(Float.self) }
  @Test func functionsOfTwoElementsDouble() { binary(Double.self) }

  /// Scalars that are not Floats, a zero of each sign, infinity and NaN.
  private static let scalars = [0.1, -0.9999, 1e-40, 0, -0.0, .infinity, .nan, 1 + 0x1p-24, 3e38]

  private func scalar<E: Real>(_ type: E.Type) {
    for function in BinaryFunction.allCases {
      for (seed, s) in Self.scalars.enumerated() {
        for count in [0, 1, 15, 16, 17, 33, 200] {
          let x: FencedArray<E> = operands(count, seed: seed).0
          let expected = x.elements.map { Reference.binary(function, $0, E(rounding: s)) }
          check("\(function) with \(s), \(count)", expected: expected) {
            ek_zip_scalar(E.kernelType, function.code, count, x.pointer, s, $0)
          }
        }
      }
    }
  }
  @Test func functionsWithAScalarFloat() { scalar(Float.self) }
  @Test func functionsWithAScalarDouble() { scalar(Double.self) }

  private func broadcast<E: Real>(_ type: E.Type) {
    var seed = 0
    for function in BinaryFunction.allCases {
      for (rows, columns) in [
        (0, 3), (3, 0), (1, 1), (1, 17), (17, 1), (2, 3), (5, 16), (7, 33), (64, 10), (13, 65), (700, 48),
      ] {
        let x: FencedArray<E> = operands(rows * columns, seed: seed).0
        let channels: FencedArray<E> = operands(columns, seed: seed + 4).0
        let each: FencedArray<E> = operands(rows, seed: seed + 8).0
        let (xs, cs, rs) = (x.elements, channels.elements, each.elements)
        let paths = ExecutionPath.each(turn: seed)
        check(
          "\(function) by channel \(rows)×\(columns)",
          expected: xs.indices.map { Reference.binary(function, xs[$0], cs[$0 % columns]) }, paths: paths
        ) { ek_zip_channels(E.kernelType, function.code, rows, columns, x.pointer, channels.pointer, $0) }
        check(
          "\(function) by row \(rows)×\(columns), in place",
          expected: xs.indices.map { Reference.binary(function, xs[$0], rs[$0 / columns]) }, initial: xs,
          paths: paths
        ) { ek_zip_rows(E.kernelType, function.code, rows, columns, $0, each.pointer, $0) }
        seed += 1
      }
    }
  }
  @Test func functionsByChannelAndRowFloat() { broadcast(Float.self) }
  @Test func functionsByChannelAndRowDouble() { broadcast(Double.self) }

  private func updates<E: Real>(_ type: E.Type) {
    for count in Self.counts {
      let (x, y): (FencedArray<E>, FencedArray<E>) = operands(count, seed: count)
      let s = Self.scalars[count % Self.scalars.count]
      for s in [0.1, s] {
        check("axpy \(s), \(count)", expected: Reference.axpy(s, x.elements, y.elements), initial: y.elements)
        {
          ek_axpy(E.kernelType, count, s, x.pointer, $0)
        }
        let sum = Reference.addScaled(x.elements, s, y.elements)
        check("add scaled \(s), \(count)", expected: sum) {
          ek_add_scaled(E.kernelType, count, x.pointer, s, y.pointer, $0)
        }
        check("add scaled \(s), \(count), in place", expected: sum, initial: x.elements) {
          ek_add_scaled(E.kernelType, count, $0, s, y.pointer, $0)
        }
      }
    }
  }
  @Test func scaledSumsFloat() { updates(Float.self) }
  @Test func scaledSumsDouble() { updates(Double.self) }

  /// A first step must not read its buffer, which holds NaN here.
  private func sgd<E: Real>(_ type: E.Type) {
    for count in Self.counts {
      for (turn, first) in [true, false].enumerated() {
        var numbers = TestNumbers(seed: UInt64(count))
        let kind: TestNumbers.Kind = count % 3 == 1 ? .edges : .ordinary
        let g = FencedArray<E>(numbers.values(count, kind))
        let w: [E] = numbers.values(count, kind)
        let b: [E] = first ? [E](repeating: .nan, count: count) : numbers.values(count, kind)
        let step = Reference.SGDStep(
          rate: 0.1, momentum: 0.9, weightDecay: count % 2 == 0 ? 2e-4 : 0, first: first)
        let expected = Reference.sgdStep(step, g: g.elements, b: b, w: w)
        for path in ExecutionPath.each(turn: count + turn) {
          let (buffer, weights) = (FencedArray(b, writable: true), FencedArray(w, writable: true))
          path.run {
            ek_sgd_step(
              E.kernelType, count, step.rate, step.momentum, step.weightDecay, first, g.pointer,
              buffer.pointer,
              weights.pointer)
          }
          #expect(firstDifference(buffer.elements, expected.b) == nil, "buffer, \(count), \(path)")
          #expect(firstDifference(weights.elements, expected.w) == nil, "weights, \(count), \(path)")
          #expect(buffer.isIntact && weights.isIntact)
        }
      }
    }
  }
  @Test func sgdStepsFloat() { sgd(Float.self) }
  @Test func sgdStepsDouble() { sgd(Double.self) }

  private func fills<E: Real>(_ type: E.Type) {
    for count in Self.counts {
      for value in Self.scalars {
        check(
          "fill \(value), \(count)", expected: [E](repeating: E(rounding: value), count: count),
          paths: ExecutionPath.each(turn: count)
        ) { ek_fill(E.kernelType, count, value, $0) }
      }
    }
  }
  @Test func fillsFloat() { fills(Float.self) }
  @Test func fillsDouble() { fills(Double.self) }

  @Test func conversionsRoundOnce() {
    for count in Self.counts {
      var numbers = TestNumbers(seed: UInt64(count))
      let narrow = FencedArray<Float>(numbers.values(count, .edges))
      // Doubles in Float's range, at its halves and its denormals, and some outside it.
      let wide = FencedArray<Double>(
        (numbers.values(count, .edges) as [Double]).enumerated().map { i, x in
          switch i % 4 {
          case 0: x
          case 1: x * 0x1p-140
          case 2: Double(Float(x)) + Double(Float(x).ulp) / 2
          default: x * 0x1p127
          }
        })
      check("Double to Float, \(count)", expected: wide.elements.map { Float($0) }) {
        ek_convert(EK_F64, EK_F32, count, wide.pointer, $0)
      }
      check("Float to Double, \(count)", expected: narrow.elements.map { Double($0) }) {
        ek_convert(EK_F32, EK_F64, count, narrow.pointer, $0)
      }
      check("Float to Float, \(count)", expected: narrow.elements) {
        ek_convert(EK_F32, EK_F32, count, narrow.pointer, $0)
      }
      check("Double to Double, \(count)", expected: wide.elements) {
        ek_convert(EK_F64, EK_F64, count, wide.pointer, $0)
      }
    }
  }
}
