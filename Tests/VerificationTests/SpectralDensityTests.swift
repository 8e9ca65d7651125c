@testable import EscapementExperiments
import EscapementOptimizers
import EscapementCurvature
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The density against closed forms: one node, the mass, the released constants.
@Suite struct SpectralDensityTests {
  @Test func oneNodeIsAGaussian() throws {
    let rule = GaussQuadrature(nodes: [0.75], weights: [0.5])
    let grid = (-20...20).map { 0.75 + Double($0) * 0.05 }
    let density = try SpectralDensity([rule], width: .absolute(0.2), on: grid)
    #expect(density.width == 0.2 && density.mass == 0.5 && density.grid == grid)
    for (x, value) in zip(grid, density.values) {
      let z = (x - 0.75) / 0.2
      let expected = 0.5 * exp(-z * z / 2) / (0.2 * (2 * Double.pi).squareRoot())
      // z² is at most 25: its error of a few ulp is that many of the exponential's, and six operations add one each.
      #expect(abs(value - expected) <= 64 * Double.ulpOfOne * expected)
    }
    #expect(abs(density.peak(ofWeight: 0.5) - density.values[20]) <= 8 * Double.ulpOfOne * density.values[20])
  }

  @Test func theIntegralIsTheSumOfWeightsOfTheMeanProbe() throws {
    let rules = [
      GaussQuadrature(nodes: [-1, 0.25, 3], weights: [0.2, 0.5, 0.25]),
      GaussQuadrature(nodes: [-0.5, 2], weights: [0.125, 0.875]),
    ]
    let (sigma, step) = (0.25, 0.125)
    let grid = (-64...96).map { Double($0) * step }
    let density = try SpectralDensity(rules, width: .absolute(sigma), on: grid)
    #expect(abs(density.mass - (0.95 + 1) / 2) <= 8 * Double.ulpOfOne)
    // The sum over an infinite grid is off by 2·exp(−2π²σ²/h²) = 2·exp(−79) of the mass (Poisson), the tails beyond 24
    // widths by less; 161 terms round.
    let integral = density.values.reduce(0, +) * step
    #expect(abs(integral - density.mass) <= 200 * Double.ulpOfOne)
  }

  @Test func withTheReleasedWidthItIsTheReleasedDensityBeforeItsNormalization() throws {
    let rules = [
      try GaussQuadrature(SymmetricTridiagonal(diagonal: [1, -2, 0.5], offDiagonal: [0.7, 0.3])),
      try GaussQuadrature(SymmetricTridiagonal(diagonal: [4, 2], offDiagonal: [1])),
    ]
    let peer = ReleasedDensity([rules[0]], points: 2_000)
    let density = try SpectralDensity([rules[0]], width: .released, on: peer.grid)
    #expect(abs(density.width * density.width - peer.variance) <= 8 * Double.ulpOfOne * peer.variance)
    let integral = density.values.reduce(0, +) * (peer.grid[1] - peer.grid[0])
    for (value, released) in zip(density.values, peer.density) {
      // An ulp more in the variance is 745 of them in the least exponential; sums of 2,000.
      #expect(abs(value / integral - released) <= 8_000 * Double.ulpOfOne * max(released, 1))
    }
    let logarithms = density.logarithms(floor: 1e-7)
    #expect(logarithms.allSatisfy { $0 >= -7 - 1e-14 && $0.isFinite } && logarithms.contains { $0 < -6.999 })
  }

  @Test func theWidthKeepsASmallNegativeEndApartFromTheBulkAtZero() throws {
    func width(_ nodes: [Double], _ width: SpectralDensity.Width = .automatic) throws -> Double {
      try SpectralDensity.width(
        width, of: [GaussQuadrature(nodes: nodes, weights: nodes.map { _ in 1 / Double(nodes.count) })])
    }
    #expect(try width([-0.5, 0, 99.5]) == 0.125 && width([-50, 50]) == 1)
    #expect(try width([-1e-9, 0, 100]) == (100 + 1e-9) / 10_000)
    #expect(try width([0, 10], .relative(0.02)) == 0.2 && width([3], .relative(0.1)) == 3 * 0.1)
    #expect(try width([0]) > 0)
    for bad in [0, -1, .nan, .infinity, 1e-170, 1e200] {
      #expect(throws: HyperparameterError.self) { try width([0, 1], .absolute(bad)) }
    }
  }

  @Test func theGridMeetsEveryNode() {
    let nodes = [-3.0, 0.001, 70]
    let grid = SpectralDensity.grid(of: nodes, width: 0.01)
    #expect(nodes.allSatisfy(grid.contains) && zip(grid, grid.dropFirst()).allSatisfy { $0 < $1 })
    #expect(grid.first == -3.06 && grid.count > 400)
  }
}
