import EscapementDrawing
import EscapementCurvature

/// A landscape as one SVG drawing: the loss along both directions beside the quadratic model, and the plane between them.
package enum LandscapeFigure {
  private static let panel = 460.0

  /// The drawing under a title.
  package static func svg(_ landscape: Landscape, title: String) -> String {
    let frame = Frame(width: 2 * panel + 60, height: panel + 90, x: 0...1, y: 0...1)
    let parts = [
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
      "<text x=\"\(NumberText.coordinate(16))\" y=\"20\" font-weight=\"600\">\(Markup.escape(title))</text>",
      group(x: 0, y: 30, lines(landscape)), group(x: panel + 40, y: 30, plane(landscape)),
    ]
    return frame.document(parts, title: title)
  }

  private static func group(x: Double, y: Double, _ parts: [String]) -> String {
    "<g transform=\"translate(\(NumberText.coordinate(x)) \(NumberText.coordinate(y)))\">\(parts.joined())</g>"
  }

  private static func lines(_ landscape: Landscape) -> [String] {
    let measured = landscape.smallest.losses + landscape.largest.losses
    let range = padded(measured.min() ?? 0, measured.max() ?? 1)
    let reach = landscape.distances[landscape.distances.count - 1]
    let frame = Frame(width: panel, height: panel, x: -reach...reach, y: range)
    var parts = frame.axes(
      ticksX: AxisScale.roundNumbers(in: -reach...reach), ticksY: AxisScale.roundNumbers(in: range),
      labelX: "t", labelY: "f(w + tv)")
    for (line, color) in [(landscape.smallest, "#b3372f"), (landscape.largest, "#17456e")] {
      let model = (0...100).map { k in
        let t = reach * (Double(k) / 50 - 1)
        return (t, line.model(at: t, loss: landscape.loss))
      }
      // Where the model leaves the frame it is not drawn.
      for piece in pieces(model, within: range) {
        parts.append(frame.line(piece, stroke: color, dashed: true))
      }
      parts.append(
        frame.line(Array(zip(landscape.distances, line.losses)), stroke: color, dashed: false))
    }
    parts.append(frame.dot((0, landscape.loss), fill: "#1c2733"))
    let legend = [
      ("along v_min, λ = \(NumberText.short(landscape.smallest.curvature))", "#b3372f"),
      ("along v_max, λ = \(NumberText.short(landscape.largest.curvature))", "#17456e"),
      ("dashed: loss, slope and λ at w", "#5b6875"),
    ]
    for (index, entry) in legend.enumerated() {
      parts.append(
        "<text x=\"56\" y=\"\(NumberText.coordinate(panel + 18 + 16 * Double(index)))\" fill=\"\(entry.1)\">"
          + "\(Markup.escape(entry.0))</text>")
    }
    return parts
  }

  private static func plane(_ landscape: Landscape) -> [String] {
    let sides = landscape.sides
    let half = (sides[1] - sides[0]) / 2
    let reach = sides[sides.count - 1] + half
    let values = landscape.plane.flatMap { $0 }
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let frame = Frame(width: panel, height: panel, x: -reach...reach, y: -reach...reach)
    var parts: [String] = []
    for (b, row) in zip(sides, landscape.plane) {
      for (a, value) in zip(sides, row) {
        let share = high > low ? (value - low) / (high - low) : 0
        parts.append(frame.cell((a - half)...(a + half), (b - half)...(b + half), fill: color(share)))
      }
    }
    let limit = sides[sides.count - 1]
    parts += frame.axes(
      ticksX: AxisScale.roundNumbers(in: -limit...limit), ticksY: AxisScale.roundNumbers(in: -limit...limit),
      labelX: "a along v_min",
      labelY: "b along v_max")
    parts.append(frame.dot((0, 0), fill: "#1c2733"))
    parts.append(
      "<text x=\"\(NumberText.coordinate(panel - 16))\" y=\"14\" text-anchor=\"end\">light \(NumberText.short(low)) … dark "
        + "\(NumberText.short(high))</text>")
    return parts
  }

  /// From near white through blue to near black, as light falls.
  package static func color(_ share: Double) -> String {
    let stops: [(Double, Double, Double)] = [
      (247, 251, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107),
    ]
    guard share.isFinite else { return "#d9d9d9" }
    let place = min(max(share, 0), 1) * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let rest = place - Double(index)
    let (a, b) = (stops[index], stops[index + 1])
    func channel(_ x: Double, _ y: Double) -> Int { Int((x + rest * (y - x)).rounded()) }
    return "rgb(\(channel(a.0, b.0)),\(channel(a.1, b.1)),\(channel(a.2, b.2)))"
  }

  private static func padded(_ low: Double, _ high: Double) -> ClosedRange<Double> {
    let margin = high > low ? (high - low) / 10 : 0.5
    return low - margin...high + margin
  }

  /// The stretches of a curve whose points lie in a range.
  private static func pieces(
    _ points: [(Double, Double)], within range: ClosedRange<Double>
  ) -> [[(Double, Double)]] {
    var pieces: [[(Double, Double)]] = [[]]
    for point in points {
      if range.contains(point.1) {
        pieces[pieces.count - 1].append(point)
      } else if !pieces[pieces.count - 1].isEmpty {
        pieces.append([])
      }
    }
    return pieces.filter { $0.count > 1 }
  }
}
