import EscapementStatistics
import Testing

/// Student's quantiles against printed tables and closed forms.
@Suite("Student's t")
struct StudentTTests {
  /// Two-sided 90, 95, 99 and 99.9 % points, as tables print them to three decimals.
  static let table: [(Int, [Double])] = [
    (1, [6.314, 12.706, 63.657, 636.619]), (2, [2.920, 4.303, 9.925, 31.599]),
    (3, [2.353, 3.182, 5.841, 12.924]), (4, [2.132, 2.776, 4.604, 8.610]),
    (5, [2.015, 2.571, 4.032, 6.869]), (9, [1.833, 2.262, 3.250, 4.781]),
    (10, [1.812, 2.228, 3.169, 4.587]), (19, [1.729, 2.093, 2.861, 3.883]),
    (30, [1.697, 2.042, 2.750, 3.646]), (60, [1.671, 2.000, 2.660, 3.460]),
    (120, [1.658, 1.980, 2.617, 3.373]), (1000, [1.646, 1.962, 2.581, 3.300]),
  ]

  @Test("quantiles agree with printed tables to their last decimal")
  func tables() {
    for (freedom, row) in Self.table {
      for (confidence, printed) in zip([0.9, 0.95, 0.99, 0.999], row) {
        let t = StudentT.quantile(twoSided: confidence, degreesOfFreedom: freedom)
        // Half a unit of the last place printed.
        #expect((t - printed).magnitude <= 0.0005 + 1e-9, "ν = \(freedom), \(confidence): \(t)")
      }
    }
  }

  @Test("two degrees of freedom have t = C·√(2/(1 − C²)), and one at C = ½ has t = 1")
  func closedForms() {
    for confidence in [1e-6, 0.1, 0.5, 0.9, 0.99, 0.9999] {
      let t = StudentT.quantile(twoSided: confidence, degreesOfFreedom: 2)
      let exact = confidence * (2 / (1 - confidence * confidence)).squareRoot()
      // A confidence off by 10ε moves t relatively by 10ε(1/C + 1/(1 − C²)).
      let relative =
        (1 / confidence + 1 / (1 - confidence * confidence) + 2) * 10 * Double.ulpOfOne
      #expect((t - exact).magnitude <= relative * exact)
    }
    let one = StudentT.quantile(twoSided: 0.5, degreesOfFreedom: 1)
    #expect((one - 1).magnitude <= 16 * Double.ulpOfOne)
  }

  @Test("quantiles fall with the degrees of freedom and grow with the confidence")
  func monotonic() {
    for confidence in [0.5, 0.95, 0.9999] {
      let row = (1...40).map { StudentT.quantile(twoSided: confidence, degreesOfFreedom: $0) }
      for (a, b) in zip(row, row.dropFirst()) { #expect(a > b) }
      let more = StudentT.quantile(twoSided: (1 + confidence) / 2, degreesOfFreedom: 7)
      #expect(more > row[6])
    }
  }

  @Test("the finite sum and the incomplete beta function give one distribution")
  func oneDistribution() {
    for freedom in [1, 2, 3, 4, 7, 30, 121] {
      for confidence in [0.1, 0.5, 0.9, 0.999] {
        let t = StudentT.quantile(twoSided: confidence, degreesOfFreedom: freedom)
        let tail = StudentT(degreesOfFreedom: Double(freedom)).twoSided(t)
        // 10⁻¹² of the tail, and (ν + 8)·ε of the confidence.
        let bound = 1e-12 * tail + Double(freedom + 8) * Double.ulpOfOne
        #expect((tail - (1 - confidence)).magnitude <= bound, "ν = \(freedom), \(confidence)")
      }
    }
  }

  @Test("the mean of samples: error, interval, and the cases without one")
  func meanEstimate() {
    let estimate = MeanEstimate([1, 2, 3, 4])
    #expect(estimate.mean == 2.5 && estimate.count == 4)
    // Variance 5/3, over 4 samples.
    #expect((estimate.standardError! - (5.0 / 12).squareRoot()).magnitude <= 4 * Double.ulpOfOne)
    let interval = estimate.interval()!
    #expect((interval.upperBound - 2.5 - 3.182 * (5.0 / 12).squareRoot()).magnitude <= 0.0005)
    #expect(((interval.upperBound + interval.lowerBound) / 2 - 2.5).magnitude <= 4 * Double.ulpOfOne)
    #expect(MeanEstimate([3]).standardError == nil && MeanEstimate([3]).interval() == nil)
    #expect(MeanEstimate([1, .nan]).interval() == nil && MeanEstimate([1, .infinity]).interval() == nil)
  }
}
