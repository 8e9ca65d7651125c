import EscapementKernels

extension Reference {
  /// Option-A shortcut: every `stride`-th row and column, `before` zero channels in front, zeros behind.
  public struct Shortcut: Sendable {
    /// Samples, height, width, channels in and out.
    public var n: Int, h: Int, w: Int, ci: Int, co: Int
    /// Pixels from one taken row or column to the next.
    public var stride: Int
    /// Zero channels in front of the taken ones.
    public var before: Int

    /// A shortcut; `co` must hold `before + ci` channels.
    public init(n: Int, h: Int, w: Int, ci: Int, co: Int, stride: Int, before: Int) {
      self.n = n
      self.h = h
      self.w = w
      self.ci = ci
      self.co = co
      self.stride = stride
      self.before = before
    }

    /// Output rows.
    public var oh: Int { (h + stride - 1) / stride }
    /// Output columns.
    public var ow: Int { (w + stride - 1) / stride }
  }

  /// y[n,oy,ox,before+c] = x[n,oy·stride,ox·stride,c], +0 elsewhere.
  public static func shortcut<E: Real>(_ s: Shortcut, _ x: [E]) -> [E] {
    var y = [E](repeating: 0, count: s.n * s.oh * s.ow * s.co)
    forEachTaken(s) { y[$1] = x[$0] }
    return y
  }

  /// dx at the taken places is dy there, +0 elsewhere.
  public static func shortcutAdjoint<E: Real>(_ s: Shortcut, _ dy: [E]) -> [E] {
    var dx = [E](repeating: 0, count: s.n * s.h * s.w * s.ci)
    forEachTaken(s) { dx[$0] = dy[$1] }
    return dx
  }

  private static func forEachTaken(_ s: Shortcut, _ body: (_ x: Int, _ y: Int) -> Void) {
    for n in 0..<s.n {
      for oy in 0..<s.oh {
        for ox in 0..<s.ow {
          for c in 0..<s.ci {
            body(
              ((n * s.h + oy * s.stride) * s.w + ox * s.stride) * s.ci + c,
              ((n * s.oh + oy) * s.ow + ox) * s.co + s.before + c)
          }
        }
      }
    }
  }

  /// y[r] = x[r][index[r]].
  public static func gather<E: Real>(rows: Int, columns: Int, _ x: [E], _ index: [Int64]) -> [E] {
    (0..<rows).map { x[$0 * columns + Int(index[$0])] }
  }

  /// y[r][c] = v[r] at c = index[r], +0 elsewhere.
  public static func scatter<E: Real>(rows: Int, columns: Int, _ v: [E], _ index: [Int64]) -> [E] {
    (0..<rows * columns).map { $0 % columns == Int(index[$0 / columns]) ? v[$0 / columns] : 0 }
  }

  /// y[j][i] = x[i][j].
  public static func transpose<E: Real>(rows: Int, columns: Int, _ x: [E]) -> [E] {
    (0..<rows * columns).map { x[$0 % rows * columns + $0 / rows] }
  }

  /// One CIFAR image (three planes of side² bytes): padded, cropped at (dy, dx), flipped, mapped by channel.
  public static func image<E: Real>(
    side: Int, pad: Int, planes: [UInt8], dy: Int, dx: Int, flip: Bool, table: [E]
  ) -> [E] {
    (0..<side * side * 3).map { i in
      let (c, x, y) = (i % 3, i / 3 % side, i / 3 / side)
      let row = y + dy - pad
      let column = (flip ? side - 1 - x : x) + dx - pad
      let inside = row >= 0 && row < side && column >= 0 && column < side
      return table[c * 256 + (inside ? Int(planes[(c * side + row) * side + column]) : 0)]
    }
  }
}
