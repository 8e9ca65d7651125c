import EscapementDrawing

/// An escape experiment as a figure: |p| by step with the recurrence's prediction, and the loss of the selection.
package enum EscapeFigure {
  private static let size = (width: 500.0, height: 390.0)
  private static let level = SeriesStyle(solid: "#5b6875")
  /// The approximate largest number of marks on a curve.
  private static let marks = 12
  /// The number of decades drawn below the largest |p|.
  private static let decades = 4

  /// Draws the figure with a title.
  package static func draw(_ report: EscapeReport, title: String) -> Figure {
    let legend = report.series.enumerated().map { index, rule in
      var text = rule.name
      if let growth = rule.growth { text += ": growth \(NumberText.rounded(growth))" }
      // The axis shows magnitudes, so the sign of the last p is given in the text.
      if let last = rule.positions.last { text += ", last p = \(NumberText.coarse(last))" }
      if let step = rule.divergedAt { text += ", diverged at step \(step)" }
      return Figure.LegendEntry(style: SeriesStyle(index), text: text)
    }
    return Figure(
      title: title, panels: [(positions(report), 0, 0), (losses(report), size.width + 20, 0)],
      width: 2 * size.width + 20, height: size.height, legend: legend,
      notes: [
        "p = ⟨v, w − w₀⟩, in units of the parameters. Thin lines are the recurrence's, in the rule's color.",
        "Gray lines: a rule has escaped where |p| ≥ \(NumberText.short(report.threshold)), or the loss of "
          + "\(report.selection) ≤ \(NumberText.rounded(report.loss - report.drop)).",
      ])
  }

  private static func positions(_ report: EscapeReport) -> Panel {
    let measured = report.series.map { points($0.positions) }
    // Predictions may be far from the measured values, so they do not determine the scale.
    let sizes = (measured.flatMap { $0.map(\.1) } + [report.threshold]).filter { $0 > 0 && $0.isFinite }
    let top = sizes.max() ?? 1
    let bottom = max(sizes.min() ?? top, top * AxisScale.decade(-decades))
    var panel = panel("|p|", report, serial: 0, y: bottom / 1.25...top * 1.25, scale: .logarithmic)
    for (index, rule) in report.series.enumerated() {
      guard let predicted = rule.predicted else { continue }
      panel.curve(
        points(predicted), series: "\(rule.name), recurrence",
        style: SeriesStyle(solid: SeriesStyle(index).color), width: 0.9)
    }
    add(measured, to: &panel, report, level: report.threshold)
    return panel
  }

  private static func losses(_ report: EscapeReport) -> Panel {
    let measured = report.series.map { rule in
      rule.points.compactMap { point in point.loss.map { (Double(point.step), $0) } }
        .filter { $0.1.isFinite }
    }
    let end = report.loss - report.drop
    let values = measured.flatMap { $0.map(\.1) } + [report.loss]
    let scale = AxisScale.fitting(values)
    var panel = panel(
      "loss of \(report.selection)", report, serial: 1, y: DynamicsFigure.padded(values, scale),
      scale: scale)
    add(measured, to: &panel, report, level: end)
    return panel
  }

  private static func panel(
    _ name: String, _ report: EscapeReport, serial: Int, y: ClosedRange<Double>, scale: AxisScale
  ) -> Panel {
    let last = report.series.map { $0.points.count - 1 }.max() ?? 1
    var panel = Panel(
      name, serial: serial,
      frame: Frame(
        width: size.width, height: size.height, x: 0...Double(max(last, 1)), y: y, scaleY: scale,
        margin: Frame.Margin(left: 60, right: 14, top: 28, bottom: 44)))
    panel.axes(labelX: "step", labelY: "")
    return panel
  }

  /// Curves with their marks, and the escape threshold if it lies within the axis.
  private static func add(
    _ curves: [[(Double, Double)]], to panel: inout Panel, _ report: EscapeReport, level value: Double
  ) {
    let frame = panel.frame
    if frame.y.contains(value) {
      panel.curve(
        [(frame.x.lowerBound, value), (frame.x.upperBound, value)], series: "escaped", style: level,
        width: 0.9)
    }
    for (index, points) in curves.enumerated() {
      let (name, style) = (report.series[index].name, SeriesStyle(index))
      panel.curve(points, series: name, style: style)
      // Marks of different rules are at different steps, so that coinciding curves stay visible.
      let stride = max(1, points.count / marks)
      for (number, point) in points.enumerated()
      where (number + index).isMultiple(of: stride) && frame.y.contains(point.1) {
        panel.point(point.0, point.1, series: name, style: style)
      }
    }
  }

  /// Magnitudes by step.
  private static func points(_ values: [Double]) -> [(Double, Double)] {
    values.enumerated().map { (Double($0), $1.magnitude) }.filter { $0.1.isFinite }
  }
}
