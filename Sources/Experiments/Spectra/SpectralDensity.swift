import EscapementOptimizers
import EscapementCurvature
import EscapementKernels
import EscapementTraining

/// A spectral density drawn from the quadrature rules of several probes: their mean, with each node replaced by a
/// Gaussian.
///
/// ρ(x) = 1/p · Σ_probes Σᵢ wᵢ·exp(−(x − θᵢ)²/2σ²)/(σ√2π), in 1/eigenvalue. Its integral is exactly `mass`, because
/// weights are not renormalized. (Lin, Saad and Yang, SIAM Review 58, 2016, §3.2.3.)
package struct SpectralDensity: Hashable, Sendable {
  /// The width of a kernel.
  package enum Width: Hashable, Sendable {
    /// 1 % of the range of nodes, or a quarter of the nearer end's distance from zero if that is less.
    ///
    /// A rule of m nodes resolves eigenvalues about range/m apart in the bulk, and 100 steps are usual. If |λ_min| ≪
    /// λ_max, a kernel of 1 % would let the bulk at zero cover λ_min; four widths separate them. The width is at least
    /// 0.01 % of the range, so that an end that is a rounding of zero does not draw needles.
    case automatic
    /// This σ, in eigenvalues.
    case absolute(Double)
    /// This share of the range of nodes.
    case relative(Double)
    /// σ² = 10⁻⁵·max(1, length of grid), as in the papers' released code (see `ReleasedDensity`).
    case released
  }

  /// σ of the kernel.
  package let width: Double
  /// Σ of all weights over the number of probes.
  package let mass: Double
  /// The points at which the density is known, ascending.
  package let grid: [Double]
  /// The density at the points of `grid`.
  package let values: [Double]

  /// The density of one rule per probe on `grid`; the default is `grid(of:width:)`.
  ///
  /// Throws `HyperparameterError` unless the width and its square are positive and finite.
  package init(_ rules: [GaussQuadrature], width: Width = .automatic, on grid: [Double]? = nil) throws {
    precondition(!rules.isEmpty && rules.allSatisfy { !$0.nodes.isEmpty }, "a density of no nodes")
    let sigma = try Self.width(width, of: rules)
    let mean = GaussQuadrature(mean: rules)
    let grid = grid ?? Self.grid(of: mean.nodes, width: sigma)
    self.width = sigma
    self.mass = mean.weightSum
    self.grid = grid
    values = mean.density(on: grid, variance: sigma * sigma)
  }

  /// log₁₀ of the density, at least log₁₀(`floor`): far from all nodes the kernels underflow to zero.
  package func logarithms(floor: Double) -> [Double] {
    precondition(floor > 0 && floor.isFinite, "the floor of a logarithm is \(floor)")
    return Tensor(values.map { max($0, floor) }).map(.log).zip(.divide, scalar: ownLog(10)).elements
  }

  /// The height of the kernel of a node with the given weight.
  package func peak(ofWeight weight: Double) -> Double {
    weight / (2 * Double.pi * width * width).squareRoot()
  }

  /// The width in eigenvalues.
  package static func width(_ width: Width, of rules: [GaussQuadrature]) throws -> Double {
    let nodes = rules.flatMap(\.nodes)
    let (low, high) = (nodes.min() ?? 0, nodes.max() ?? 0)
    // A single eigenvalue has no range; its magnitude, or 1, is used instead.
    let range = high > low ? high - low : max(high.magnitude, low.magnitude) > 0 ? high.magnitude : 1
    let sigma: Double
    switch width {
    case .automatic:
      let nearer = min(low.magnitude, high.magnitude)
      sigma = max(min(range / 100, nearer / 4), range / 10_000)
    case .absolute(let value): sigma = value
    case .relative(let share): sigma = share * range
    case .released: sigma = (1e-5 * max(1, high - low + 0.02)).squareRoot()
    }
    guard sigma > 0, (sigma * sigma).isNormal else {
      throw HyperparameterError(
        name: "kernel width", value: "\(sigma)",
        expected: "a positive number whose square is neither 0 nor infinite")
    }
    return sigma
  }

  /// Points that include every peak: each node and half-width steps around it to six widths, and 400 even steps over
  /// the whole range.
  package static func grid(of nodes: [Double], width: Double) -> [Double] {
    let around = nodes.flatMap { node in (-12...12).map { node + Double($0) * width / 2 } }
    let (low, high) = (around.min() ?? 0, around.max() ?? 0)
    let even = (0...400).map { low + (high - low) * Double($0) / 400 }
    var points: [Double] = []
    for point in (around + even).sorted() where point != points.last { points.append(point) }
    return points
  }
}
