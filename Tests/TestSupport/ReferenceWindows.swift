import EscapementKernels

extension Reference {
  /// Square windows over images `[n][h][w][c]`; padding lies outside and is ignored.
  public struct Windows: Sendable {
    public var n: Int, h: Int, w: Int, c: Int
    public var size: Int, stride: Int, padding: Int

    public init(n: Int, h: Int, w: Int, c: Int, size: Int, stride: Int, padding: Int) {
      (self.n, self.h, self.w, self.c) = (n, h, w, c)
      (self.size, self.stride, self.padding) = (size, stride, padding)
    }

    /// Output rows.
    public var oh: Int { (h + 2 * padding - size) / stride + 1 }
    /// Output columns.
    public var ow: Int { (w + 2 * padding - size) / stride + 1 }
    /// The number of windows over all channels.
    public var count: Int { n * oh * ow * c }

    /// The input index of a tap of the window of output `i`; nil outside the image.
    func place(of i: Int, tap: Int) -> Int? {
      let (channel, column, row, sample) = (i % c, i / c % ow, i / (c * ow) % oh, i / (c * ow * oh))
      let (y, x) = (row * stride + tap / size - padding, column * stride + tap % size - padding)
      guard y >= 0, y < h, x >= 0, x < w else { return nil }
      return ((sample * h + y) * w + x) * c + channel
    }
  }

  /// The first NaN of each window, or else the first of its largest elements, as a tap's index.
  public static func windowLargest<E: Real>(_ s: Windows, _ x: [E]) -> [UInt8] {
    (0..<s.count).map { i in
      var chosen: (tap: Int, value: E)?
      for tap in 0..<(s.size * s.size) {
        guard let place = s.place(of: i, tap: tap) else { continue }
        if x[place].isNaN { return UInt8(tap) }
        if chosen == nil || x[place] > chosen!.value { chosen = (tap, x[place]) }
      }
      return UInt8(chosen!.tap)
    }
  }

  /// x at the taps.
  public static func windowGather<E: Real>(_ s: Windows, _ x: [E], _ taps: [UInt8]) -> [E] {
    (0..<s.count).map { x[s.place(of: $0, tap: Int(taps[$0]))!] }
  }

  /// dy added to +0 at the taps, window after window.
  public static func windowScatter<E: Real>(_ s: Windows, _ dy: [E], _ taps: [UInt8]) -> [E] {
    var dx = [E](repeating: 0, count: s.n * s.h * s.w * s.c)
    for i in 0..<s.count { dx[s.place(of: i, tap: Int(taps[i]))!] += dy[i] }
    return dx
  }
}
