import EscapementCurvature
import EscapementDrawing
import EscapementKernels

/// Drawings of two pieces of theory.
package enum ClaimFigure: Sendable, Hashable {
  /// (1 + ρλ)² over ρ|λ|.
  case factorAgainstRadius
  /// The truncation residual over ρ.
  case truncationSlope

  /// The drawing.
  var drawing: Figure {
    switch self {
    case .factorAgainstRadius: Self.factor()
    case .truncationSlope: Self.truncation()
    }
  }

  /// Narrow enough for a phone.
  private static let size = (width: 400.0, height: 300.0)

  /// (1 + ρλ)² over ρ|λ| for λ < 0, with the three regimes shaded.
  private static func factor() -> Figure {
    var panel = Panel(
      "", serial: 0, frame: Frame(width: size.width, height: size.height, x: 0...3, y: 0...4))
    let regimes: [(range: ClosedRange<Double>, fill: String, words: [String])] = [
      (0...1, "#e8f0fa", ["attenuated"]), (1...2, "#fdf0c8", ["attenuated,", "reversed"]),
      (2...3, "#f8d4d0", ["amplified,", "reversed"]),
    ]
    for regime in regimes {
      let (low, high) = (regime.range.lowerBound, regime.range.upperBound)
      panel.region([(low, 0), (high, 0)], [(low, 4), (high, 4)], fill: regime.fill)
    }
    panel.axes(labelX: "ρ|λ|", labelY: "(1 + ρλ)²", grid: false)
    for regime in regimes {
      for (line, word) in regime.words.enumerated() {
        panel.words(
          word, (regime.range.lowerBound + regime.range.upperBound) / 2, 4, dy: 16 + 15 * Double(line),
          anchor: "middle")
      }
    }
    panel.curve([(0, 1), (3, 1)], series: "1", style: SeriesStyle(solid: "#8795a3"), width: 1)
    let curve = (0...60).map { k -> (Double, Double) in
      let x = Double(k) / 20
      return (x, (1 - x) * (1 - x))
    }
    panel.curve(curve, series: "(1 + ρλ)²", style: SeriesStyle(solid: "#17456e"))
    return Figure(
      title: "Factor (1 + ρλ)² for negative λ", panels: [(panel, 0, 0)],
      width: size.width, height: size.height, notes: [])
  }

  /// The truncation residual on Σ log cosh xᵢ over ρ, both axes logarithmic.
  private static func truncation() -> Figure {
    let point = Tensor([0.4, -0.3, 0.7, 0.2])
    let loss = LogCoshLoss(dimension: 4)
    let g = loss.gradient(point)
    let data = TruncationCurve.radii.map { rho -> (Double, Double) in
      let epsilon = g.scaled(by: rho)
      return (rho, (loss.gradient(point + epsilon) - g - loss.hessianProduct(point, epsilon)).norm())
    }
    var panel = Panel(
      "", serial: 0,
      frame: Frame(
        width: size.width, height: size.height, x: 0.0005...0.2, y: 1e-8...0.03, scaleX: .logarithmic,
        scaleY: .logarithmic))
    panel.axes(labelX: "radius ρ", labelY: "residual")
    let anchor = data[data.count - 1]
    let square = [0.0007, 0.15].map { rho in (rho, anchor.1 * (rho / anchor.0) * (rho / anchor.0)) }
    panel.curve(square, series: "slope 2", style: SeriesStyle(solid: "#8795a3"), width: 1)
    for (rho, residual) in data {
      panel.point(rho, residual, series: "residual", style: SeriesStyle(solid: "#17456e"))
    }
    return Figure(
      title: "Truncation residual; line: slope 2", panels: [(panel, 0, 0)],
      width: size.width, height: size.height, notes: [])
  }
}
