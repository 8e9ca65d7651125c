import EscapementLongTail
import EscapementTestSupport
import Testing

@Suite("Resampling and color changes by their definition")
struct ResampleTests {
  /// The weights of output i of `out`, over all inputs: a triangle around its center, as wide as the coarser grid's
  /// step on each side, with sum 1.
  private func weights(_ i: Int, of out: Int, from count: Int) -> [Double] {
    let step = Double(count) / Double(out)
    let center = (Double(i) + 0.5) * step
    let raw = (0..<count).map { max(0, 1 - abs(Double($0) + 0.5 - center) / max(step, 1)) }
    let sum = raw.reduce(0, +)
    return raw.map { $0 / sum }
  }

  /// The resampled window in Double, never rounded.
  private func exact(_ image: RGBImage, _ window: PixelWindow, width: Int, height: Int) -> [Double] {
    var middle = [[Double]](repeating: [], count: window.height)
    for x in 0..<width {
      let across = weights(x, of: width, from: window.width)
      for row in 0..<window.height {
        let start = (window.top + row) * image.width + window.left
        for c in 0..<3 {
          var sum = 0.0
          for k in 0..<window.width { sum += across[k] * Double(image.bytes[3 * (start + k) + c]) }
          middle[row].append(sum)
        }
      }
    }
    return (0..<height).flatMap { y -> [Double] in
      let down = weights(y, of: height, from: window.height)
      return (0..<3 * width).map { i in (0..<window.height).reduce(0) { $0 + down[$1] * middle[$1][i] } }
    }
  }

  @Test(
    "every byte is the triangle filter's value, but for the two roundings to bytes and those of the weights")
  func resample() {
    var numbers = TestNumbers(seed: 3)
    for (wide, high, width, height) in [
      (61, 47, 30, 23), (61, 47, 7, 5), (61, 47, 1, 1), (61, 47, 90, 80), (9, 31, 40, 6), (5, 3, 5, 3),
      (1, 1, 8, 8),
      (33, 2, 16, 1),
    ] {
      let bytes = (0..<3 * (wide + 6) * (high + 5)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let image = RGBImage(width: wide + 6, height: high + 5, bytes: bytes)
      let window = PixelWindow(left: 4, top: 2, width: wide, height: high)
      let got = image.resampled(window, width: width, height: height).bytes
      let expected = exact(image, window, width: width, height: height)
      // Half a level each for the bytes in between, of which an output is a weighted mean, and at the end. Each weight
      // is off by 2⁻²³ at most and meets a byte below 256, so a pass adds its number of weights · 2⁻¹⁵, and the
      // definition's own rounding, of some 100 operations on values below 256, adds less than 2⁻³⁰.
      let bound = 0.5 + 0.5 + Double(wide + high) * 0x1p-15 + 0x1p-30
      let worst = zip(got, expected).map { abs(Double($0) - $1) }.max()!
      #expect(got.count == expected.count)
      #expect(worst <= bound, "\(wide) × \(high) to \(width) × \(height): off by \(worst)")
    }
  }

  @Test("one color stays what it is at every size")
  func constant() {
    for level: UInt8 in [0, 1, 127, 254, 255] {
      let image = RGBImage(width: 13, height: 9, bytes: [UInt8](repeating: level, count: 3 * 13 * 9))
      for (width, height) in [(1, 1), (5, 30), (40, 2), (13, 9)] {
        #expect(image.resampled(width: width, height: height).bytes.allSatisfy { $0 == level })
      }
    }
  }

  @Test("a window of the result is the result's window")
  func keeping() {
    let image = proceduralImage()
    for (width, height) in [(30, 23), (90, 70)] {
      let whole = image.resampled(width: width, height: height)
      for window in [
        PixelWindow(left: 3, top: 5, width: 11, height: 9),
        PixelWindow(left: 29, top: 0, width: 1, height: 23),
        PixelWindow(left: 0, top: 22, width: 30, height: 1),
      ] {
        let part = image.resampled(width: width, height: height, keeping: window)
        let rows = (0..<window.height).flatMap { row -> ArraySlice<UInt8> in
          let start = 3 * ((window.top + row) * width + window.left)
          return whole.bytes[start..<(start + 3 * window.width)]
        }
        #expect(part.bytes == rows)
      }
    }
  }

  @Test("a very long image costs no more than the window that is kept")
  func long() {
    // Whole, it would be resampled to 256 × 51,200,000 pixels.
    let thread = RGBImage(width: 1, height: 200_000, bytes: [UInt8](repeating: 7, count: 600_000))
    #expect(
      thread.resampled(shorterSide: 256, center: 224).bytes == [UInt8](repeating: 7, count: 3 * 224 * 224))
  }

  @Test("the middle is torchvision's: half the difference, rounded to even")
  func middle() {
    // Shorter side unchanged, so bytes are taken and not mixed: column x holds x.
    for (width, side, left) in [(21, 20, 0), (23, 20, 2), (25, 20, 2), (24, 20, 2), (27, 20, 4)] {
      let row = (0..<width).flatMap { column -> [UInt8] in [UInt8(column), 0, 0] }
      let image = RGBImage(width: width, height: 20, bytes: (0..<20).flatMap { _ in row })
      #expect(image.resampled(shorterSide: 20, center: side).bytes[0] == UInt8(left), "\(width) to \(side)")
    }
  }

  @Test("contrast turns about the mean gray, halves rounded up")
  func meanGray() {
    // Grays 10 and b, whose mean is (10 + b) / 2; of factor 0 nothing but the mean is left.
    for (b, mean) in [(10, 10), (11, 11), (12, 11), (13, 12)] as [(UInt8, UInt8)] {
      var image = RGBImage(width: 2, height: 1, bytes: [10, 10, 10, b, b, b])
      image.apply(ColorChange(.contrast, factor: 0))
      #expect(image.bytes == [UInt8](repeating: mean, count: 6))
    }
    // Means of thirds are rounded to the nearest.
    for (b, mean) in [(11, 10), (12, 11)] as [(UInt8, UInt8)] {
      var image = RGBImage(width: 3, height: 1, bytes: [10, 10, 10, 10, 10, 10, b, b, b])
      image.apply(ColorChange(.contrast, factor: 0))
      #expect(image.bytes == [UInt8](repeating: mean, count: 9))
    }
  }

  @Test("a color change is its formula in Float, cut toward zero")
  func color() {
    let image = proceduralImage(width: 19, height: 11)
    func gray(_ pixel: Int) -> Int {
      let p = image.bytes[(3 * pixel)..<(3 * pixel + 3)].map(Int.init)
      return (19595 * p[0] + 38470 * p[1] + 7471 * p[2] + 32768) >> 16
    }
    let mean = (0..<19 * 11).map(gray).reduce(0, +)
    for kind in [ColorChange.Kind.brightness, .contrast, .saturation] {
      for factor in [0, 0.6, 0.8371, 1, 1.2, 1.4, 3] {
        var changed = image
        changed.apply(ColorChange(kind, factor: factor))
        let expected = image.bytes.indices.map { i -> UInt8 in
          let ground: Int =
            switch kind {
            case .brightness, .hue: 0
            case .contrast: Int((Double(mean) / (19 * 11) + 0.5).rounded(.down))
            case .saturation: gray(i / 3)
            }
          let product = Float(factor) * Float(Int(image.bytes[i]) - ground)
          return UInt8(min(max(Float(ground) + product, 0), 255).rounded(.towardZero))
        }
        #expect(changed.bytes == expected, "\(kind) by \(factor)")
      }
    }
  }
}
