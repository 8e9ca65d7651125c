import EscapementKernels
import EscapementTestSupport
import Testing

/// Small sums worked by hand, which pin the orders that Documentation/Numerics.md states.
@Suite struct ReferenceTests {
  /// Half an ulp of 1 vanishes when added alone, and two of them do not when they meet first.
  private let half: Float = 0x1p-24

  @Test func theTreeAddsAdjacentPairs() {
    #expect(Reference.tree([1, half, half] as [Float]) == 1)  // (1 + h) + h
    #expect(Reference.tree([half, half, 1] as [Float]) == 1 + 0x1p-23)  // (h + h) + 1
    #expect(Reference.tree([1, half, half, half] as [Float]) == 1 + 0x1p-23)  // (1 + h) + (h + h)
    #expect(Reference.tree([0, 1, 0, 0, half, half] as [Float]) == 1 + 0x1p-23)  // ((0+1) + (0+0)) + (h+h)
    #expect(Reference.tree([] as [Float]).bits == 0)
  }

  @Test func aChainBreaksAfter512Terms() {
    // In one chain h would be lost to the 1 before it; here the 513th and 514th products meet in a chain of their own.
    let s = Reference.Matmul(m: 1, n: 1, k: 514)
    var a = [Float](repeating: 0, count: 514)
    a[0] = 1
    a[512] = half
    a[513] = half
    let ones = [Float](repeating: 1, count: 514)
    #expect(Reference.matmul(s, a, ones, into: [.nan]) == [1 + 0x1p-23])
    a.swapAt(512, 510)
    a.swapAt(513, 511)
    #expect(Reference.matmul(s, a, ones, into: [.nan]) == [1])
  }

  @Test func productsAreFusedAndAccumulationIsNot() {
    // (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴: the last term survives only in a fused product with −1 added.
    let x: Float = 1 + 0x1p-12
    let fused = Reference.matmul(Reference.Matmul(m: 1, n: 1, k: 2), [-1, x], [1, x], into: [.nan])
    #expect(fused == [0x1p-11 + 0x1p-24])
    let accumulated = Reference.matmul(
      Reference.Matmul(m: 1, n: 1, k: 1, accumulate: true), [x], [x], into: [-1])
    #expect(accumulated == [0x1p-11])
  }

  @Test func samplesAreGroupedByTheirPixels() {
    #expect(
      [1, 64, 65, 128, 129, 256, 257, 512, 1024].map { Reference.groupSize(pixels: $0) } == [
        8, 8, 4, 4, 2, 2, 1, 1, 1,
      ])
  }

  @Test func lanesTakeEvery32ndElementAndFoldByHalves() {
    // Elements 0 and 32 share a lane, where the small one is lost; in another lane two small ones meet.
    let tiny = 0x1p-53
    var x = [Double](repeating: 0, count: 64)
    x[0] = 1
    x[32] = tiny
    #expect(Reference.sum(x) == 1)
    x[32] = 0
    x[1] = tiny
    x[17] = tiny  // lane 1 + lane 17 come together in the first fold
    #expect(Reference.sum(x) == 1 + 0x1p-52)
    x[17] = 0
    x[16] = tiny  // lane 0 takes lane 16 alone, and later lane 1 alone
    #expect(Reference.sum(x) == 1)
  }

  @Test func backwardDataCountsOnlyTapsOfThePhase() {
    // A 1×1 kernel of stride 2 touches even pixels only; even an infinite weight leaves +0 elsewhere.
    let s = Reference.Convolution(n: 1, h: 2, w: 2, ci: 1, co: 1, kh: 1, stride: 2, pad: 0)
    let dx = Reference.convolutionBackwardData(s, dy: [3] as [Float], weights: [.infinity])
    #expect(dx == [.infinity, 0, 0, 0])
    // A tap of the phase whose output pixel lies outside is no term either: no +0 · ∞.
    let padded = Reference.Convolution(n: 1, h: 1, w: 1, ci: 1, co: 1, kh: 3, kw: 1, stride: 2, pad: 0)
    let outside: [Float] = Reference.convolutionBackwardData(padded, dy: [], weights: [.infinity, 1, 1])
    #expect(outside[0].bits == 0)
  }

  @Test func tapsOutsideTheImageAreNoTermsButKeepTheirPlaces() {
    // Only the middle tap lies inside; its product is too small for the type, and nothing turns the −0 into +0.
    let one = Reference.Convolution(n: 1, h: 1, w: 1, ci: 1, co: 1, kh: 3, stride: 1, pad: 1)
    var weights = [Float](repeating: 1, count: 9)
    weights[0] = .infinity
    weights[4] = -0.25
    let least = Float.leastNonzeroMagnitude
    #expect(Reference.convolutionForward(one, x: [least], weights: weights)[0].bits == (-0.0 as Float).bits)
    let dx = Reference.convolutionBackwardData(one, dy: [least], weights: weights)
    #expect(dx[0].bits == (-0.0 as Float).bits)
    let gradient = Reference.convolutionBackwardWeight(one, x: [1], dy: [.infinity] as [Float])
    #expect(gradient == [0, 0, 0, 0, .infinity, 0, 0, 0, 0])
    // At the left border places 0…255 are no terms. The second pixel's products still are at places 512 and 513.
    let wide = Reference.Convolution(n: 1, h: 1, w: 2, ci: 256, co: 1, kh: 1, kw: 3, stride: 1, pad: 1)
    var x = [Float](repeating: 0, count: 512)
    x[0] = 1
    x[256] = half
    x[257] = half
    let y = Reference.convolutionForward(wide, x: x, weights: [Float](repeating: 1, count: 768))
    // Rows 0 and 2 of y see no image at all. The right pixel's terms are at places 0…511.
    #expect(y == [0, 0, 1 + 0x1p-23, 1, 0, 0])
  }

  /// The definitions against plain mathematics in Double, where the order of a sum may not matter.
  @Test func convolutionIsTheTransposeOfItsAdjoints() {
    var numbers = TestNumbers(seed: 8)
    for (kernel, stride, pad) in [(3, 1, 1), (3, 2, 1), (2, 3, 1), (5, 2, 2), (1, 2, 0)] {
      let s = Reference.Convolution(n: 2, h: 6, w: 5, ci: 3, co: 4, kh: kernel, stride: stride, pad: pad)
      let x: [Double] = numbers.values(s.countX, .whole)
      let w: [Double] = numbers.values(s.countWeights, .whole)
      let dy: [Double] = numbers.values(s.countY, .whole)
      // Whole numbers below 2⁵³ are exact in any order: ⟨conv(x, w), dy⟩ = ⟨x, dx⟩ = ⟨w, dw⟩.
      let forward = Reference.dot(Reference.convolutionForward(s, x: x, weights: w), dy)
      #expect(forward == Reference.dot(x, Reference.convolutionBackwardData(s, dy: dy, weights: w)))
      #expect(forward == Reference.dot(w, Reference.convolutionBackwardWeight(s, x: x, dy: dy)))
    }
  }
}
