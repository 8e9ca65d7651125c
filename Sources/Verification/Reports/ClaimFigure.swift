import EscapementCurvature
import EscapementDrawing
import EscapementKernels

/// Drawings of two pieces of theory, as inline SVG without text from elsewhere.
package enum ClaimFigure: Sendable, Hashable {
  /// (1 + ρλ)² over ρ|λ|.
  case factorAgainstRadius
  /// The truncation residual over ρ.
  case truncationSlope

  /// The drawing.
  var svg: String {
    switch self {
    case .factorAgainstRadius: Self.drawnFactor()
    case .truncationSlope: Self.drawnTruncation()
    }
  }

  /// (1 + ρλ)² over ρ|λ| for λ < 0, with the three regimes shaded.
  private static func drawnFactor() -> String {
    let frame = Frame(width: 560, height: 300, x: 0...3, y: 0...4)
    let regimes: [(range: ClosedRange<Double>, fill: String, text: String)] = [
      (0...1, "#e8f0fa", "attenuated"), (1...2, "#fdf0c8", "attenuated, reversed"),
      (2...3, "#f8d4d0", "amplified, reversed"),
    ]
    var parts = regimes.map { frame.band($0.range, fill: $0.fill, text: $0.text) }
    let curve = (0...60).map { k -> (Double, Double) in
      let x = Double(k) / 20
      return (x, (1 - x) * (1 - x))
    }
    parts.append(frame.line([(0, 1), (3, 1)], stroke: "#8795a3", dashed: true))
    parts.append(frame.line(curve, stroke: "#17456e", dashed: false))
    parts += frame.axes(
      ticksX: [0, 1, 2, 3].map { ($0, NumberText.short($0)) },
      ticksY: [0, 1, 2, 3, 4].map { ($0, NumberText.short($0)) }, labelX: "ρ|λ|", labelY: "(1 + ρλ)²")
    return frame.document(parts, title: "The factor (1 + ρλ)² against ρ|λ| for negative curvature")
  }

  /// The truncation residual on Σ log cosh xᵢ over ρ, both axes logarithmic.
  private static func drawnTruncation() -> String {
    let point = Tensor([0.4, -0.3, 0.7, 0.2])
    let loss = LogCoshLoss(dimension: 4)
    let g = loss.gradient(point)
    let data = TruncationCurve.radii.map { rho -> (Double, Double) in
      let epsilon = g.scaled(by: rho)
      let residual = (loss.gradient(point + epsilon) - g - loss.hessianProduct(point, epsilon)).norm()
      return (log10(rho), log10(residual))
    }
    let frame = Frame(width: 560, height: 300, x: -3.25 ... -0.75, y: -7.5 ... -1.5)
    let anchor = data[data.count - 1]
    let reference = [-3.1, -0.85].map { ($0, anchor.1 + 2 * ($0 - anchor.0)) }
    var parts = [frame.line(reference, stroke: "#8795a3", dashed: true)]
    parts += data.map { frame.dot($0, fill: "#17456e") }
    parts += frame.axes(
      ticksX: [(-3, "10⁻³"), (-2, "10⁻²"), (-1, "10⁻¹")],
      ticksY: [(-7, "10⁻⁷"), (-5, "10⁻⁵"), (-3, "10⁻³")], labelX: "ρ", labelY: "residual")
    return frame.document(
      parts, title: "Truncation residual on Σ log cosh against ρ; the dashed line has slope 2")
  }

  private static func log10(_ x: Double) -> Double { ownLog(x) / ownLog(10) }
}
