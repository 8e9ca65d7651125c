import EscapementCurvature
import EscapementDrawing

/// A landscape as a figure: the loss along both directions with the quadratic model, and the plane that they span.
package enum LandscapeFigure {
  private static let side = 460.0
  private static let origin = {
    // Hollow, so that it stands out from light and from dark cells.
    var style = SeriesStyle(solid: "#1c2733")
    style.isHollow = true
    return style
  }()

  /// Draws the figure with a title.
  package static func draw(_ landscape: Landscape, title: String) -> Figure {
    let legend = [("v_min", landscape.smallest), ("v_max", landscape.largest)].enumerated().map {
      Figure.LegendEntry(
        style: SeriesStyle($0),
        text: "along \($1.0), λ = \(NumberText.short($1.1.curvature))")
    }
    return Figure(
      title: title,
      panels: [
        (lines(landscape), 0, 0), (plane(landscape), side + 20, 0), (colorBar(landscape), 2 * side + 30, 0),
      ], width: 2 * side + 130, height: side, legend: legend,
      notes: [
        "w is the point, v_min and v_max are the unit eigenvectors of λ_min and λ_max. Thin lines on the left: the "
          + "quadratic model of loss, slope and λ at w."
      ])
  }

  private static func lines(_ landscape: Landscape) -> Panel {
    let measured = landscape.smallest.losses + landscape.largest.losses
    let (low, high) = (measured.min() ?? 0, measured.max() ?? 1)
    let margin = high > low ? (high - low) / 10 : 0.5
    let reach = landscape.distances[landscape.distances.count - 1]
    var panel = Panel(
      "along each eigenvector", serial: 0,
      frame: Frame(width: side, height: side, x: -reach...reach, y: (low - margin)...(high + margin)))
    panel.axes(labelX: "distance t", labelY: "loss f(w + tv)")
    for (index, line) in [landscape.smallest, landscape.largest].enumerated() {
      let (style, name) = (SeriesStyle(index), index == 0 ? "v_min" : "v_max")
      let model = (0...100).map { k in
        let t = reach * (Double(k) / 50 - 1)
        return (t, line.model(at: t, loss: landscape.loss))
      }
      panel.curve(model, series: "\(name), model", style: SeriesStyle(solid: style.color), width: 0.9)
      panel.curve(Array(zip(landscape.distances, line.losses)), series: name, style: style)
    }
    panel.point(0, landscape.loss, series: "w", style: origin)
    return panel
  }

  private static func plane(_ landscape: Landscape) -> Panel {
    let sides = landscape.sides
    let half = (sides[1] - sides[0]) / 2
    let reach = sides[sides.count - 1] + half
    let losses = range(landscape)
    var panel = Panel(
      "in the plane of both", serial: 1,
      frame: Frame(width: side, height: side, x: -reach...reach, y: -reach...reach))
    for (b, row) in zip(sides, landscape.plane) {
      for (a, value) in zip(sides, row) {
        panel.cell(
          (a - half)...(a + half), (b - half)...(b + half), value: value, series: "loss",
          fill: color(share(value, of: losses)))
      }
    }
    panel.axes(labelX: "distance along v_min", labelY: "distance along v_max", grid: false)
    panel.point(0, 0, series: "w", style: origin)
    return panel
  }

  /// The key of the plane's colors.
  private static func colorBar(_ landscape: Landscape) -> Panel {
    let losses = range(landscape)
    var panel = Panel(
      "loss", serial: 2,
      frame: Frame(
        width: 100, height: side, x: 0...1, y: losses,
        margin: Frame.Margin(left: 58, right: 16, top: 28, bottom: 44)))
    let steps = 64.0
    let step = (losses.upperBound - losses.lowerBound) / steps
    for index in 0..<Int(steps) {
      let low = losses.lowerBound + Double(index) * step
      panel.cell(
        0...1, low...(low + step), value: nil, series: "", fill: color((Double(index) + 0.5) / steps))
    }
    panel.axes(labelX: "", labelY: "", grid: false, hasTicksX: false)
    return panel
  }

  /// The range of the losses in the plane.
  private static func range(_ landscape: Landscape) -> ClosedRange<Double> {
    let values = landscape.plane.flatMap { $0 }.filter(\.isFinite)
    guard let low = values.min(), let high = values.max() else { return 0...1 }
    return low...(high > low ? high : low + max(low.magnitude, 1) * 1e-9)
  }

  private static func share(_ value: Double, of range: ClosedRange<Double>) -> Double {
    (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  /// A color from near white through blue to near black for a share from 0 to 1; gray for NaN.
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
}
