import EscapementDrawing

/// λ_min or λ_max of several selections, runs and procedures side by side, each as a dot with the interval of its
/// limits.
package enum ExtremesFigure {
  /// An end of a spectrum.
  package enum End: String, Hashable, Sendable, CaseIterable {
    /// λ_min.
    case smallest
    /// λ_max.
    case largest
  }

  /// Draws one or more series: one row per selection, and in it one line per run and procedure. `width` is in pixels.
  package static func draw(
    _ series: [SpectrumSeries], end: End = .smallest, title: String, axis: DensityFigure.Axis = .automatic,
    width: Double = 720
  ) -> Figure {
    precondition(!series.isEmpty, "a figure of no spectra")
    func extreme(_ one: SpectrumSeries) -> SpectrumRecord.Extreme {
      end == .smallest ? one.smallest : one.largest
    }
    var rows: [String] = []
    var kinds: [String] = []
    var labels: [String?] = []
    for one in series {
      if !rows.contains(one.data) { rows.append(one.data) }
      if !labels.contains(one.label) { labels.append(one.label) }
    }
    // The two procedures of a run are adjacent.
    for label in labels {
      for one in series where one.label == label && !kinds.contains(kind(one)) { kinds.append(kind(one)) }
    }
    let values = series.flatMap { one -> [Double] in
      let end = extreme(one)
      return [end.value, end.lowerLimit, end.upperLimit].compactMap(\.self)
    }
    let scale: AxisScale
    switch axis {
    case .automatic:
      let fitting = AxisScale.fitting(values + [0])
      // A logarithmic axis cannot show zero, which separates saddles from minima.
      scale = fitting == .logarithmic ? .linear : fitting
    case .linear: scale = .linear
    case .symmetric(let linear): scale = .symmetricLogarithmic(linear)
    }
    let padded = DynamicsFigure.padded(values + [0], scale)
    // The range extends to both sides of zero, which separates saddles from minima.
    var room = (padded.upperBound - padded.lowerBound) / 40
    if case .symmetricLogarithmic(let linear) = scale { room = linear }
    let x = min(padded.lowerBound, -room)...max(padded.upperBound, room)
    let step = max(34, 15 * Double(kinds.count) + 12)
    let frame = Frame(
      width: width, height: step * Double(rows.count) + 56, x: x, y: 0...Double(rows.count), scaleX: scale,
      margin: Frame.Margin(
        left: max(96, 7 * Double(rows.map(\.count).max() ?? 0) + 16), right: 18, top: 12, bottom: 44))
    let name = end == .smallest ? "λ_min" : "λ_max"
    var panel = Panel("", serial: 0, frame: frame)
    panel.axes(labelX: name, labelY: "", hasTicksY: false)
    for (row, data) in rows.enumerated() {
      let middle = Double(rows.count - row) - 0.5
      panel.words(data, x.lowerBound, middle, dx: -10, dy: 4, anchor: "end")
      if row > 0 { panel.separator(at: Double(rows.count - row)) }
      for one in series where one.data == data {
        let index = kinds.firstIndex(of: kind(one)) ?? 0
        let offset = (Double(index) - Double(kinds.count - 1) / 2) * 15 / step
        let found = extreme(one)
        let style = Self.style(one, labels)
        if found.lowerLimit != nil || found.upperLimit != nil {
          panel.interval(
            found.value, lower: found.lowerLimit, upper: found.upperLimit, y: middle - offset,
            series: "\(data), \(kind(one))", style: style)
        }
        panel.point(found.value, middle - offset, series: "\(data), \(kind(one))", style: style)
      }
    }
    let legend = kinds.compactMap { name -> Figure.LegendEntry? in
      guard let one = series.first(where: { kind($0) == name }) else { return nil }
      let drift = series.filter { kind($0) == name }.map(\.drift).max() ?? 0
      let note = drift > 0 ? "; drift up to \(NumberText.coarse(drift)): no one matrix" : ""
      return Figure.LegendEntry(style: style(one, labels), text: name + note, isLine: false)
    }
    var notes = [SpectrumSeries.limitNote(series) + " An arrow: no limit is known on that side."]
    if case .symmetricLogarithmic(let linear) = scale {
      notes.append("The axis is linear within ±\(NumberText.short(linear)) and logarithmic beyond.")
    }
    return Figure(
      title: title, panels: [(panel, 0, 0)], width: width, height: frame.height, legend: legend, notes: notes)
  }

  private static func kind(_ one: SpectrumSeries) -> String {
    [one.label, one.modeName].compactMap(\.self).joined(separator: ", ")
  }

  /// One color and marker per run. Released values are hollow, because their error is unknown.
  private static func style(_ one: SpectrumSeries, _ labels: [String?]) -> SeriesStyle {
    let run = labels.firstIndex(of: one.label) ?? 0
    // The released procedure on unchanged images has its own marker, because it would coincide with the exact value.
    var style = SeriesStyle(one.mode == .released && !one.isRedrawn ? run + labels.count : run)
    style.isHollow = one.mode == .released
    return style
  }
}
