import Kernels

/// Drawings of two pieces of theory, as inline SVG without text from elsewhere.
enum ClaimFigure {
  /// The figure of a claim; nil for claims without one.
  static func svg(for id: String) -> String? {
    switch id {
    case "T3", "T8": factorAgainstRadius()
    case "T2": truncationSlope()
    default: nil
    }
  }

  /// (1 + ρλ)² over ρ|λ| for λ < 0, with the three regimes shaded.
  static func factorAgainstRadius() -> String {
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
  static func truncationSlope() -> String {
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

/// A plane with axes, mapped to the pixels of one drawing.
struct Frame {
  var width: Double
  var height: Double
  var x: ClosedRange<Double>
  var y: ClosedRange<Double>
  private let margin = (left: 56.0, right: 16.0, top: 28.0, bottom: 44.0)

  init(width: Double, height: Double, x: ClosedRange<Double>, y: ClosedRange<Double>) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
  }

  func horizontal(_ value: Double) -> Double {
    let span = width - margin.left - margin.right
    return margin.left + span * (value - x.lowerBound) / (x.upperBound - x.lowerBound)
  }

  func vertical(_ value: Double) -> Double {
    let span = height - margin.top - margin.bottom
    return height - margin.bottom - span * (value - y.lowerBound) / (y.upperBound - y.lowerBound)
  }

  func line(_ points: [(Double, Double)], stroke: String, dashed: Bool) -> String {
    let text = points.map {
      NumberText.coordinate(horizontal($0.0)) + "," + NumberText.coordinate(vertical($0.1))
    }
    let dash = dashed ? " stroke-dasharray=\"5 4\"" : ""
    return "<polyline points=\"\(text.joined(separator: " "))\" fill=\"none\" stroke=\"\(stroke)\" "
      + "stroke-width=\"2\"\(dash)/>"
  }

  func dot(_ point: (Double, Double), fill: String) -> String {
    "<circle cx=\"\(NumberText.coordinate(horizontal(point.0)))\" cy=\"\(NumberText.coordinate(vertical(point.1)))\" "
      + "r=\"4\" fill=\"\(fill)\"/>"
  }

  func band(_ range: ClosedRange<Double>, fill: String, text: String) -> String {
    let left = horizontal(range.lowerBound)
    let right = horizontal(range.upperBound)
    let rectangle =
      "<rect x=\"\(NumberText.coordinate(left))\" y=\"\(NumberText.coordinate(margin.top))\" "
      + "width=\"\(NumberText.coordinate(right - left))\" "
      + "height=\"\(NumberText.coordinate(height - margin.top - margin.bottom))\" fill=\"\(fill)\"/>"
    return rectangle + label(text, (left + right) / 2, margin.top + 16, anchor: "middle")
  }

  func cell(_ columns: ClosedRange<Double>, _ rows: ClosedRange<Double>, fill: String) -> String {
    let (left, top) = (horizontal(columns.lowerBound), vertical(rows.upperBound))
    return "<rect x=\"\(NumberText.coordinate(left))\" y=\"\(NumberText.coordinate(top))\" "
      + "width=\"\(NumberText.coordinate(horizontal(columns.upperBound) - left))\" "
      + "height=\"\(NumberText.coordinate(vertical(rows.lowerBound) - top))\" fill=\"\(fill)\"/>"
  }

  func axes(
    ticksX: [(Double, String)], ticksY: [(Double, String)], labelX: String, labelY: String
  ) -> [String] {
    let frame = line(
      [(x.lowerBound, y.upperBound), (x.lowerBound, y.lowerBound), (x.upperBound, y.lowerBound)],
      stroke: "#1c2733", dashed: false)
    let below = ticksX.map { label($0.1, horizontal($0.0), height - margin.bottom + 18, anchor: "middle") }
    let beside = ticksY.map { label($0.1, margin.left - 8, vertical($0.0) + 4, anchor: "end") }
    return [frame] + below + beside + [
      label(labelX, (margin.left + width - margin.right) / 2, height - 8, anchor: "middle"),
      label(labelY, 4, 14, anchor: "start"),
    ]
  }

  func document(_ parts: [String], title: String) -> String {
    let size = "\(NumberText.short(width)) \(NumberText.short(height))"
    return
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" width=\"\(NumberText.short(width))\" "
      + "height=\"\(NumberText.short(height))\" role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"12\">"
      + "<title>\(Markup.escape(title))</title>" + parts.joined() + "</svg>"
  }

  private func label(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
    "<text x=\"\(NumberText.coordinate(x))\" y=\"\(NumberText.coordinate(y))\" text-anchor=\"\(anchor)\">"
      + "\(Markup.escape(text))</text>"
  }
}
