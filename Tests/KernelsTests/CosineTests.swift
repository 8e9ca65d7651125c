import CEscapementKernels
import Foundation
import EscapementTestSupport
import Testing

/// cos(πx), which schedules of the learning rate are made of.
@Suite struct CosineTests {
  @Test func exactWhereTheCosineIs() {
    for k in -8...8 {
      #expect(ek_cospi(Double(k)) == (k % 2 == 0 ? 1 : -1))
      #expect(ek_cospi(Double(k) + 0.5) == 0)
    }
    for x in [0x1p53, 0x1p60, -0x1p1000, .greatestFiniteMagnitude] { #expect(ek_cospi(x) == 1) }
    #expect(ek_cospi(0x1p53 - 1) == -1 && ek_cospi(0x1p52 + 1) == -1)
    for x in [Double.infinity, -.infinity, .nan] { #expect(ek_cospi(x).isNaN) }
    #expect(ek_cospi(.leastNonzeroMagnitude) == 1 && ek_cospi(-0.0) == 1)
  }

  @Test func agreesWithTheCLibrary() {
    var numbers = TestNumbers(seed: 9)
    for i in 0..<100_000 {
      let unit = Double(numbers.next() >> 11) * 0x1p-53
      let x = i % 2 == 0 ? unit : 40 * (unit - 0.5)
      // Reduced exactly, so that the C library's own argument is rounded once, from less than π/2.
      let r = abs(x.remainder(dividingBy: 2))
      let exact =
        r <= 0.25 ? cos(.pi * r) : r <= 0.75 ? sin(.pi * (0.5 - r)) : -cos(.pi * (1 - r))
      // The argument's rounding, π's and the product's: 1.5 ulp of it, which a sine of it keeps and a cosine shrinks;
      // the polynomial's last three operations, and the C library's own ulp.
      let bound = 4 * max(exact.magnitude.ulp, 0x1p-1060)
      #expect(abs(ek_cospi(x) - exact) <= bound, "\(x)")
      #expect(ek_cospi(-x) == ek_cospi(x))
    }
  }
}
