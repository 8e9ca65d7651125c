/// A plane with axes, mapped to the pixels of one drawing.
package struct Frame {
  /// Room around the plane for ticks and labels, in pixels.
  package struct Margin {
    package var left = 56.0
    package var right = 16.0
    package var top = 28.0
    package var bottom = 44.0

    package init(left: Double = 56.0, right: Double = 16.0, top: Double = 28.0, bottom: Double = 44.0) {
      self.left = left
      self.right = right
      self.top = top
      self.bottom = bottom
    }
  }

  package let width: Double
  package let height: Double
  package let x: ClosedRange<Double>
  package let y: ClosedRange<Double>
  package let scaleX: AxisScale
  package let scaleY: AxisScale
  package let margin: Margin
  // The ends in scaled coordinates: a logarithm each, so taken once.
  private let endsX: (low: Double, high: Double)
  private let endsY: (low: Double, high: Double)

  package init(
    width: Double, height: Double, x: ClosedRange<Double>, y: ClosedRange<Double>,
    scaleX: AxisScale = .linear, scaleY: AxisScale = .linear, margin: Margin = Margin()
  ) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.margin = margin
    endsX = (scaleX.coordinate(x.lowerBound), scaleX.coordinate(x.upperBound))
    endsY = (scaleY.coordinate(y.lowerBound), scaleY.coordinate(y.upperBound))
  }

  package func horizontal(_ value: Double) -> Double {
    let span = width - margin.left - margin.right
    return margin.left + span * (scaleX.coordinate(value) - endsX.low) / (endsX.high - endsX.low)
  }

  package func vertical(_ value: Double) -> Double {
    let span = height - margin.top - margin.bottom
    return height - margin.bottom - span * (scaleY.coordinate(value) - endsY.low) / (endsY.high - endsY.low)
  }

  package func line(_ points: [(Double, Double)], stroke: String, dashed: Bool) -> String {
    let text = points.map {
      NumberText.coordinate(horizontal($0.0)) + "," + NumberText.coordinate(vertical($0.1))
    }
    let dash = dashed ? " stroke-dasharray=\"5 4\"" : ""
    return "<polyline points=\"\(text.joined(separator: " "))\" fill=\"none\" stroke=\"\(stroke)\" "
      + "stroke-width=\"2\"\(dash)/>"
  }

  package func dot(_ point: (Double, Double), fill: String) -> String {
    "<circle cx=\"\(NumberText.coordinate(horizontal(point.0)))\" cy=\"\(NumberText.coordinate(vertical(point.1)))\" "
      + "r=\"4\" fill=\"\(fill)\"/>"
  }

  package func band(_ range: ClosedRange<Double>, fill: String, text: String) -> String {
    let left = horizontal(range.lowerBound)
    let right = horizontal(range.upperBound)
    let rectangle =
      "<rect x=\"\(NumberText.coordinate(left))\" y=\"\(NumberText.coordinate(margin.top))\" "
      + "width=\"\(NumberText.coordinate(right - left))\" "
      + "height=\"\(NumberText.coordinate(height - margin.top - margin.bottom))\" fill=\"\(fill)\"/>"
    return rectangle + label(text, (left + right) / 2, margin.top + 16, anchor: "middle")
  }

  package func cell(_ columns: ClosedRange<Double>, _ rows: ClosedRange<Double>, fill: String) -> String {
    let (left, top) = (horizontal(columns.lowerBound), vertical(rows.upperBound))
    return "<rect x=\"\(NumberText.coordinate(left))\" y=\"\(NumberText.coordinate(top))\" "
      + "width=\"\(NumberText.coordinate(horizontal(columns.upperBound) - left))\" "
      + "height=\"\(NumberText.coordinate(vertical(rows.lowerBound) - top))\" fill=\"\(fill)\"/>"
  }

  package func axes(
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

  package func document(_ parts: [String], title: String) -> String {
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
