import EscapementLongTail
import EscapementRandomness
import Testing

@Suite("Random windows and colors")
struct RandomResizedCropTests {
  private let draws = 10_000
  private let crop = RandomResizedCrop.published

  private func stream(_ index: Int) -> RandomStream {
    RandomStream(seed: 11, purpose: .augmentation, index: UInt64(index))
  }

  @Test("every window lies in its image, whatever the image's shape")
  func inside() {
    let shapes = [(500, 375), (1, 1), (2, 1), (1, 1000), (1000, 3), (7, 5), (3000, 20), (33, 44)]
    for i in 0..<draws {
      let (width, height) = shapes[i % shapes.count]
      var stream = stream(i)
      let window = crop.window(width: width, height: height, &stream)
      if !window.fits(width: width, height: height) { Issue.record("\(window) in \(width) × \(height)") }
    }
  }

  @Test("an image too long for any window gives the largest one in the middle")
  func fallback() {
    var stream = stream(0)
    #expect(
      crop.window(width: 1000, height: 6, &stream) == PixelWindow(left: 496, top: 0, width: 8, height: 6))
    #expect(
      crop.window(width: 6, height: 1001, &stream) == PixelWindow(left: 0, top: 496, width: 6, height: 8))
    // Ratios that no window of the area has room for: the whole image, whose own ratio is allowed.
    let wide = RandomResizedCrop(scale: 1...1, ratio: 1...9)
    var other = self.stream(1)
    #expect(wide.window(width: 90, height: 60, &other) == PixelWindow(left: 0, top: 0, width: 90, height: 60))
  }

  /// The share of the accepted (area, log ratio) pairs, which are uniform over where a window fits, that `holds`
  /// accepts, by the midpoint rule.
  private func share(_ width: Int, _ height: Int, where holds: (Double, Double) -> Bool) -> Double {
    let steps = 400
    let logRatio = 0.28768207245178092  // log(4/3)
    var (all, some) = (0, 0)
    for i in 0..<steps {
      let s = 0.08 + 0.92 * (Double(i) + 0.5) / Double(steps)
      for j in 0..<steps {
        let t = logRatio * (2 * (Double(j) + 0.5) / Double(steps) - 1)
        // exp by its series: |t| < 0.3, so eight terms leave less than 1e-9.
        var (r, term) = (1.0, 1.0)
        for k in 1...8 {
          term *= t / Double(k)
          r += term
        }
        guard s * r <= Double(width) / Double(height), s / r <= Double(height) / Double(width) else {
          continue
        }
        all += 1
        if holds(s, r) { some += 1 }
      }
    }
    return Double(some) / Double(all)
  }

  @Test("areas and ratios are distributed as defined, on the pairs that fit")
  func distribution() {
    let (width, height) = (500, 375)
    var (areas, ratios): ([Double], [Double]) = ([], [])
    for i in 0..<draws {
      var stream = stream(i)
      let w = crop.window(width: width, height: height, &stream)
      areas.append(Double(w.width * w.height) / Double(width * height))
      ratios.append(Double(w.width) / Double(w.height))
    }
    // Dvoretzky, Kiefer and Wolfowitz: the empirical distribution leaves its own by more than this with probability
    // 2 exp(−2 n ε²) = 1e-9. Midpoints near the edge of what fits count as in or out: less than 4 cells in 400.
    // Ten misses in a row, of probability below 0.4 each, are rarer than 2e-4.
    let deviation = 0.0328 + 0.01 + 2e-4
    // Sides are rounded by half a pixel at most, and the least is √(0.08 · 375 · 500 · 3/4) = 106 pixels.
    let rounding = (1 + 0.5 / 106) * (1 + 0.5 / 106)
    func part(_ values: [Double], _ limit: Double) -> Double {
      Double(values.filter { $0 <= limit }.count) / Double(values.count)
    }
    for limit in [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] {
      let got = part(areas, limit)
      #expect(got >= share(width, height) { s, _ in s <= limit / rounding } - deviation, "area \(limit)")
      #expect(got <= share(width, height) { s, _ in s <= limit * rounding } + deviation, "area \(limit)")
    }
    for limit in [0.8, 0.85, 0.9, 1, 1.1, 1.2, 1.3] {
      let got = part(ratios, limit)
      #expect(got >= share(width, height) { _, r in r <= limit / rounding } - deviation, "ratio \(limit)")
      #expect(got <= share(width, height) { _, r in r <= limit * rounding } + deviation, "ratio \(limit)")
    }
    #expect(areas.min()! >= 0.08 / rounding && ratios.min()! >= 0.75 / rounding)
    #expect(ratios.max()! <= 4.0 / 3 * rounding)
  }

  @Test("places are uniform over the room that a window leaves")
  func places() {
    // A fixed window of 60 × 60 in 100 × 80: 41 columns, 21 rows.
    let fixed = RandomResizedCrop(scale: 0.45...0.45, ratio: 1...1)
    var (columns, rows) = ([Int](repeating: 0, count: 41), [Int](repeating: 0, count: 21))
    for i in 0..<draws {
      var stream = stream(i)
      let w = fixed.window(width: 100, height: 80, &stream)
      columns[w.left] += 1
      rows[w.top] += 1
    }
    // Six standard deviations of a binomial count.
    for counts in [columns, rows] {
      let p = 1 / Double(counts.count)
      let bound = 6 * (Double(draws) * p * (1 - p)).squareRoot()
      #expect(counts.allSatisfy { abs(Double($0) - Double(draws) * p) <= bound })
    }
  }

  @Test("the jitter's factors lie in 0.6..<1.4, and its six orders are equally likely")
  func jitter() {
    var orders: [[ColorChange.Kind]: Int] = [:]
    var factors: [ColorChange.Kind: [Double]] = [:]
    for i in 0..<draws {
      var stream = stream(i)
      let changes = ColorJitter.published.draw(&stream)
      orders[changes.map(\.kind), default: 0] += 1
      for change in changes { factors[change.kind, default: []].append(change.factor) }
    }
    #expect(orders.count == 6)
    // Six standard deviations of a binomial count, and of a mean of uniforms 0.8 wide.
    let bound = 6 * (Double(draws) * (1.0 / 6) * (5.0 / 6)).squareRoot()
    #expect(orders.values.allSatisfy { abs(Double($0) - Double(draws) / 6) <= bound })
    #expect(Set(factors.keys) == [.brightness, .contrast, .saturation], "the hue does not change")
    for values in factors.values {
      #expect(values.count == draws && values.allSatisfy { $0 >= 0.6 && $0 < 1.4 })
      let mean = values.reduce(0, +) / Double(draws)
      #expect(abs(mean - 1) <= 6 * 0.8 / (12 * Double(draws)).squareRoot())
      #expect(values.min()! < 0.61 && values.max()! > 1.39)
    }
  }
}
