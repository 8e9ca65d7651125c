import EscapementStatistics
import Testing

@Suite struct NormalDistributionTests {
  /// Abramowitz and Stegun, table 26.1 and 26.5: P(Z ≤ z) to ten digits.
  @Test(arguments: [
    (0.0, 0.5), (1, 0.8413447461), (1.959963985, 0.975), (2.5, 0.9937903347), (-1, 0.1586552539),
    (-3, 0.0013498980),
  ])
  func printedValues(z: Double, probability: Double) {
    // Half a unit of the tenth digit, and of the argument's times a density of at most 0.4.
    #expect(abs(NormalDistribution.probability(below: z) - probability) <= 0.5e-10 + 0.2e-9)
  }

  @Test func probabilityUndoesTheQuantile() {
    for p in [1e-9, 1e-4, 0.025, 0.3, 0.5] {
      let z = NormalDistribution.quantile(p)
      // The quantile's relative error of 1e-15 moves p by at most |z|·φ(z)·|z| ≤ 1.2·z²·p times that, z² ≤ 36.
      #expect(abs(NormalDistribution.probability(below: z) - p) <= 1e-13 * p)
      #expect(NormalDistribution.probability(below: -z) == 1 - NormalDistribution.probability(below: z))
    }
  }

  @Test func endsAndNaN() {
    #expect(NormalDistribution.probability(below: -.infinity) == 0)
    #expect(NormalDistribution.probability(below: .infinity) == 1)
    #expect(NormalDistribution.probability(below: .nan).isNaN)
  }
}
