import EscapementKernels

/// The definition of every kernel as naive scalar Swift: slow, obvious, and compared bit for bit.
///
/// Nothing here shares code with the C leaves. Documentation/Numerics.md states the same rules in words.
public enum Reference {
  /// The number of terms in one chain of a contraction.
  public static let chunk = 512
  /// The number of lanes of a vector reduction.
  public static let lanes = 32
}

extension Reference {
  /// Σ aᵢbᵢ by one chain from +0: acc ← fma(aᵢ, bᵢ, acc), i ascending over `range`. A place without factors is not a
  /// term.
  static func chain<E: Real>(_ range: Range<Int>, _ factors: (Int) -> (E, E)?) -> E {
    var sum: E = 0
    var i = range.lowerBound
    while i < range.upperBound {
      if let (a, b) = factors(i) { sum = sum.addingProduct(a, b) }
      i += 1
    }
    return sum
  }

  /// The adjacent-pairs tree: P[c] ← P[c] + P[c+s] for s = 1, 2, 4, … at every c that 2s divides; +0 of nothing.
  public static func tree<E: Real>(_ parts: [E]) -> E {
    var p = parts
    var s = 1
    while s < p.count {
      var c = 0
      while c + s < p.count {
        p[c] = p[c] + p[c + s]
        c += 2 * s
      }
      s *= 2
    }
    return p.first ?? 0
  }

  /// Σ aᵢbᵢ over `range` in chains of 512 places whose sums are added in the tree. Places without factors are not
  /// terms, but count as places.
  static func chunkedDot<E: Real>(_ range: Range<Int>, _ factors: (Int) -> (E, E)?) -> E {
    var parts: [E] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + chunk, range.upperBound)
      parts.append(chain(start..<end, factors))
      start = end
    }
    return tree(parts)
  }

  /// The number of samples in one group of a sum over the batch: the largest power of two ≤ 8 with g·pixels ≤ 512, at
  /// least 1.
  public static func groupSize(pixels: Int) -> Int {
    var g = 8
    while g > 1 && g * pixels > chunk { g /= 2 }
    return g
  }

  /// Σ aᵢbᵢ over the pixels i of a batch: chunked chains inside each group of samples, a tree over groups.
  static func batchDot<E: Real>(samples: Int, pixels: Int, _ factors: (Int) -> (E, E)?) -> E {
    let g = groupSize(pixels: pixels)
    var groups: [E] = []
    var first = 0
    while first < samples {
      let last = min(first + g, samples)
      groups.append(chunkedDot(first * pixels..<last * pixels, factors))
      first = last
    }
    return tree(groups)
  }

  /// 32 double lanes, lane = i mod 32, folded by halves: `update` folds term i into its lane.
  static func laneSum(_ count: Int, _ update: (Double, Int) -> Double) -> Double {
    var lane = [Double](repeating: 0, count: lanes)
    for i in 0..<count { lane[i % lanes] = update(lane[i % lanes], i) }
    var half = lanes / 2
    while half > 0 {
      for i in 0..<half { lane[i] = lane[i] + lane[i + half] }
      half /= 2
    }
    return lane[0]
  }
}
