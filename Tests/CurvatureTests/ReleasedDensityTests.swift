import EscapementCurvature
import Foundation
import Testing

/// The released density: grid, kernel, normalization, and what is plotted.
@Suite("The released density")
struct ReleasedDensityTests {
  static func rules() throws -> [GaussQuadrature] {
    [
      try GaussQuadrature(SymmetricTridiagonal(diagonal: [1, -2, 0.5], offDiagonal: [0.7, 0.3])),
      try GaussQuadrature(SymmetricTridiagonal(diagonal: [4, 2], offDiagonal: [1])),
    ]
  }

  @Test("grid and variance are the released constants'")
  func grid() throws {
    let rules = try Self.rules()
    let density = ReleasedDensity(rules)
    let low = (rules[0].nodes.first! + rules[1].nodes.first!) / 2 - 0.01
    let high = (rules[0].nodes.last! + rules[1].nodes.last!) / 2 + 0.01
    #expect(density.grid.count == 10_000 && density.grid.first == low && density.grid.last == high)
    // 10,000 products and sums of numbers below 8.
    for (i, x) in density.grid.enumerated() {
      #expect(abs(x - (low + (high - low) * Double(i) / 9999)) <= 4 * 8 * Double.ulpOfOne)
    }
    #expect(abs(density.variance - 1e-5 * (high - low)) <= 1e-5 * 8 * Double.ulpOfOne)
    // A spectrum shorter than 1 gets the width of one of length 1.
    let narrow = try GaussQuadrature(SymmetricTridiagonal(diagonal: [0.1, 0.2], offDiagonal: [0.01]))
    #expect(ReleasedDensity([narrow], points: 50).variance == 1e-5)
  }

  @Test("the density is the normalized mean of the probes' sums of Gaussians, plotted with a floor of 1e-7")
  func values() throws {
    let rules = try Self.rules()
    let density = ReleasedDensity(rules, points: 600)
    let raw = density.grid.map { x in
      rules.reduce(0.0) { total, rule in
        total
          + zip(rule.nodes, rule.weights).reduce(0.0) { sum, pair in
            let gap = x - pair.0
            let kernel = exp(-gap * gap / (2 * density.variance))
            return sum + pair.1 * kernel / (2 * Double.pi * density.variance).squareRoot()
          } / 2
      }
    }
    let step = density.grid[1] - density.grid[0]
    let integral = raw.reduce(0, +) * step
    var total = 0.0
    for (i, value) in raw.enumerated() {
      // The exponent, below 745, errs by a few ulp of itself, so the kernel by some 3,000 ε; sums add 600.
      let expected = value / integral
      #expect(abs(density.density[i] - expected) <= 4_000 * Double.ulpOfOne * max(expected, 1))
      let logarithm = log10(density.density[i] + 1e-7)
      #expect(abs(density.plotted[i] - logarithm) <= 16 * Double.ulpOfOne * 8)
      total += density.density[i]
    }
    #expect(abs(total * step - 1) <= 1_000 * Double.ulpOfOne)
    #expect(density.plotted.min()! >= -7 - 16 * Double.ulpOfOne * 8)
  }
}
