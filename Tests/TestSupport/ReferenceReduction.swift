import EscapementKernels

extension Reference {
  /// Σ xᵢ in 32 double lanes, unrounded.
  public static func sum<E: Real>(_ x: [E]) -> Double { laneSum(x.count) { $0 + Double(x[$1]) } }

  /// Σ xᵢyᵢ in 32 double lanes by fma, unrounded.
  public static func dot<E: Real>(_ x: [E], _ y: [E]) -> Double {
    laneSum(x.count) { $0.addingProduct(Double(x[$1]), Double(y[$1])) }
  }

  /// The sum of each row, rounded once.
  public static func rowSums<E: Real>(rows: Int, columns: Int, _ x: [E]) -> [E] {
    (0..<rows).map { r in E(rounding: laneSum(columns) { $0 + Double(x[r * columns + $1]) }) }
  }

  /// The index of the largest of each row, ties to the lowest; −1 when the row holds a NaN.
  public static func rowArgmax<E: Real>(rows: Int, columns: Int, _ x: [E]) -> [Int64] {
    (0..<rows).map { r in
      let row = Array(x[r * columns..<(r + 1) * columns])
      if row.contains(where: { $0.isNaN }) { return -1 }
      var best = 0
      for c in 1..<max(columns, 1) where row[c] > row[best] { best = c }
      return Int64(best)
    }
  }

  /// The element at `rowArgmax`, or NaN.
  public static func rowMaxima<E: Real>(rows: Int, columns: Int, _ x: [E]) -> [E] {
    rowArgmax(rows: rows, columns: columns, x).enumerated().map { r, c in
      c < 0 ? E.nan : x[r * columns + Int(c)]
    }
  }

  /// Σ x over samples and pixels of each channel, in double.
  public static func channelSums<E: Real>(n: Int, pixels: Int, channels: Int, _ x: [E]) -> [Double] {
    // x · 1 is exact, so fma(x, 1, acc) is acc + x.
    (0..<channels).map { c in
      batchDot(samples: n, pixels: pixels) { (Double(x[$0 * channels + c]), 1) }
    }
  }

  /// Σ xy over samples and pixels of each channel, in double.
  public static func channelDots<E: Real>(n: Int, pixels: Int, channels: Int, _ x: [E], _ y: [E]) -> [Double]
  {
    (0..<channels).map { c in
      batchDot(samples: n, pixels: pixels) {
        (Double(x[$0 * channels + c]), Double(y[$0 * channels + c]))
      }
    }
  }

  /// Mean and biased variance of each channel.
  ///
  /// Float: σ² = fma(−m, m, Σx²/N), clamped at +0. Double: σ² = Σ(x − m)²/N, each difference rounded.
  public static func channelMoments<E: Real>(
    n: Int, pixels: Int, channels: Int, _ x: [E]
  ) -> (mean: [Double], variance: [Double]) {
    let count = Double(n * pixels)
    let mean = channelSums(n: n, pixels: pixels, channels: channels, x).map { $0 / count }
    let variance: [Double]
    if E.self == Float.self {
      let squares = channelDots(n: n, pixels: pixels, channels: channels, x, x)
      variance = zip(mean, squares).map { m, s in
        let v = (s / count).addingProduct(-m, m)
        return v < 0 ? 0 : v
      }
    } else {
      variance = (0..<channels).map { c in
        let squares: Double = batchDot(samples: n, pixels: pixels) {
          let d = Double(x[$0 * channels + c]) - mean[c]
          return (d, d)
        }
        return squares / count
      }
    }
    return (mean, variance)
  }

  /// The mean over pixels of each sample and channel: 32 lanes over pixels, ÷ pixels in double, rounded once.
  public static func poolMean<E: Real>(n: Int, pixels: Int, channels: Int, _ x: [E]) -> [E] {
    (0..<n * channels).map { i in
      let (sample, c) = (i / channels, i % channels)
      let sum = laneSum(pixels) { $0 + Double(x[(sample * pixels + $1) * channels + c]) }
      return E(rounding: sum / Double(pixels))
    }
  }

  /// dx[n,p,c] = dy[n,c] ÷ pixels in the element type.
  public static func poolMeanAdjoint<E: Real>(n: Int, pixels: Int, channels: Int, _ dy: [E]) -> [E] {
    (0..<n * pixels * channels).map { i in
      dy[i / channels / pixels * channels + i % channels] / E(pixels)
    }
  }
}
