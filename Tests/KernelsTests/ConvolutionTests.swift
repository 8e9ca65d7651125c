import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct ConvolutionTests {
  private typealias Shape = Reference.Convolution

  private func check<E: Real>(
    _ s: Reference.Convolution, as type: E.Type, kind: TestNumbers.Kind = .ordinary, seed: Int
  ) {
    var numbers = TestNumbers(seed: UInt64(seed))
    let x = FencedArray<E>(numbers.values(s.countX, kind))
    let weights = FencedArray<E>(numbers.values(s.countWeights, kind))
    let dy = FencedArray<E>(numbers.values(s.countY, kind))
    let paths = ExecutionPath.each(turn: seed)
    var shape = s.kernelShape
    let what = "\(s), \(kind), seed \(seed)"
    KernelsTests.check(
      "convolution forward \(what)",
      expected: Reference.convolutionForward(s, x: x.elements, weights: weights.elements), paths: paths
    ) { ek_conv_forward(E.kernelType, &shape, x.pointer, weights.pointer, $0, false) }
    KernelsTests.check(
      "convolution backward data \(what)",
      expected: Reference.convolutionBackwardData(s, dy: dy.elements, weights: weights.elements), paths: paths
    ) { ek_conv_backward_data(E.kernelType, &shape, dy.pointer, weights.pointer, $0, false) }
    KernelsTests.check(
      "convolution backward weight \(what)",
      expected: Reference.convolutionBackwardWeight(s, x: x.elements, dy: dy.elements), paths: paths
    ) { ek_conv_backward_weight(E.kernelType, &shape, x.pointer, dy.pointer, $0) }
  }

  /// Kernels 1…7 × strides 1…3 × paddings 0…3, with seeded extents, channels and batch sizes.
  private func everyGeometry<E: Real>(_ type: E.Type) {
    var numbers = TestNumbers(seed: 11)
    var seed = 0
    for kernel in [1, 2, 3, 5, 7] {
      for stride in 1...3 {
        for pad in 0...3 {
          for round in 0..<3 {
            var s = Shape(n: 1, h: 1, w: 1, ci: 1, co: 1, kh: kernel, stride: stride, pad: pad)
            repeat {
              s.n = numbers.pick([1, 2, 3])
              s.h = numbers.pick([1, 2, 3, 5, 7, 8])
              s.w = numbers.pick([1, 2, 4, 6, 9, 17])
              s.ci = numbers.pick([1, 2, 3, 5, 8, 17])
              s.co = numbers.pick([1, 2, 3, 7, 8, 16, 17, 33])
              // Every third case has an oblong kernel.
              s.kw = round == 2 ? numbers.pick([1, 2, 3, 4]) : kernel
            } while s.oh == 0 || s.ow == 0 || s.work > 12_000
            check(s, as: type, seed: seed)
            seed += 1
          }
        }
      }
    }
  }
  @Test func everyGeometryFloat() { everyGeometry(Float.self) }
  @Test func everyGeometryDouble() { everyGeometry(Double.self) }

  /// Edges of chunks, groups and tiles, and shapes a network uses.
  private static let edges: [Shape] = [
    // k = 511, 512, 513 and 1025 in forward and, by co, in backward data.
    Shape(n: 1, h: 2, w: 2, ci: 511, co: 3, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 2, w: 2, ci: 512, co: 3, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 2, w: 2, ci: 513, co: 3, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 2, w: 2, ci: 1025, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 2, w: 2, ci: 3, co: 513, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 2, w: 2, ci: 2, co: 1025, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 3, w: 3, ci: 57, co: 5, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 3, w: 3, ci: 5, co: 57, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 4, w: 4, ci: 5, co: 130, kh: 3, stride: 2, pad: 1),
    Shape(n: 1, h: 3, w: 4, ci: 64, co: 16, kh: 3, stride: 1, pad: 1),
    // Output pixels 511, 512, 513, 1024, 1025: one chain, two, three and their trees.
    Shape(n: 2, h: 7, w: 73, ci: 1, co: 3, kh: 1, stride: 1, pad: 0),
    Shape(n: 2, h: 16, w: 32, ci: 2, co: 3, kh: 1, stride: 1, pad: 0),
    Shape(n: 3, h: 19, w: 27, ci: 2, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 3, h: 32, w: 32, ci: 1, co: 2, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 25, w: 41, ci: 1, co: 2, kh: 3, stride: 1, pad: 1),
    // Five chunks and more, where the tree differs from a sum from left to right.
    Shape(n: 1, h: 1, w: 2080, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 1, w: 2, ci: 687, co: 2, kh: 1, kw: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 1, w: 2, ci: 2, co: 687, kh: 1, kw: 3, stride: 1, pad: 1),
    // Groups of 8, 4, 2 and 1 samples, ragged and whole: 64, 65, 128, 129, 256 and 257 pixels.
    Shape(n: 17, h: 8, w: 8, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 9, h: 5, w: 13, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 8, h: 8, w: 16, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 5, h: 3, w: 43, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 5, h: 16, w: 16, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 5, h: 1, w: 257, ci: 1, co: 2, kh: 1, stride: 1, pad: 0),
    Shape(n: 25, h: 1, w: 1, ci: 5, co: 3, kh: 1, stride: 1, pad: 0),
    Shape(n: 41, h: 2, w: 2, ci: 2, co: 3, kh: 2, stride: 1, pad: 0),
    Shape(n: 17, h: 3, w: 5, ci: 2, co: 3, kh: 3, stride: 1, pad: 1),
    // Widths and channels around vector and tile edges.
    Shape(n: 1, h: 2, w: 15, ci: 4, co: 15, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 2, w: 16, ci: 4, co: 16, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 2, w: 17, ci: 4, co: 31, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 2, w: 31, ci: 2, co: 32, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 1, w: 33, ci: 3, co: 33, kh: 3, stride: 1, pad: 1),
    Shape(n: 1, h: 1, w: 64, ci: 1, co: 63, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 1, w: 65, ci: 1, co: 65, kh: 1, stride: 1, pad: 0),
    Shape(n: 1, h: 6, w: 6, ci: 16, co: 32, kh: 3, stride: 2, pad: 1),
    Shape(n: 1, h: 5, w: 5, ci: 24, co: 12, kh: 3, stride: 1, pad: 1),
    Shape(n: 2, h: 4, w: 4, ci: 25, co: 49, kh: 1, stride: 2, pad: 0),
    // The stride skips whole phases; the padding exceeds the kernel; rows never reached.
    Shape(n: 1, h: 7, w: 7, ci: 2, co: 3, kh: 1, stride: 3, pad: 0),
    Shape(n: 1, h: 4, w: 4, ci: 2, co: 3, kh: 2, stride: 3, pad: 3),
    Shape(n: 1, h: 8, w: 8, ci: 2, co: 3, kh: 3, stride: 2, pad: 0),
  ]
  @Test func chunkGroupAndTileEdgesFloat() {
    for (seed, s) in Self.edges.enumerated() { check(s, as: Float.self, seed: seed) }
  }
  @Test func chunkGroupAndTileEdgesDouble() {
    for (seed, s) in Self.edges.enumerated() { check(s, as: Double.self, seed: seed) }
  }

  /// No samples: empty outputs and +0 weight gradients. No output pixels: +0 gradients throughout.
  private func nothing<E: Real>(_ type: E.Type) {
    check(Shape(n: 0, h: 4, w: 4, ci: 3, co: 17, kh: 3, stride: 1, pad: 1), as: type, seed: 1)
    check(Shape(n: 2, h: 2, w: 2, ci: 3, co: 5, kh: 3, stride: 1, pad: 0), as: type, seed: 2)
    check(Shape(n: 2, h: 2, w: 2, ci: 0, co: 5, kh: 3, stride: 1, pad: 1), as: type, seed: 3)
    check(Shape(n: 2, h: 2, w: 2, ci: 3, co: 0, kh: 3, stride: 1, pad: 1), as: type, seed: 4)
    let empty = Shape(n: 0, h: 4, w: 4, ci: 3, co: 17, kh: 3, stride: 1, pad: 1)
    let gradient: [E] = Reference.convolutionBackwardWeight(empty, x: [], dy: [])
    #expect(gradient.count == 459 && gradient.allSatisfy { $0.bits == 0 })
  }
  @Test func emptyBatchesAndOutputsFloat() { nothing(Float.self) }
  @Test func emptyBatchesAndOutputsDouble() { nothing(Double.self) }

  /// Where taps outside the image took part as zeros, infinite factors would make them NaN, and chains of
  /// tiny products that are −0 would become +0.
  private func unusualNumbers<E: Real>(_ type: E.Type) {
    for kind in [TestNumbers.Kind.tiny, .edges, .signs] {
      for (seed, (kernel, stride, pad)) in [(3, 1, 1), (3, 2, 1), (5, 2, 3), (2, 3, 2), (1, 2, 0), (7, 1, 3)]
        .enumerated()
      {
        check(
          Shape(n: 2, h: 5, w: 6, ci: 2, co: 3, kh: kernel, stride: stride, pad: pad), as: type, kind: kind,
          seed: seed)
        check(
          Shape(n: 1, h: 3, w: 3, ci: 3, co: 18, kh: kernel, stride: stride, pad: pad + 2), as: type,
          kind: kind,
          seed: seed + 100)
        // Channels enough for weight gradients without frames, and samples enough for tiles across samples.
        check(
          Shape(n: 16, h: 3, w: 4, ci: 9, co: 2, kh: kernel, stride: stride, pad: pad), as: type, kind: kind,
          seed: seed + 200)
      }
    }
  }
  @Test func denormalsZerosInfinitiesAndNaNsFloat() { unusualNumbers(Float.self) }
  @Test func denormalsZerosInfinitiesAndNaNsDouble() { unusualNumbers(Double.self) }

  /// Layers of a real network, too large for the definition: every path against the scalar one.
  private func agreement<E: Real>(_ type: E.Type) {
    for s in [
      Shape(n: 9, h: 32, w: 32, ci: 3, co: 16, kh: 3, stride: 1, pad: 1),
      Shape(n: 17, h: 16, w: 16, ci: 16, co: 32, kh: 3, stride: 2, pad: 1),
      Shape(n: 33, h: 8, w: 8, ci: 64, co: 64, kh: 3, stride: 1, pad: 1),
    ] {
      var numbers = TestNumbers(seed: UInt64(s.ci))
      let x = FencedArray<E>(numbers.values(s.countX))
      let weights = FencedArray<E>(numbers.values(s.countWeights))
      let dy = FencedArray<E>(numbers.values(s.countY))
      var shape = s.kernelShape
      checkAgreement("forward \(s)", count: s.countY, as: type) {
        ek_conv_forward(E.kernelType, &shape, x.pointer, weights.pointer, $0, false)
      }
      checkAgreement("backward data \(s)", count: s.countX, as: type) {
        ek_conv_backward_data(E.kernelType, &shape, dy.pointer, weights.pointer, $0, false)
      }
      checkAgreement("backward weight \(s)", count: s.countWeights, as: type) {
        ek_conv_backward_weight(E.kernelType, &shape, x.pointer, dy.pointer, $0)
      }
    }
  }
  @Test func networkLayersAgreeFloat() { agreement(Float.self) }
  @Test func networkLayersAgreeDouble() { agreement(Double.self) }
}
