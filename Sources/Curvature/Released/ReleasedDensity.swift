import CEscapementKernels
import EscapementKernels

/// The spectral density as plotted by the papers' released code (PyHessian: density_plot.py).
///
/// The grid runs from the mean over probes of the smallest node, minus 0.01, to that of the largest, plus 0.01, with
/// 10,000 equally spaced points. The kernel is a Gaussian of *variance* 1e-5·max(1, length of the grid) (named sigma in
/// the released code). The sum over nodes is averaged over probes and divided by its own Riemann sum. The plot shows
/// log₁₀(density + 1e-7). Everything is in Double, as in the released code. Rows H4 and C3 of
/// Documentation/Discrepancies.md: the width is absolute for spectra shorter than 1, the margin always, and the
/// division hides weights that do not sum to 1.
public struct ReleasedDensity: Hashable, Sendable {
  /// The eigenvalues at which the density is computed, ascending.
  public let grid: [Double]
  /// The density, in 1/eigenvalue.
  public let density: [Double]
  /// log₁₀(density + 1e-7).
  public let plotted: [Double]
  /// Variance of the kernel.
  public let variance: Double

  /// The density for one rule per probe; at least one rule, each with nodes.
  public init(_ rules: [GaussQuadrature], points: Int = 10_000) {
    precondition(points >= 2, "a grid of \(points) points")
    precondition(!rules.isEmpty && rules.allSatisfy { !$0.nodes.isEmpty }, "a density of no nodes")
    let count = Double(rules.count)
    let low = rules.reduce(0) { $0 + $1.nodes.min()! } / count - 0.01
    let high = rules.reduce(0) { $0 + $1.nodes.max()! } / count + 0.01
    let step = (high - low) / Double(points - 1)
    grid = (0..<points).map { $0 == points - 1 ? high : low + Double($0) * step }
    variance = 1e-5 * max(1, high - low)
    let raw = Tensor(GaussQuadrature(mean: rules).density(on: grid, variance: variance))
    let normalized = raw.zip(.divide, scalar: raw.sum() * (grid[1] - grid[0]))
    density = normalized.elements
    plotted = normalized.zip(.add, scalar: 1e-7).map(.log).zip(.divide, scalar: ek_log(10)).elements
  }
}
