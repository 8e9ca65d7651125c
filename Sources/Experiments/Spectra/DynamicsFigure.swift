import EscapementDrawing

/// λ_min, λ_max, their ratio, loss and gradient norm of single classes over the epochs of runs, in rows.
package enum DynamicsFigure {
  /// The largest number of classes drawn side by side.
  package static let classLimit = 4

  private static let quantities: [(name: String, value: @Sendable (SpectrumDynamics.Point) -> Double?)] = [
    ("λ_min", { $0.smallest }), ("λ_max", { $0.largest }), ("|λ_min/λ_max|", { $0.ratio }),
    ("loss f", { $0.loss }), ("gradient norm ‖∇f‖", { $0.gradientNorm }),
  ]

  /// Draws one or more runs for one to `classLimit` classes. Each class must have been measured by at least one run.
  ///
  /// Runs of one name, such as the seeds of a method, share a style and an entry of the legend. The axes also contain
  /// everything that `others` measured, so that figures of one report are comparable.
  package static func draw(
    _ runs: [SpectrumDynamics], classes: [Int], title: String, comparedWith others: [SpectrumDynamics] = []
  ) -> Figure {
    precondition(
      !runs.isEmpty && (1...classLimit).contains(classes.count), "\(classes.count) classes of no run")
    let shown = runs.map { run in run.classes.filter { classes.contains($0.label) } }
    let own = shown.flatMap { $0.flatMap(\.points) }
    let points = own + others.flatMap { $0.classes.flatMap(\.points) }
    precondition(!own.isEmpty, "none of the classes \(classes) was measured")
    let quantities = Self.quantities.filter { quantity in points.contains { quantity.value($0) != nil } }
    let last = Double(points.map(\.epoch).max() ?? 1)
    let width = max(360, 720 / Double(classes.count))
    let height = 166.0
    let names = SeriesNames(runs.map(\.name))
    var placed: [(panel: Panel, x: Double, y: Double)] = []
    for (row, quantity) in quantities.enumerated() {
      let measured = points.compactMap(quantity.value)
      let values = measured.isEmpty ? [0] : measured
      let scale = AxisScale.fitting(values)
      // One scale per row, so that classes are comparable.
      let range = padded(values, scale)
      let isLast = row == quantities.count - 1
      let room = isLast ? 20.0 : 0
      for (column, label) in classes.enumerated() {
        let frame = Frame(
          width: width, height: height + room, x: 0...1.03 * last, y: range, scaleX: .linear, scaleY: scale,
          margin: Frame.Margin(left: 54, right: 14, top: 28, bottom: 24 + room))
        var panel = Panel(
          "class \(label): \(quantity.name)", serial: row * classes.count + column, frame: frame)
        panel.axes(labelX: isLast ? "epochs done" : "", labelY: "")
        for (index, run) in runs.enumerated() {
          let (style, series) = (names.style(index), names.title(index))
          if let start = run.reweighting, Double(start) <= last {
            // Runs that begin re-weighting at the same epoch share a black line.
            let isShared = Set(runs.map(\.reweighting)).count == 1
            if !isShared || index == 0 {
              panel.vertical(
                Double(start), series: "\(isShared ? "all" : series) re-weighting",
                style: isShared ? SeriesStyle(solid: "#1c2733") : style)
            }
          }
          for course in shown[index] where course.label == label {
            let curve = course.points.compactMap { point in
              quantity.value(point).map { (Double(point.epoch), $0) }
            }
            panel.curve(curve, series: series, style: style)
            for point in curve { panel.point(point.0, point.1, series: series, style: style, radius: 2.8) }
          }
        }
        placed.append((panel, width * Double(column), height * Double(row)))
      }
    }
    let legend = names.distinct.enumerated().map { index, name in
      let starts = Set(runs.filter { $0.name == name }.map(\.reweighting))
      let start = starts.count == 1 ? starts.first ?? nil : nil
      return Figure.LegendEntry(
        style: SeriesStyle(index), text: name + (start.map { ", class weights after epoch \($0)" } ?? ""))
    }
    let usual =
      "Of the plain mean cross-entropy over each class's training images, un-augmented, under running statistics of "
      + "batch norm. Vertical dotted lines: class weights set in."
    let redrawn = Set(runs.filter(\.isRedrawn).map(\.name)).sorted().joined(separator: "; ")
    return Figure(
      title: title, panels: placed, width: width * Double(classes.count),
      height: height * Double(quantities.count) + 20, legend: legend,
      notes: [usual]
        + (redrawn.isEmpty
          ? [] : ["Cropped and flipped again in every product, so of no one matrix: \(redrawn)."]))
  }

  /// A range with a margin on the scale, which includes zero if it is near.
  package static func padded(_ values: [Double], _ scale: AxisScale) -> ClosedRange<Double> {
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    switch scale {
    case .linear:
      let margin = high > low ? (high - low) / 10 : max(high.magnitude / 10, 1e-3)
      let floor = low >= 0 && low < (high - low) ? 0 : low - margin
      let ceiling = high <= 0 && -high < (high - low) ? 0 : high + margin
      return floor...max(ceiling, floor + margin)
    case .logarithmic: return low / 1.5...high * 1.5
    case .symmetricLogarithmic(let linear):
      return low - 0.4 * max(low.magnitude, linear)...high + 0.4 * max(high.magnitude, linear)
    }
  }
}
