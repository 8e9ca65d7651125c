import EscapementKernels
import EscapementDrawing

/// An escape experiment as one SVG drawing: |p| by step beside the recurrence's, and the loss of the selection.
package enum EscapeFigure {
  /// Colors that stay apart under the common color-vision deficiencies (Okabe and Ito, 2008), darkest first; rules
  /// beyond the seventh begin anew, with other marks.
  private static let colors = ["#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
  private static let panel = (width: 500.0, height: 390.0)
  private static let rowHeight = 20.0
  private static let legendColumns = 3

  /// The drawing under a title.
  package static func svg(_ report: EscapeReport, title: String) -> String {
    let rows = Double((report.series.count + legendColumns - 1) / legendColumns)
    let height = panel.height + 60 + rowHeight * (rows + 1)
    let width = 2 * panel.width + 20
    let parts = [
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
      text(title, 16, 22, weight: 600),
      group(x: 0, y: 32, positions(report)),
      group(x: panel.width + 20, y: 32, losses(report)),
      group(x: 0, y: panel.height + 50, legend(report)),
    ]
    return Frame(width: width, height: height, x: 0...1, y: 0...1).document(parts, title: title)
  }

  private static func positions(_ report: EscapeReport) -> [String] {
    let measured = report.series.map { $0.positions.map(\.magnitude) }
    // Predictions may run far away from where the rules stay: they do not set the scale.
    let axis = ValueAxis.logarithmic(measured.flatMap { $0 } + [report.threshold], decades: 4)
    let frame = frame(report, axis)
    var parts = grid(frame, axis) + level(frame, axis, report.threshold)
    for (index, rule) in report.series.enumerated() {
      if let predicted = rule.predicted {
        parts += curve(frame, axis, steps(predicted.map(\.magnitude)), index, isPrediction: true)
      }
    }
    for (index, values) in measured.enumerated() {
      parts += curve(frame, axis, steps(values), index, isPrediction: false)
    }
    return parts + axes(frame, axis, "|p| = |⟨v, w − w₀⟩| (parameter units)")
  }

  private static func losses(_ report: EscapeReport) -> [String] {
    let measured = report.series.map { rule in
      rule.points.compactMap { point in point.loss.map { (Double(point.step), $0) } }
    }
    let axis = ValueAxis.fitting(measured.flatMap { $0.map(\.1) } + [report.loss])
    let frame = frame(report, axis)
    var parts = grid(frame, axis) + level(frame, axis, report.loss - report.drop)
    for (index, values) in measured.enumerated() {
      parts += curve(frame, axis, values, index, isPrediction: false)
    }
    return parts + axes(frame, axis, "loss of \(report.selection) (nats)")
  }

  private static func legend(_ report: EscapeReport) -> [String] {
    let column = (2 * panel.width - 40) / Double(legendColumns)
    var parts: [String] = []
    for (index, rule) in report.series.enumerated() {
      let x = 56 + column * Double(index % legendColumns)
      let y = rowHeight * Double(index / legendColumns)
      parts.append(stroke([(x, y), (x + 30, y)], index, width: 2, dash: ""))
      parts.append(mark(x + 15, y, index))
      var label = rule.name
      if let growth = rule.growth { label += ": growth \(NumberText.rounded(growth))" }
      // The axis has no signs.
      if let last = rule.positions.last { label += ", last p = \(NumberText.coarse(last))" }
      if let step = rule.divergedAt { label += ", diverged at step \(step)" }
      parts.append(text(label, x + 38, y + 4))
    }
    let rows = Double((report.series.count + legendColumns - 1) / legendColumns)
    let y = rowHeight * rows
    parts.append(segment((56, y), (86, y), color: "#5b6875", width: 1.5, dash: "6 4"))
    parts.append(text("recurrence, in the rule's color", 94, y + 4))
    parts.append(segment((56 + column, y), (86 + column, y), color: "#5b6875", width: 1, dash: "2 3"))
    parts.append(
      text(
        "escaped: |p| ≥ \(NumberText.short(report.threshold)), or loss ≤ "
          + NumberText.rounded(report.loss - report.drop), 94 + column, y + 4))
    return parts
  }

  // MARK: Panels

  private static func frame(_ report: EscapeReport, _ axis: ValueAxis) -> Frame {
    let last = report.series.map { $0.points.count - 1 }.max() ?? 1
    return Frame(width: panel.width, height: panel.height, x: 0...Double(max(last, 1)), y: axis.range)
  }

  private static func steps(_ values: [Double]) -> [(Double, Double)] {
    values.enumerated().map { (Double($0), $1) }
  }

  private static func grid(_ frame: Frame, _ axis: ValueAxis) -> [String] {
    axis.ticks.map { place, _ in
      segment(
        (frame.horizontal(frame.x.lowerBound), frame.vertical(place)),
        (frame.horizontal(frame.x.upperBound), frame.vertical(place)), color: "#e3e7eb", width: 1, dash: "")
    }
  }

  private static func level(_ frame: Frame, _ axis: ValueAxis, _ value: Double) -> [String] {
    guard let place = axis.place(value) else { return [] }
    return [
      segment(
        (frame.horizontal(frame.x.lowerBound), frame.vertical(place)),
        (frame.horizontal(frame.x.upperBound), frame.vertical(place)), color: "#5b6875", width: 1,
        dash: "2 3")
    ]
  }

  private static func axes(_ frame: Frame, _ axis: ValueAxis, _ label: String) -> [String] {
    frame.axes(
      ticksX: AxisScale.roundNumbers(in: frame.x).filter { $0.0.rounded() == $0.0 }, ticksY: axis.ticks,
      labelX: "step", labelY: label)
  }

  /// A curve, in as many pieces as stay within the axis; a measured one with at most a dozen marks.
  private static func curve(
    _ frame: Frame, _ axis: ValueAxis, _ points: [(Double, Double)], _ index: Int, isPrediction: Bool
  ) -> [String] {
    var pieces: [[(Double, Double)]] = [[]]
    for (x, value) in points {
      if let place = axis.place(value) {
        pieces[pieces.count - 1].append((frame.horizontal(x), frame.vertical(place)))
      } else if !pieces[pieces.count - 1].isEmpty {
        pieces.append([])
      }
    }
    let drawn = pieces.filter { $0.count > 1 }
    let lines = drawn.map {
      stroke($0, index, width: isPrediction ? 1.5 : 2, dash: isPrediction ? "6 4" : "")
    }
    guard !isPrediction else { return lines }
    // Marks of different rules stand at different steps, so that curves that coincide stay visible.
    let stride = max(1, points.count / 12)
    let marks = points.enumerated().compactMap { number, point -> String? in
      guard (number + index) % stride == 0, let place = axis.place(point.1) else { return nil }
      return mark(frame.horizontal(point.0), frame.vertical(place), index)
    }
    return lines + marks
  }

  // MARK: Marks

  private static func mark(_ x: Double, _ y: Double, _ index: Int) -> String {
    let color = colors[index % colors.count]
    let corners: [(Double, Double)]
    switch index % 6 {
    case 0:
      return
        "<circle cx=\"\(NumberText.coordinate(x))\" cy=\"\(NumberText.coordinate(y))\" r=\"4\" fill=\"\(color)\"/>"
    case 1: corners = [(-4, -4), (4, -4), (4, 4), (-4, 4)]
    case 2: corners = [(0, -5), (5, 4), (-5, 4)]
    case 3: corners = [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)]
    case 4: corners = [(0, 5), (5, -4), (-5, -4)]
    default:
      corners = [(-5, -5), (0, -2), (5, -5), (2, 0), (5, 5), (0, 2), (-5, 5), (-2, 0)]
    }
    let points = corners.map { NumberText.coordinate(x + $0.0) + "," + NumberText.coordinate(y + $0.1) }
    return "<polygon points=\"\(points.joined(separator: " "))\" fill=\"\(color)\"/>"
  }

  private static func stroke(
    _ points: [(Double, Double)], _ index: Int, width: Double, dash: String
  ) -> String {
    polyline(points, color: colors[index % colors.count], width: width, dash: dash)
  }

  private static func segment(
    _ from: (Double, Double), _ to: (Double, Double), color: String, width: Double, dash: String
  ) -> String { polyline([from, to], color: color, width: width, dash: dash) }

  private static func polyline(
    _ points: [(Double, Double)], color: String, width: Double, dash: String
  ) -> String {
    let text = points.map { NumberText.coordinate($0.0) + "," + NumberText.coordinate($0.1) }
    let dashes = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    return "<polyline points=\"\(text.joined(separator: " "))\" fill=\"none\" stroke=\"\(color)\" "
      + "stroke-width=\"\(NumberText.short(width))\" stroke-linejoin=\"round\"\(dashes)/>"
  }

  private static func text(_ text: String, _ x: Double, _ y: Double, weight: Int = 400) -> String {
    "<text x=\"\(NumberText.coordinate(x))\" y=\"\(NumberText.coordinate(y))\" font-weight=\"\(weight)\">"
      + "\(Markup.escape(text))</text>"
  }

  private static func group(x: Double, y: Double, _ parts: [String]) -> String {
    "<g transform=\"translate(\(NumberText.coordinate(x)) \(NumberText.coordinate(y)))\">\(parts.joined())</g>"
  }
}

/// A vertical axis, linear or in decades.
struct ValueAxis {
  /// In the axis's own units: decades where it is logarithmic.
  let range: ClosedRange<Double>
  private let isLogarithmic: Bool

  /// Decades that hold the largest value and, at most `decades` below it, the smallest above 0.
  static func logarithmic(_ values: [Double], decades: Double) -> ValueAxis {
    let logs = values.filter { $0 > 0 && $0.isFinite }.map(log10)
    guard let top = logs.max(), let bottom = logs.min() else { return fitting(values) }
    let low = max(bottom, top - decades)
    return ValueAxis(range: (low - 0.1)...(top + 0.1), isLogarithmic: true)
  }

  /// A linear axis, or a logarithmic one for positive values more than thirtyfold apart.
  static func fitting(_ values: [Double]) -> ValueAxis {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return ValueAxis(range: 0...1, isLogarithmic: false)
    }
    if low > 0, high > 30 * low { return logarithmic(finite, decades: 4) }
    let margin = high > low ? (high - low) / 20 : 0.5
    return ValueAxis(range: (low - margin)...(high + margin), isLogarithmic: false)
  }

  /// Where a value stands on the axis; nil outside it.
  func place(_ value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let place = isLogarithmic ? Self.log10(value) : value
    return range.contains(place) ? place : nil
  }

  /// Round values: decades, with 2 and 5 between them where fewer than three would stand.
  var ticks: [(Double, String)] {
    guard isLogarithmic else { return AxisScale.roundNumbers(in: range) }
    let decades = range.upperBound - range.lowerBound
    let factors = decades < 2.5 ? [1.0, 2, 5] : [1]
    var ticks: [(Double, String)] = []
    var exponent = range.lowerBound.rounded(.down)
    while exponent <= range.upperBound {
      var unit = 1.0
      for _ in 0..<Int(exponent.magnitude) { unit = exponent > 0 ? unit * 10 : unit / 10 }
      for factor in factors {
        if let place = place(factor * unit) { ticks.append((place, NumberText.short(factor * unit))) }
      }
      exponent += 1
    }
    return ticks
  }

  private static func log10(_ x: Double) -> Double { ownLog(x) / ownLog(10) }
}
