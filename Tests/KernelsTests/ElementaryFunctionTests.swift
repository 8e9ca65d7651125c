import CEscapementKernels
import Foundation
@testable import EscapementKernels
import EscapementTestSupport
import Testing

/// exp, log and tanh: the bounds that Documentation/Numerics.md states, against the C library in higher precision.
@Suite struct ElementaryFunctionTests {
  /// Largest errors in ulps, where a correct rounding has 0.5: for Float over all 2³² arguments, for Double over
  /// the arguments below, each rounded up to the next half.
  private func bound(_ function: UnaryFunction) -> Double { function == .tanh ? 2.5 : 1 }

  private func map<E: Real>(_ function: UnaryFunction, _ x: [E]) -> [E] {
    var y = [E](repeating: .nan, count: x.count)
    y.withUnsafeMutableBufferPointer { target in
      x.withUnsafeBufferPointer {
        ek_map(E.kernelType, function.code, x.count, $0.baseAddress, target.baseAddress)
      }
    }
    return y
  }

  private func exact(_ function: UnaryFunction, _ x: Double) -> Double {
    switch function {
    case .exp: Foundation.exp(x)
    case .log: Foundation.log(x)
    default: Foundation.tanh(x)
    }
  }

  /// Every 8191st bit pattern of Float: all exponents, both signs, denormals and NaNs.
  @Test(arguments: [UnaryFunction.exp, .log, .tanh]) func floatStaysWithinItsBound(_ function: UnaryFunction)
  {
    var x: [Float] = []
    var bits: UInt64 = 0
    while bits < 1 << 32 {
      x.append(Float(bits: bits))
      bits += 8191
    }
    let y = map(function, x)
    var worst = (error: 0.0, x: Float(0))
    for i in x.indices {
      // The C library's Double result is within 1 ulp of Double, 2⁻²⁹ ulp of Float.
      let error = ulpDistance(y[i], exact: exact(function, Double(x[i])))
      if !(error <= worst.error) { worst = (error, x[i]) }
    }
    #expect(worst.error <= bound(function), "\(function): \(worst.error) ulp at \(worst.x)")
    for path in ExecutionPath.each(turn: 0) {
      let difference = firstDifference(path.run { map(function, x) }, y)
      #expect(difference == nil, "\(path): \(difference ?? "")")
    }
  }

  /// Points where arguments are dense in use, thresholds, and the whole range on a logarithmic scale.
  private func doubles() -> [Double] {
    var numbers = TestNumbers(seed: 4)
    var x: [Double] = []
    for i in 0..<60_000 {
      let unit = Double(numbers.next() >> 11) * 0x1p-53
      switch i % 6 {
      case 0: x.append((unit - 0.5) * 1500)
      case 1: x.append((unit - 0.5) * 4)
      case 2: x.append(0.5 + unit)  // around log's zero
      case 3: x.append(Double(bits: numbers.next()))
      case 4: x.append((unit - 0.5) * 44)
      default: x.append(abs(Double(bits: numbers.next())))
      }
    }
    for edge in [
      709.782712893384, -745.1332191019412, -708.3964185322641, 19.0615, 22, 1, 0x1p-1022, 0.7071067811865476,
    ] {
      var y = edge
      for _ in 0..<50 { y = y.nextDown }
      for _ in 0..<100 {
        x.append(y)
        y = y.nextUp
      }
    }
    return x
  }

  #if arch(x86_64)
    @Test(arguments: [UnaryFunction.exp, .log, .tanh]) func doubleStaysWithinItsBound(
      _ function: UnaryFunction
    ) {
      let x = doubles()
      let y = map(function, x)
      var worst = (error: 0.0, x: 0.0)
      for i in x.indices {
        // 64 bits of precision: the oracle's own error is 2⁻¹¹ ulp of Double.
        let wide = Float80(x[i])
        let exact: Float80 =
          switch function {
          case .exp: Foundation.exp(wide)
          case .log: Foundation.log(wide)
          default: Foundation.tanh(wide)
          }
        let error = ulpDistance(y[i], exact: exact)
        if !(error <= worst.error) { worst = (error, x[i]) }
      }
      #expect(worst.error <= bound(function), "\(function): \(worst.error) ulp at \(worst.x)")
    }
  #endif

  @Test func everyPathAndTheScalarFunctionsGiveTheSameDoubles() {
    let x = doubles() + TestNumbers.edges(Double.self)
    for (function, scalar) in [(UnaryFunction.exp, ek_exp), (.log, ek_log), (.tanh, ek_tanh)] {
      let expected = x.map { scalar($0) }
      for path in ExecutionPath.each(turn: 2) {
        let difference = firstDifference(path.run { map(function, x) }, expected)
        #expect(difference == nil, "\(function), \(path): \(difference ?? "")")
      }
    }
  }

  /// The bits themselves: within the bound another coefficient would pass, and would change every golden.
  ///
  /// One hash (64-bit words, FNV-1a's constants) of each function's results; NaNs count as one. They change only
  /// together with the contract and the goldens.
  @Test func resultsKeepTheirRecordedBits() {
    func hash<E: Real>(_ function: UnaryFunction, _ x: [E]) -> UInt64 {
      map(function, x).reduce(0xCBF2_9CE4_8422_2325) {
        ($0 ^ ($1.isNaN ? E.nan : $1).bits) &* 0x100_0000_01B3
      }
    }
    let float = (0..<100_000).map { Float(bits: UInt64($0) * 42_949) }
    let double = (0..<100_000).map { Double(bits: UInt64($0) * 184_467_440_737_095) }
    let functions: [UnaryFunction] = [.exp, .log, .tanh]
    #expect(
      functions.map { hash($0, float) } == [
        0x1327_FE1D_1D66_FDA6, 0xFE13_06B5_CDBA_5279, 0xCBAD_08EC_4BDA_A4B5,
      ])
    #expect(
      functions.map { hash($0, double) } == [
        0xE891_FBAA_5EEF_F644, 0x1432_7A0D_8E5E_DCD8, 0xA66A_5CF4_0621_8B97,
      ])
  }

  /// What the edge values give, exactly.
  private func edges<E: Real>(_ type: E.Type) {
    let small = E.leastNonzeroMagnitude
    let cases: [(UnaryFunction, E, E)] = [
      (.exp, 0, 1), (.exp, -0.0, 1), (.exp, .infinity, .infinity), (.exp, -.infinity, 0),
      (.exp, .nan, .nan), (.exp, small, 1), (.exp, -small, 1), (.exp, .greatestFiniteMagnitude, .infinity),
      (.exp, -.greatestFiniteMagnitude, 0),
      (.log, 1, 0), (.log, 0, -.infinity), (.log, -0.0, -.infinity), (.log, .infinity, .infinity),
      (.log, -1, .nan), (.log, -.infinity, .nan), (.log, -small, .nan), (.log, .nan, .nan),
      (.tanh, 0, 0), (.tanh, -0.0, -0.0), (.tanh, .infinity, 1), (.tanh, -.infinity, -1), (.tanh, .nan, .nan),
      (.tanh, 100, 1), (.tanh, -100, -1), (.tanh, small, small), (.tanh, -small, -small),
    ]
    for (function, x, expected) in cases {
      // 40 copies reach the vector leaves as well as the remainder.
      for path in ExecutionPath.each(turn: 0) {
        let y = path.run { map(function, [E](repeating: x, count: 40)) }
        let difference = firstDifference(y, [E](repeating: expected, count: 40))
        #expect(difference == nil, "\(function) of \(x), \(path): \(difference ?? "")")
      }
    }
  }
  @Test func edgeValuesFloat() { edges(Float.self) }
  @Test func edgeValuesDouble() { edges(Double.self) }

  /// exp overflows, turns denormal and vanishes where the exact function does.
  @Test func exponentialThresholds() {
    // log of the largest finite number, of the smallest normal one, and of half the smallest denormal.
    let float = map(.exp, [88.72283, 88.72284, -87.33655, -103.97207, -103.97209] as [Float])
    #expect(float[0].isFinite && float[1] == .infinity && float[2] < .leastNormalMagnitude)
    #expect(float[3] == .leastNonzeroMagnitude && float[4] == 0)
    let double = map(
      .exp, [709.782712893384, 709.7827128933841, -708.3964185322642, -745.1332191019411, -745.1332191019412])
    #expect(double[0].isFinite && double[1] == .infinity && double[2] < .leastNormalMagnitude)
    #expect(double[3] == .leastNonzeroMagnitude && double[4] == 0)
  }

  /// Neighboring arguments never change places: over runs of consecutive Floats across reduction boundaries.
  @Test func monotoneOverConsecutiveFloats() {
    for start in [0.34, 0.35, 1.03, 1.04, 5.5, 20, 87, -0.35, -0.34, -20, -87.4, 0.7, 0.71, 1.41, 0x1p-133]
      as [Float]
    {
      var x: [Float] = []
      var next = start
      for _ in 0..<2000 {
        x.append(next)
        next = next.nextUp
      }
      for function in [UnaryFunction.exp, .log, .tanh] where !(function == .log && start < 0) {
        let y = map(function, x)
        // Within the error bound of `function` two roundings may swap, by at most one unit in the last place.
        #expect(
          zip(y, y.dropFirst()).allSatisfy { $0 <= $1 || $0 - $1 <= $1.ulp }, "\(function) from \(start)")
      }
    }
  }
}
