import CEscapementKernels
import Testing

@Suite struct NormalQuantileTests {
  /// Quantiles computed with 40 digits. AS 241 states a relative accuracy of about 1e-16; eight fused steps, a
  /// division, and in the tails a logarithm (1 ulp) and a root add at most 16 roundings of eps/2 each.
  @Test(arguments: [
    (0.25, -0.6744897501960817432022), (0.1, -1.281551565544600435335), (0.05, -1.644853626951472687952),
    (0.01, -2.326347874040841093075), (0.001, -3.090232306167813535358), (1e-6, -4.753424308822898957339),
    (1e-9, -5.997807015007686861446), (1e-12, -7.034483825301131932614), (0x1p-53, -8.209536151601386855631),
  ])
  func knownQuantiles(p: Double, expected: Double) {
    #expect(abs(ek_normal_quantile(p) - expected) <= 8 * Double.ulpOfOne * abs(expected))
  }

  @Test func symmetricWhereTheComplementIsExact() {
    #expect(ek_normal_quantile(0.5) == 0)
    for step in 1..<2048 {
      let p = Double(step) / 4096
      #expect(ek_normal_quantile(1 - p) == -ek_normal_quantile(p))
    }
    let last = 1 - Double.ulpOfOne / 2
    #expect(ek_normal_quantile(last) == -ek_normal_quantile(0x1p-53))
  }

  @Test func monotoneAlsoWhereTheApproximationsMeet() {
    var p = 0x1p-53
    var previous = ek_normal_quantile(p)
    while p < 0.99 {
      p = p < 0.01 ? p * 1.01 : p + 1e-3
      let next = ek_normal_quantile(p)
      #expect(next > previous)
      previous = next
    }
    // The center meets the tail at 0.075, and the tails meet at exp(-25).
    for seam in [0.075, 1.3887943864964021e-11] {
      let below = ek_normal_quantile(seam * (1 - 1e-12))
      let above = ek_normal_quantile(seam * (1 + 1e-12))
      #expect(below < above && above - below <= 1e-11)
    }
  }
}
