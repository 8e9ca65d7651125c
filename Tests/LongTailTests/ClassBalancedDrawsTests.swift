import EscapementLongTail
import Testing

@Suite struct ClassBalancedDrawsTests {
  static let labels = (0..<110).map { $0 < 100 ? 0 : $0 < 107 ? 1 : 2 }

  @Test func classesComeInProportionToTheirWeightedCounts() {
    let weights = [0.01, 0.5, 1.5]
    let draws = ClassBalancedDraws(labels: Self.labels, weights: weights, seed: 3)
    let count = 30_000
    var seen = [0, 0, 0]
    var members = [Int](repeating: 0, count: 110)
    for draw in 0..<count {
      let position = draws.position(draw: draw, epoch: 2)
      seen[Self.labels[position]] += 1
      members[position] += 1
    }
    // Shares 1 : 3.5 : 4.5 of 9; six standard deviations of a binomial count.
    for (label, share) in [1.0 / 9, 3.5 / 9, 4.5 / 9].enumerated() {
      let deviation = (Double(count) * share * (1 - share)).squareRoot()
      #expect(abs(Double(seen[label]) - share * Double(count)) <= 6 * deviation)
    }
    // Within a class uniformly.
    for position in 107..<110 {
      let share = 1.0 / 6
      let deviation = (Double(count) * share * (1 - share)).squareRoot()
      #expect(abs(Double(members[position]) - share * Double(count)) <= 6 * deviation)
    }
  }

  @Test func drawsAreAFunctionOfSeedEpochAndIndex() {
    func draws(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let draws = ClassBalancedDraws(labels: Self.labels, weights: [1, 1, 1], seed: seed)
      return (0..<50).map { draws.position(draw: $0, epoch: epoch) }
    }
    #expect(draws(1, 0) == draws(1, 0))
    #expect(draws(1, 0) != draws(1, 1) && draws(1, 0) != draws(2, 0))
  }
}
