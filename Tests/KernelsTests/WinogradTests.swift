import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

/// Convolutions in Float that go by Winograd: their bits, which shapes go that way, and how far they are from Double.
@Suite struct WinogradTests {
  private typealias Shape = Reference.Convolution

  private static func shape(_ n: Int, _ h: Int, _ w: Int, _ ci: Int, _ co: Int) -> Reference.Convolution {
    Reference.Convolution(n: n, h: h, w: w, ci: ci, co: co, kh: 3, stride: 1, pad: 1)
  }

  private func check(
    _ s: Reference.Convolution, kind: TestNumbers.Kind = .ordinary, seed: Int, direct: Bool = false
  ) {
    var numbers = TestNumbers(seed: UInt64(seed))
    let x = FencedArray<Float>(numbers.values(s.countX, kind))
    let weights = FencedArray<Float>(numbers.values(s.countWeights, kind))
    let dy = FencedArray<Float>(numbers.values(s.countY, kind))
    let sum: [Float] = numbers.values(s.countY, kind)
    let paths = ExecutionPath.each(turn: seed)
    var shape = s.kernelShape
    let what = "\(s), \(kind), seed \(seed), direct \(direct)"
    ek_convolution_override(direct ? Int32(EK_CONVOLUTION_DIRECT.rawValue) : -1)
    defer { ek_convolution_override(-1) }
    #expect(ek_conv_is_winograd(EK_F32, &shape) == !direct, "\(what)")
    let y = Reference.convolutionForward(s, x: x.elements, weights: weights.elements, direct: direct)
    KernelsTests.check("forward \(what)", expected: y, paths: paths) {
      ek_conv_forward(EK_F32, &shape, x.pointer, weights.pointer, $0, false)
    }
    KernelsTests.check(
      "forward, added, \(what)", expected: zip(sum, y).map { $0 + $1 }, initial: sum, paths: paths
    ) { ek_conv_forward(EK_F32, &shape, x.pointer, weights.pointer, $0, true) }
    KernelsTests.check(
      "backward data \(what)",
      expected: Reference.convolutionBackwardData(
        s, dy: dy.elements, weights: weights.elements, direct: direct), paths: paths
    ) { ek_conv_backward_data(EK_F32, &shape, dy.pointer, weights.pointer, $0, false) }
    KernelsTests.check(
      "backward weight \(what)",
      expected: Reference.convolutionBackwardWeight(s, x: x.elements, dy: dy.elements, direct: direct),
      paths: paths
    ) { ek_conv_backward_weight(EK_F32, &shape, x.pointer, dy.pointer, $0) }
  }

  /// One tile and many; tiles beside each register tile's height; panels of one and two vectors on every set; groups of 8,
  /// 4, 2 and 1 samples, ragged; channels of the specialized widths, of others, and of the largest.
  @Test(
    "every path has the definition's bits",
    arguments: [
      Self.shape(1, 4, 4, 16, 16), Self.shape(2, 4, 8, 16, 32), Self.shape(1, 8, 4, 32, 16),
      Self.shape(3, 4, 12, 16, 48), Self.shape(1, 4, 20, 48, 16), Self.shape(1, 8, 12, 32, 32),
      Self.shape(1, 4, 4, 64, 64), Self.shape(1, 4, 4, 80, 16), Self.shape(1, 4, 4, 16, 96),
      Self.shape(1, 4, 4, 256, 16), Self.shape(1, 4, 4, 16, 256), Self.shape(17, 8, 8, 16, 16),
      Self.shape(5, 8, 16, 16, 16), Self.shape(3, 16, 16, 16, 16), Self.shape(2, 4, 68, 16, 16),
      Self.shape(1, 4, 128, 16, 16), Self.shape(2, 32, 32, 16, 16),
    ])
  private func definition(_ s: Reference.Convolution) { check(s, seed: s.w + s.ci) }

  @Test("no samples: nothing is written, and weight gradients are +0")
  func nothing() { check(Self.shape(0, 4, 4, 16, 16), seed: 1) }

  /// A value that is not finite reaches every output of the tiles that read it, the same ones on every path.
  @Test("denormals, zeros of both signs, infinities and NaN", arguments: TestNumbers.Kind.allCases)
  func unusualNumbers(kind: TestNumbers.Kind) {
    check(Self.shape(2, 8, 4, 16, 32), kind: kind, seed: 3)
    check(Self.shape(9, 4, 4, 16, 16), kind: kind, seed: 4)
  }

  @Test("direct convolutions on demand")
  func direct() {
    check(Self.shape(2, 8, 4, 16, 32), seed: 5, direct: true)
    check(Self.shape(1, 4, 12, 48, 16), kind: .edges, seed: 6, direct: true)
  }

  @Test("networks' layers: every path as the scalar one")
  func agreement() {
    for s in [
      Self.shape(3, 32, 32, 16, 16), Self.shape(5, 16, 16, 32, 32), Self.shape(9, 8, 8, 64, 64),
      Self.shape(1, 28, 28, 64, 128),
    ] {
      var numbers = TestNumbers(seed: UInt64(s.ci))
      let x = FencedArray<Float>(numbers.values(s.countX))
      let xt = FencedArray<Float>(numbers.values(s.countX))
      let weights = FencedArray<Float>(numbers.values(s.countWeights))
      let weightsTangent = FencedArray<Float>(numbers.values(s.countWeights))
      let dy = FencedArray<Float>(numbers.values(s.countY))
      let dyt = FencedArray<Float>(numbers.values(s.countY))
      var shape = s.kernelShape
      checkAgreement("forward \(s)", count: s.countY, as: Float.self) {
        ek_conv_forward(EK_F32, &shape, x.pointer, weights.pointer, $0, false)
      }
      checkAgreement("forward along tangents \(s)", count: s.countY, as: Float.self) {
        ek_conv_forward_tangent(
          EK_F32, &shape, x.pointer, xt.pointer, weights.pointer, weightsTangent.pointer, $0)
      }
      checkAgreement("backward data \(s)", count: s.countX, as: Float.self) {
        ek_conv_backward_data(EK_F32, &shape, dy.pointer, weights.pointer, $0, false)
      }
      checkAgreement("backward data along tangents \(s)", count: s.countX, as: Float.self) {
        ek_conv_backward_data_tangent(
          EK_F32, &shape, dy.pointer, dyt.pointer, weights.pointer, weightsTangent.pointer, $0, false)
      }
      checkAgreement("backward weight \(s)", count: s.countWeights, as: Float.self) {
        ek_conv_backward_weight(EK_F32, &shape, x.pointer, dy.pointer, $0)
      }
    }
  }

  @Test("by shape alone: 3×3, stride 1, padding 1, whole tiles, channels in sixteens up to 256")
  func whichShapes() {
    var found = 0
    for (kernel, stride, pad) in [(3, 1, 1), (3, 2, 1), (3, 1, 0), (3, 1, 2), (1, 1, 1), (5, 1, 1)] {
      for h in [1, 2, 4, 6, 8, 12, 28, 56, 64, 88, 128] {
        for w in [3, 4, 8, 14, 28, 56, 96, 128] {
          for ci in [1, 3, 8, 16, 24, 32, 48, 256, 272] {
            for co in [5, 16, 64, 100, 256, 512] {
              let s = Shape(n: 1, h: h, w: w, ci: ci, co: co, kh: kernel, stride: stride, pad: pad)
              var shape = s.kernelShape
              #expect(ek_conv_is_winograd(EK_F32, &shape) == s.isWinograd, "\(s)")
              #expect(!ek_conv_is_winograd(EK_F64, &shape), "\(s)")
              shape.kw += 1
              #expect(!ek_conv_is_winograd(EK_F32, &shape), "\(s), one tap wider")
              if s.isWinograd { found += 1 }
            }
          }
        }
      }
    }
    #expect(found > 100)
  }

  // ---- The distance from Double ------------------------------------------------------------------

  /// What a transform's operations can make of inputs of these magnitudes: every coefficient positive.
  private static func inputMagnitude(_ d: [Double]) -> [Double] {
    let a = 2 * d[2] + d[4]
    let b = 2 * d[1] + d[3]
    let c = 0.5 * d[2] + d[4]
    let e = 0.5 * d[1] + d[3]
    let (h, r) = (0.5.squareRoot(), 2.0.squareRoot())
    return [
      2.5 * d[2] + d[0] + d[4], h * b + a, h * b + a, r * e + c, r * e + c, 2.5 * d[3] + d[1] + d[5],
    ]
  }
  private static func outputMagnitude(_ z: [Double]) -> [Double] {
    let s = z[1] + z[2]
    let t = z[3] + z[4]
    let r = 2.0.squareRoot()
    return [z[0] + s + t, r * (0.5 * s + t), 0.5 * s + 2 * t, 2 * r * (0.125 * s + t) + z[5]]
  }
  private static func weightMagnitude(_ g: [Double]) -> [Double] {
    let near = (0.5 * g[2] + g[0] + 0.5.squareRoot() * g[1]) * 2 / 3
    let far = (2 * g[2] + g[0] + 2.0.squareRoot() * g[1]) / 6
    return [g[0], near, near, far, far, g[2]]
  }
  private static func both(_ m: [[Double]], _ f: ([Double]) -> [Double]) -> [[Double]] {
    let down = (0..<m[0].count).map { j in f(m.map { $0[j] }) }
    return down[0].indices.map { i in f(down.map { $0[i] }) }
  }

  private static func gradientMagnitude(_ y: [Double]) -> [Double] {
    let near = 0.5 * y[2] + y[0] + 0.5.squareRoot() * (0.5 * y[3] + y[1])
    let far = 2 * y[2] + y[0] + 2.0.squareRoot() * (2 * y[3] + y[1])
    return [y[0], near, near, far, far, y[3]]
  }
  private static func weightGradientMagnitude(_ z: [Double]) -> [Double] {
    let s = z[1] + z[2]
    let t = z[3] + z[4]
    let r = 2.0.squareRoot()
    return [z[0] + t / 6 + 2 * s / 3, r / 6 * t + r / 3 * s, (t + s) / 3 + z[5]]
  }

  /// The magnitudes |x| of the `size` × `size` patch of channel c from (top, left) on, 0 outside the image.
  private static func patch(
    _ x: [Float], _ s: Reference.Convolution, channels: Int, _ n: Int, _ top: Int, _ left: Int, _ c: Int,
    size: Int
  ) -> [[Double]] {
    (top..<top + size).map { y in
      (left..<left + size).map { column in
        guard (0..<s.h).contains(y) && (0..<s.w).contains(column) else { return 0 }
        return abs(Double(x[((n * s.h + y) * s.w + column) * channels + c]))
      }
    }
  }

  /// Compares with Double and says how large a share of its bound the largest error took.
  private func compare(_ got: [Float], _ exact: [Double], bounds: [Double], _ what: String) {
    var largestShare = 0.0
    for (i, (a, b)) in zip(got, exact).enumerated() {
      let error = abs(Double(a) - b)
      #expect(error <= bounds[i], "\(what) at \(i): \(a) for \(b), bound \(bounds[i])")
      largestShare = max(largestShare, error / bounds[i])
    }
    // The bound is of use: some error comes within three orders of it, where a wrong coefficient would be 10⁵ times as large.
    #expect(largestShare > 1e-3, "\(what): \(largestShare)")
  }

  /// |y − exact| ≤ K·u / (1 − K·u) times the magnitudes' sum through the same transforms, u = 2⁻²⁴ and K the most roundings
  /// that one term meets: in the input transform at most 3 an axis and 1 for a rounded √½ or √2, the weight's own, one a
  /// product of the chain, in the output transform at most 4 an axis and 1 for a constant. One more covers Double's own error,
  /// in the direct sum and in the weights' transform.
  private static func correlationBounds(
    _ s: Reference.Convolution, x: [Float], from: Int, to: Int, weight: (Int, Int, Int) -> Float
  ) -> [Double] {
    let roundings = Double(2 * (3 + 1) + 1 + from + 2 * (4 + 1) + 1)
    let factor = roundings * 0x1p-24 / (1 - roundings * 0x1p-24)
    let points = (0..<from).map { c in
      (0..<to).map { o in
        both((0..<3).map { r in (0..<3).map { abs(Double(weight(3 * r + $0, c, o))) } }, weightMagnitude)
      }
    }
    var bounds = [Double](repeating: 0, count: s.n * s.h * s.w * to)
    for n in 0..<s.n {
      for ty in 0..<s.h / 4 {
        for tx in 0..<s.w / 4 {
          let tiles = (0..<from).map {
            both(patch(x, s, channels: from, n, 4 * ty - 1, 4 * tx - 1, $0, size: 6), inputMagnitude)
          }
          for o in 0..<to {
            let z = (0..<6).map { r in
              (0..<6).map { q in (0..<from).reduce(0.0) { $0 + tiles[$1][r][q] * points[$1][o][r][q] } }
            }
            let y = both(z, outputMagnitude)
            for r in 0..<4 {
              for q in 0..<4 {
                bounds[((n * s.h + 4 * ty + r) * s.w + 4 * tx + q) * to + o] = factor * y[r][q]
              }
            }
          }
        }
      }
    }
    return bounds
  }

  @Test(
    "Float by Winograd is within the derived bound of direct Double",
    arguments: [(16, 16), (32, 16), (16, 48)])
  func withinTheBound(ci: Int, co: Int) {
    let s = Self.shape(2, 8, 8, ci, co)
    var numbers = TestNumbers(seed: UInt64(ci + co))
    let x: [Float] = numbers.values(s.countX)
    let weights: [Float] = numbers.values(s.countWeights)
    let dy: [Float] = numbers.values(s.countY)
    let wide = (x: x.map(Double.init), weights: weights.map(Double.init), dy: dy.map(Double.init))
    var shape = s.kernelShape
    var y = [Float](repeating: .nan, count: s.countY)
    ek_conv_forward(EK_F32, &shape, x, weights, &y, false)
    compare(
      y, Reference.convolutionForward(s, x: wide.x, weights: wide.weights),
      bounds: Self.correlationBounds(s, x: x, from: ci, to: co) { weights[($0 * ci + $1) * co + $2] },
      "forward")
    var dx = [Float](repeating: .nan, count: s.countX)
    ek_conv_backward_data(EK_F32, &shape, dy, weights, &dx, false)
    compare(
      dx, Reference.convolutionBackwardData(s, dy: wide.dy, weights: wide.weights),
      bounds: Self.correlationBounds(s, x: dy, from: co, to: ci) { weights[((8 - $0) * ci + $2) * co + $1] },
      "backward data")
    var dw = [Float](repeating: .nan, count: s.countWeights)
    ek_conv_backward_weight(EK_F32, &shape, x, dy, &dw)
    compare(
      dw, Reference.convolutionBackwardWeight(s, x: wide.x, dy: wide.dy),
      bounds: Self.weightBounds(s, x: x, dy: dy), "backward weight")
  }

  /// As above: the input transform's 4 an axis, the gradient's at most 2 and 1, one a product of a group's chain, GᵀzG at most
  /// 3 and 1 an axis, at most one a group in the tree, and one for Double.
  private static func weightBounds(_ s: Reference.Convolution, x: [Float], dy: [Float]) -> [Double] {
    let group = Reference.groupSize(pixels: s.h * s.w)
    let roundings = Double(2 * 4 + 2 * 3 + group * s.h * s.w / 16 + 2 * 4 + (s.n + group - 1) / group + 1)
    let factor = roundings * 0x1p-24 / (1 - roundings * 0x1p-24)
    var z = [[[Double]]](
      repeating: [[Double]](repeating: [Double](repeating: 0, count: 6), count: 6), count: s.ci * s.co)
    for n in 0..<s.n {
      for ty in 0..<s.h / 4 {
        for tx in 0..<s.w / 4 {
          let inputs = (0..<s.ci).map {
            both(patch(x, s, channels: s.ci, n, 4 * ty - 1, 4 * tx - 1, $0, size: 6), inputMagnitude)
          }
          let gradients = (0..<s.co).map {
            both(patch(dy, s, channels: s.co, n, 4 * ty, 4 * tx, $0, size: 4), gradientMagnitude)
          }
          for c in 0..<s.ci {
            for o in 0..<s.co {
              for r in 0..<6 {
                for q in 0..<6 { z[c * s.co + o][r][q] += inputs[c][r][q] * gradients[o][r][q] }
              }
            }
          }
        }
      }
    }
    let weights = z.map { both($0, weightGradientMagnitude) }
    return (0..<9).flatMap { tap in weights.map { factor * $0[tap / 3][tap % 3] } }
  }
}
