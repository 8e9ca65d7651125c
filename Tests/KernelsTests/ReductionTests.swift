import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct ReductionTests {
  private static let counts =
    Array(0...17) + [31, 32, 33, 63, 64, 65, 95, 96, 97, 511, 512, 513, 1025, 30_011]
  private static let kinds: [TestNumbers.Kind] = [.ordinary, .edges, .tiny]

  private func vectors<E: Real>(_ type: E.Type) {
    for count in Self.counts {
      for kind in Self.kinds {
        var numbers = TestNumbers(seed: UInt64(count))
        let x = FencedArray<E>(numbers.values(count, kind))
        let y = FencedArray<E>(numbers.values(count, kind))
        check("sum of \(count), \(kind)", expected: [Reference.sum(x.elements)]) {
          $0[0] = ek_sum(E.kernelType, count, x.pointer)
        }
        check("dot of \(count), \(kind)", expected: [Reference.dot(x.elements, y.elements)]) {
          $0[0] = ek_dot(E.kernelType, count, x.pointer, y.pointer)
        }
        check("square norm of \(count), \(kind)", expected: [Reference.dot(x.elements, x.elements)]) {
          $0[0] = ek_dot(E.kernelType, count, x.pointer, x.pointer)
        }
      }
    }
  }
  @Test func sumsAndDotsFloat() { vectors(Float.self) }
  @Test func sumsAndDotsDouble() { vectors(Double.self) }

  private func rows<E: Real>(_ type: E.Type) {
    var seed = 0
    for (rows, columns) in [
      (0, 5), (1, 1), (3, 1), (1, 17), (17, 2), (5, 7), (9, 10), (4, 16), (6, 31), (6, 32), (6, 33), (5, 100),
      (3, 513), (900, 10),
    ] {
      for kind in TestNumbers.Kind.allCases {
        var numbers = TestNumbers(seed: UInt64(seed))
        let x = FencedArray<E>(numbers.values(rows * columns, kind))
        let what = "of \(rows)×\(columns), \(kind)"
        let paths = ExecutionPath.each(turn: seed)
        check(
          "row sums \(what)", expected: Reference.rowSums(rows: rows, columns: columns, x.elements),
          paths: paths
        ) {
          ek_row_sums(E.kernelType, rows, columns, x.pointer, $0)
        }
        check(
          "row maxima \(what)", expected: Reference.rowMaxima(rows: rows, columns: columns, x.elements),
          paths: paths
        ) {
          ek_row_maxima(E.kernelType, rows, columns, x.pointer, $0)
        }
        for path in paths {
          var indices = [Int64](repeating: -7, count: rows + 1)
          path.run { ek_row_argmax(E.kernelType, rows, columns, x.pointer, &indices) }
          #expect(
            indices == Reference.rowArgmax(rows: rows, columns: columns, x.elements) + [-7],
            "argmax \(what), \(path)")
        }
        seed += 1
      }
    }
  }
  @Test func rowReductionsFloat() { rows(Float.self) }
  @Test func rowReductionsDouble() { rows(Double.self) }

  /// A NaN or the maximum at every place of rows of every small length, and ties of zeros of both signs.
  private func extremes<E: Real>(_ type: E.Type) {
    for columns in 1...37 {
      for place in 0..<columns {
        for (value, others) in [
          (E.nan, E(3)), (.infinity, 2), (-1, -.infinity), (0, -0.0), (-0.0, 0), (5, 5),
        ] {
          var row = [E](repeating: others, count: columns)
          row[place] = value
          let x = FencedArray(row)
          var index: Int64 = -7
          let largest = FencedArray([E(99)], writable: true)
          ExecutionPath.each(turn: place)[place % ExecutionPath.availableSets.count].run {
            ek_row_argmax(E.kernelType, 1, columns, x.pointer, &index)
            ek_row_maxima(E.kernelType, 1, columns, x.pointer, largest.pointer)
          }
          #expect(
            [index] == Reference.rowArgmax(rows: 1, columns: columns, row),
            "\(value) at \(place) of \(columns)")
          #expect(
            firstDifference(largest.elements, Reference.rowMaxima(rows: 1, columns: columns, row)) == nil,
            "\(value) at \(place) of \(columns)")
        }
      }
    }
  }
  @Test func extremesAtEveryPlaceFloat() { extremes(Float.self) }
  @Test func extremesAtEveryPlaceDouble() { extremes(Double.self) }

  /// Channels around vector edges; pixels around 512; samples around groups of 8, 4, 2 and 1.
  private static let images: [(n: Int, pixels: Int, channels: Int)] = [
    (0, 4, 3), (1, 1, 1), (3, 1, 17), (7, 1, 5), (8, 1, 5), (9, 1, 5), (16, 1, 4), (17, 1, 4), (129, 1, 3),
    (2, 3, 15), (5, 64, 16), (9, 64, 3), (9, 65, 3), (5, 128, 2), (5, 129, 2), (3, 256, 3), (3, 257, 3),
    (2, 511, 2), (2, 512, 2), (2, 513, 2), (3, 1024, 2), (1, 1025, 3), (1, 2561, 1), (2, 16, 31), (2, 16, 32),
    (2, 16, 33), (3, 9, 64), (2, 5, 65), (41, 4, 7), (24, 49, 24),
  ]

  private func channels<E: Real>(_ type: E.Type) {
    for (seed, (n, pixels, channels)) in Self.images.enumerated() {
      for kind in Self.kinds {
        var numbers = TestNumbers(seed: UInt64(seed))
        let x = FencedArray<E>(numbers.values(n * pixels * channels, kind))
        let y = FencedArray<E>(numbers.values(n * pixels * channels, kind))
        let what = "of \(n)×\(pixels)×\(channels), \(kind)"
        let paths = ExecutionPath.each(turn: seed)
        check(
          "channel sums \(what)",
          expected: Reference.channelSums(n: n, pixels: pixels, channels: channels, x.elements), paths: paths
        ) { ek_channel_sums(E.kernelType, n, pixels, channels, x.pointer, $0) }
        check(
          "channel dots \(what)",
          expected: Reference.channelDots(n: n, pixels: pixels, channels: channels, x.elements, y.elements),
          paths: paths
        ) { ek_channel_dots(E.kernelType, n, pixels, channels, x.pointer, y.pointer, $0) }
        let (mean, variance) = Reference.channelMoments(n: n, pixels: pixels, channels: channels, x.elements)
        let scratch = FencedArray([Double](repeating: .nan, count: channels), writable: true)
        check("channel means \(what)", expected: mean, paths: paths) {
          ek_channel_moments(E.kernelType, n, pixels, channels, x.pointer, $0, scratch.pointer)
        }
        check("channel variances \(what)", expected: variance, paths: paths) {
          ek_channel_moments(E.kernelType, n, pixels, channels, x.pointer, scratch.pointer, $0)
        }
        #expect(scratch.isIntact)
        guard pixels > 0 else { continue }
        check(
          "pool mean \(what)",
          expected: Reference.poolMean(n: n, pixels: pixels, channels: channels, x.elements), paths: paths
        ) { ek_pool_mean(E.kernelType, n, pixels, channels, x.pointer, $0) }
        let dy = FencedArray(Array(x.elements.prefix(n * channels)))
        check(
          "pool mean adjoint \(what)",
          expected: Reference.poolMeanAdjoint(n: n, pixels: pixels, channels: channels, dy.elements),
          paths: paths
        ) { ek_pool_mean_adjoint(E.kernelType, n, pixels, channels, dy.pointer, $0) }
      }
    }
  }
  @Test func channelReductionsFloat() { channels(Float.self) }
  @Test func channelReductionsDouble() { channels(Double.self) }

  /// Equal elements have variance zero, never a small negative number.
  @Test func varianceOfAConstantIsNotNegative() {
    for value in [0.1, 1.0 / 3, 1e-3, 12345.678, -7.7] as [Float] {
      for n in [1, 3, 7, 50] {
        let x = FencedArray([Float](repeating: value, count: n * 9))
        var (mean, variance) = (0.0, -1.0)
        ek_channel_moments(EK_F32, n, 9, 1, x.pointer, &mean, &variance)
        #expect(variance.sign == .plus, "\(n) times \(value)")
        // Σx² and Σx·Σx/N are each right to (9n + 2) half-ulps of double at the magnitude x².
        #expect(
          variance <= Double(9 * n + 2) * 0x1p-52 * Double(value) * Double(value), "\(n) times \(value)")
      }
    }
  }

  private func finite<E: Real>(_ type: E.Type) {
    for count in Self.counts where count > 0 {
      for place in Set([0, count / 3, count / 2, count - 1]) {
        for value in TestNumbers.edges(type) {
          var elements = [E](repeating: .greatestFiniteMagnitude, count: count)
          elements[place] = value
          let x = FencedArray(elements)
          for path in ExecutionPath.each(turn: place) {
            #expect(
              path.run { ek_all_finite(E.kernelType, count, x.pointer) } == value.isFinite,
              "\(value) at \(place) of \(count), \(path)")
          }
        }
      }
    }
    #expect(ek_all_finite(E.kernelType, 0, FencedArray<E>([]).pointer))
  }
  @Test func finitenessFloat() { finite(Float.self) }
  @Test func finitenessDouble() { finite(Double.self) }
}
