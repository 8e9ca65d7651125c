import EscapementKernels

extension Reference.Convolution {
  /// Whether Float convolutions of this shape use Winograd: Documentation/Numerics.md, section 2.
  public var isWinograd: Bool {
    kh == 3 && kw == 3 && stride == 1 && pad == 1 && h > 0 && w > 0 && h % 4 == 0 && w % 4 == 0
      && h * w <= 8192 && [ci, co].allSatisfy { $0 > 0 && $0 % 16 == 0 && $0 <= 256 }
  }
}

/// Winograd convolution F(4×4, 3×3) at the points 0, ±√½, ±√2, ∞, one output tile and one channel at a time.
extension Reference {
  private static func fma(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }
  private static let rootHalf: Float = 0x1.6a09e6p-1
  private static let rootTwo: Float = 0x1.6a09e6p+0

  /// Bᵀd: six inputs to six points.
  private static func toPoints(_ d: [Float]) -> [Float] {
    let a = fma(-2, d[2], d[4])
    let b = fma(-2, d[1], d[3])
    let c = fma(-0.5, d[2], d[4])
    let e = fma(-0.5, d[1], d[3])
    return [
      fma(-2.5, d[2], d[0]) + d[4], fma(rootHalf, b, a), fma(-rootHalf, b, a), fma(rootTwo, e, c),
      fma(-rootTwo, e, c), fma(-2.5, d[3], d[1]) + d[5],
    ]
  }

  /// Aᵀz: six points to four outputs.
  private static func toOutputs(_ z: [Float]) -> [Float] {
    let s = z[1] + z[2]
    let d = z[1] - z[2]
    let s2 = z[3] + z[4]
    let d2 = z[3] - z[4]
    return [
      (z[0] + s) + s2, rootTwo * fma(0.5, d, d2), 2 * fma(0.25, s, s2),
      fma(2 * rootTwo, fma(0.125, d, d2), z[5]),
    ]
  }

  /// Ay: four output gradients to six points.
  private static func gradientToPoints(_ y: [Float]) -> [Float] {
    let e = fma(0.5, y[2], y[0])
    let o = fma(0.5, y[3], y[1])
    let e2 = fma(2, y[2], y[0])
    let o2 = fma(2, y[3], y[1])
    return [
      y[0], fma(rootHalf, o, e), fma(-rootHalf, o, e), fma(rootTwo, o2, e2), fma(-rootTwo, o2, e2), y[3],
    ]
  }

  /// Gᵀz: six points to three weight gradients.
  private static func toWeights(_ z: [Float]) -> [Float] {
    let s = z[1] + z[2]
    let d = z[1] - z[2]
    let s2 = z[3] + z[4]
    let d2 = z[3] - z[4]
    return [
      fma(-0x1.555556p-1, s, fma(0x1.555556p-3, s2, z[0])), fma(0x1.e2b7dep-3, d2, -0x1.e2b7dep-2 * d),
      fma(0x1.555556p-2, s2 - s, z[5]),
    ]
  }

  /// Gg in Double: three weights to six points.
  private static func weightsToPoints(_ g: [Double]) -> [Double] {
    let e = g[0].addingProduct(0.5, g[2])
    let o = 0x1.6a09e667f3bcdp-1 * g[1]
    let e2 = g[0].addingProduct(2, g[2])
    let o2 = 0x1.6a09e667f3bcdp+0 * g[1]
    return [
      g[0], (e + o) * (-2.0 / 3), (e - o) * (-2.0 / 3), (e2 + o2) * (1.0 / 6), (e2 - o2) * (1.0 / 6), g[2],
    ]
  }

  /// A transform of the columns of a matrix, given and returned by rows.
  private static func down<E>(_ m: [[E]], _ f: ([E]) -> [E]) -> [[E]] { turned(turned(m).map(f)) }
  private static func turned<E>(_ m: [[E]]) -> [[E]] { m[0].indices.map { j in m.map { $0[j] } } }

  /// V = BᵀdB of the tile (ty, tx) of channel c of sample n: down, then across. What lies outside is +0.
  private static func inputTile(
    _ x: [Float], _ h: Int, _ w: Int, _ channels: Int, _ n: Int, _ ty: Int, _ tx: Int, _ c: Int
  )
    -> [Float]
  {
    let d = (0..<6).map { r in
      (0..<6).map { q -> Float in
        let (y, column) = (4 * ty - 1 + r, 4 * tx - 1 + q)
        guard y >= 0 && y < h && column >= 0 && column < w else { return 0 }
        return x[((n * h + y) * w + column) * channels + c]
      }
    }
    return down(d, toPoints).flatMap(toPoints)
  }

  /// U = GgGᵀ, down, then across, in Double, rounded once.
  private static func weightPoints(_ g: [Float]) -> [Float] {
    let rows = (0..<3).map { r in (0..<3).map { Double(g[3 * r + $0]) } }
    return down(rows, weightsToPoints).flatMap(weightsToPoints).map { Float($0) }
  }

  /// Σ over terms of x ∗ weights, with the terms' channels consecutively in one chain.
  private static func winogradCorrelation(
    n: Int, h: Int, w: Int, co: Int, terms: [(x: [Float], channels: Int, weight: (Int, Int, Int) -> Float)]
  ) -> [Float] {
    var y = [Float](repeating: 0, count: n * h * w * co)
    let points = terms.map { term in
      (0..<term.channels).map { ci in
        (0..<co).map { o in weightPoints((0..<9).map { term.weight($0, ci, o) }) }
      }
    }
    for sample in 0..<n {
      for ty in 0..<h / 4 {
        for tx in 0..<w / 4 {
          let inputs = terms.map { term in
            (0..<term.channels).map { inputTile(term.x, h, w, term.channels, sample, ty, tx, $0) }
          }
          for o in 0..<co {
            let z = (0..<36).map { p -> Float in
              var sum: Float = 0
              for (term, tile) in inputs.enumerated() {
                for ci in tile.indices { sum = fma(tile[ci][p], points[term][ci][o][p], sum) }
              }
              return sum
            }
            // Across, then down.
            let half = (0..<6).map { toOutputs(Array(z[6 * $0..<6 * $0 + 6])) }
            let outputs = down(half, toOutputs)
            for r in 0..<4 {
              for q in 0..<4 { y[((sample * h + 4 * ty + r) * w + 4 * tx + q) * co + o] = outputs[r][q] }
            }
          }
        }
      }
    }
    return y
  }

  /// y = x ∗ weights.
  static func winogradForward(_ s: Convolution, x: [Float], weights: [Float]) -> [Float] {
    winogradCorrelation(
      n: s.n, h: s.h, w: s.w, co: s.co,
      terms: [(x, s.ci, { tap, ci, co in weights[(tap * s.ci + ci) * s.co + co] })])
  }

  /// dx = dy ∗ the weights rotated by 180°, with input and output channels exchanged.
  static func winogradBackwardData(_ s: Convolution, dy: [Float], weights: [Float]) -> [Float] {
    winogradCorrelation(
      n: s.n, h: s.h, w: s.w, co: s.ci,
      terms: [(dy, s.co, { tap, co, ci in weights[((8 - tap) * s.ci + ci) * s.co + co] })])
  }

  /// dweights: in each group of samples one chain per point over (n, ty, tx), then GᵀzG; the groups' gradients are
  /// added in the adjacent-pairs tree.
  static func winogradBackwardWeight(_ s: Convolution, x: [Float], dy: [Float]) -> [Float] {
    let g = groupSize(pixels: s.h * s.w)
    var groups: [[Float]] = []
    for first in stride(from: 0, to: s.n, by: g) {
      var z = [[Float]](repeating: [Float](repeating: 0, count: 36), count: s.ci * s.co)
      for sample in first..<min(first + g, s.n) {
        for ty in 0..<s.h / 4 {
          for tx in 0..<s.w / 4 {
            let inputs = (0..<s.ci).map { inputTile(x, s.h, s.w, s.ci, sample, ty, tx, $0) }
            // Down, then across.
            let gradients = (0..<s.co).map { o in
              down(
                (0..<4).map { r in
                  (0..<4).map { dy[((sample * s.h + 4 * ty + r) * s.w + 4 * tx + $0) * s.co + o] }
                }, gradientToPoints
              ).flatMap(gradientToPoints)
            }
            for ci in 0..<s.ci {
              for o in 0..<s.co {
                for p in 0..<36 {
                  z[ci * s.co + o][p] = fma(inputs[ci][p], gradients[o][p], z[ci * s.co + o][p])
                }
              }
            }
          }
        }
      }
      // Across, then down.
      let weights = z.map { pair in
        down((0..<6).map { toWeights(Array(pair[6 * $0..<6 * $0 + 6])) }, toWeights).flatMap { $0 }
      }
      groups.append((0..<9).flatMap { tap in weights.map { $0[tap] } })
    }
    return (0..<9 * s.ci * s.co).map { i in tree(groups.map { $0[i] }) }
  }
}
