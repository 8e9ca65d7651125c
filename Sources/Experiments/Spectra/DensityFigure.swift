import EscapementKernels
import EscapementDrawing
import EscapementCurvature

/// Spectral densities on a logarithmic axis, with λ_min, λ_max and their limits: overlaid, in one panel each, or the
/// exact next to the released procedure.
package enum DensityFigure {
  /// The layout of series.
  package enum Layout: String, Hashable, Sendable, CaseIterable {
    /// All in one panel.
    case overlay
    /// One panel per series.
    case multiples
    /// One panel per selection, with both procedures.
    case compare
  }

  /// The axis of eigenvalues.
  package enum Axis: Hashable, Sendable {
    /// Symmetric-logarithmic if one end is more than ten times the other, otherwise linear.
    case automatic
    /// Linear.
    case linear
    /// Symmetric-logarithmic, linear within ±c.
    case symmetric(Double)
  }

  private struct Curve {
    let series: SpectrumSeries
    let density: SpectralDensity
    let style: SeriesStyle
  }

  /// The panels of a figure with the legend of each, and what all share.
  private struct Parts {
    var panels: [Panel] = []
    var legends: [[Figure.LegendEntry]] = []
    var sharedLegend: [Figure.LegendEntry] = []
    var notes: [String] = []
  }

  /// Draws one or more series. Throws for a kernel width that cannot be drawn, and `TridiagonalEigenError`.
  package static func draw(
    _ series: [SpectrumSeries], title: String, layout: Layout, width: SpectralDensity.Width = .automatic,
    axis: Axis = .automatic
  ) throws -> Figure {
    let parts = try parts(series, layout: layout, width: width, axis: axis) { isSingle in
      isSingle ? (720, 430) : (360, 270)
    }
    let isSingle = parts.panels.count == 1
    let placed = parts.panels.enumerated().map { index, panel in
      let (row, column) = isSingle ? (0, 0) : (index / 2, index % 2)
      return (panel: panel, x: panel.frame.width * Double(column), y: panel.frame.height * Double(row))
    }
    return Figure(
      title: title, panels: placed, width: 720,
      height: parts.panels[0].frame.height * Double(isSingle ? 1 : (parts.panels.count + 1) / 2),
      legend: parts.sharedLegend + parts.legends.flatMap(\.self), notes: parts.notes)
  }

  /// Draws a figure for each panel, narrow enough for a phone, with the axes and the kernel of all; the last has the notes.
  package static func drawEach(
    _ series: [SpectrumSeries], title: String, layout: Layout, width: SpectralDensity.Width = .automatic,
    axis: Axis = .automatic
  ) throws -> [Figure] {
    let parts = try parts(series, layout: layout, width: width, axis: axis) { _ in (360, 300) }
    return zip(parts.panels, parts.legends).enumerated().map { index, pair in
      let isLast = index == parts.panels.count - 1
      return Figure(
        title: title, panels: [(pair.0, 0, 0)], width: 360, height: 300,
        legend: parts.sharedLegend + pair.1, notes: isLast ? parts.notes : [])
    }
  }

  private static func parts(
    _ series: [SpectrumSeries], layout: Layout, width: SpectralDensity.Width, axis: Axis,
    size: (_ isSingle: Bool) -> (width: Double, height: Double)
  ) throws -> Parts {
    precondition(!series.isEmpty, "a figure of no spectra")
    let groups: [[Int]]
    switch layout {
    case .overlay: groups = [Array(series.indices)]
    case .multiples: groups = series.indices.map { [$0] }
    case .compare:
      var names: [String] = []
      for one in series where !names.contains(one.name) { names.append(one.name) }
      groups = names.map { name in series.indices.filter { series[$0].name == name } }
    }
    let rules = try series.map { try $0.rules() }
    // One width for all series, so that heights are comparable: the narrowest that any requires.
    let sigma = try rules.map { try SpectralDensity.width(width, of: $0) }.min() ?? 1
    let ordered = try zip(series, rules).enumerated().map { index, pair in
      let number =
        layout == .overlay
        ? index : layout == .compare && pair.0.mode == .released ? (pair.0.isRedrawn ? 1 : 2) : 0
      var style = SeriesStyle(number)
      style.isHollow = pair.0.mode == .released
      return Curve(
        series: pair.0, density: try SpectralDensity(pair.1, width: .absolute(sigma)), style: style)
    }
    // The procedure is named if there are two.
    let isMixed = Set(series.map(\.mode)).count > 1
    let names = series.map { isMixed ? "\($0.name), \($0.modeName)" : $0.name }
    let ends = series.flatMap { [$0.smallest.value, $0.largest.value] }
    let (low, high) = (ends.min() ?? 0, ends.max() ?? 1)
    let scale: AxisScale
    switch axis {
    case .automatic: scale = .eigenvalues(from: low, to: high)
    case .linear: scale = .linear
    case .symmetric(let linear): scale = .symmetricLogarithmic(linear)
    }
    let y = heights(ordered)
    let x = span(ordered, floor: y.lowerBound, on: scale)
    let size = size(groups.count == 1)
    var parts = Parts(notes: notes(ordered, sigma: sigma, scale: scale))
    for (index, group) in groups.enumerated() {
      let frame = Frame(
        width: size.width, height: size.height, x: x, y: y, scaleX: scale, scaleY: .logarithmic,
        margin: Frame.Margin(left: 66, right: 14, top: layout == .overlay ? 12 : 30, bottom: 44))
      var panel = Panel(
        layout == .overlay ? "" : layout == .compare ? series[group[0]].name : names[group[0]], serial: index,
        frame: frame)
      panel.axes(labelX: "eigenvalue", labelY: index % 2 == 0 ? "density per unit of eigenvalue" : "")
      for member in ordered.indices where layout == .multiples && !group.contains(member) {
        addContext(ordered[member], to: &panel)
      }
      for (row, member) in group.enumerated() {
        add(
          ordered[member], as: layout == .compare ? series[member].modeName : names[member], to: &panel,
          row: row, isNamed: layout == .overlay && group.count > namedFrom)
      }
      parts.panels.append(panel)
    }
    for curve in ordered where layout == .compare {
      let name = curve.series.modeName
      if !parts.sharedLegend.contains(where: { $0.text == name }) {
        parts.sharedLegend.append(Figure.LegendEntry(style: curve.style, text: name))
      }
    }
    // Curves in a shared panel need a legend entry each; separate panels have names above them.
    parts.legends = groups.map { group in
      group.map { member in
        Figure.LegendEntry(
          style: layout == .overlay ? ordered[member].style : nil,
          text: "\(names[member]): \(series[member].summary)")
      }
    }
    if layout == .multiples, groups.count > 1 { parts.notes.append("Gray: the curves of the other panels.") }
    return parts
  }

  /// The number of curves in one panel above which each has its name beside it too.
  private static let namedFrom = 3

  /// A curve of another panel, muted.
  private static func addContext(_ curve: Curve, to panel: inout Panel) {
    for piece in pieces(Array(zip(curve.density.grid, curve.density.values)), above: panel.frame.y.lowerBound)
    {
      panel.context(panel.thinned(piece))
    }
  }

  private static func add(
    _ curve: Curve, as name: String, to panel: inout Panel, row: Int, isNamed: Bool
  ) {
    let floor = panel.frame.y.lowerBound
    let points = Array(zip(curve.density.grid, curve.density.values))
    for piece in pieces(points, above: floor) {
      panel.curve(panel.thinned(piece), series: name, style: curve.style)
    }
    // The bars are in the empty top of the plane, at one height per series.
    let (top, bottom) = (ownLog(panel.frame.y.upperBound), ownLog(floor))
    let share = 0.97 - 0.045 * Double(row)
    let height = exponential(bottom + share * (top - bottom))
    for (end, text) in [(curve.series.smallest, "λ_min"), (curve.series.largest, "λ_max")] {
      panel.vertical(end.value, series: "\(name) \(text)", style: curve.style)
      if end.lowerLimit != nil || end.upperLimit != nil {
        panel.interval(
          end.value, lower: end.lowerLimit, upper: end.upperLimit, y: height, series: "\(name) \(text)",
          style: curve.style)
      }
      panel.point(end.value, height, series: "\(name) \(text)", style: curve.style, radius: 3.2)
    }
    if isNamed {
      panel.words(
        name, curve.series.largest.value, height, dx: -8, dy: 4, anchor: "end", color: curve.style.color)
    }
  }

  private static func notes(_ curves: [Curve], sigma: Double, scale: AxisScale) -> [String] {
    var notes = [
      "Gaussian kernel of width σ = \(NumberText.rounded(sigma)); mass of each curve "
        + curves.map { NumberText.short($0.density.mass) }.reduce(into: [String]()) {
          if !$0.contains($1) { $0.append($1) }
        }.joined(separator: ", ") + "."
    ]
    if case .symmetricLogarithmic(let linear) = scale {
      notes.append(
        "The axis of eigenvalues is linear within ±\(NumberText.short(linear)) and logarithmic beyond "
          + "(sign(x)·log₁₀(1 + |x|/c)); heights are per unit of eigenvalue, not of its length.")
    }
    notes.append(
      "Dotted lines and markers: λ_min and λ_max. " + SpectrumSeries.limitNote(curves.map(\.series)))
    if curves.contains(where: { $0.series.drift > 0 }) {
      notes.append(
        "Drift: ‖H₁v − H₂v‖/‖H₁v‖ of two products with one vector; above 0 the operator is no one matrix, and its "
          + "Ritz values are eigenvalues of none.")
    }
    return notes
  }

  /// From a decade below the lowest peak at an end, but at most twelve decades, to one decade above the top.
  private static func heights(_ curves: [Curve]) -> ClosedRange<Double> {
    let top = curves.flatMap(\.density.values).max() ?? 1
    let peaks = curves.flatMap { curve in
      curve.series.records.flatMap { [$0.rule.weights[0], $0.rule.weights[$0.rule.weights.count - 1]] }.map {
        curve.density.peak(ofWeight: $0 / Double(curve.series.records.count))
      }
    }
    let lowest = max(peaks.filter { $0 > 0 }.min() ?? top, top * 1e-12)
    return decade(lowest, below: true) / 10...decade(top, below: false) * 10
  }

  /// The range of everything above the floor, and of the limits of both ends.
  private static func span(
    _ curves: [Curve], floor: Double, on scale: AxisScale
  ) -> ClosedRange<Double> {
    let visible = curves.flatMap { curve in
      zip(curve.density.grid, curve.density.values).filter { $0.1 > floor }.map(\.0)
    }
    let limits = curves.flatMap { curve in
      [curve.series.smallest, curve.series.largest].flatMap { [$0.value, $0.lowerLimit, $0.upperLimit] }
    }.compactMap(\.self)
    let (low, high) = ((visible + limits).min() ?? 0, (visible + limits).max() ?? 1)
    // One eigenvalue has no range: half its size, or 1, to either side.
    let margin = high > low ? (high - low) / 40 : max(1, high.magnitude / 2)
    guard case .symmetricLogarithmic(let linear) = scale else { return low - margin...high + margin }
    return low - max(0.25 * low.magnitude, linear / 4)...high + max(0.25 * high.magnitude, linear / 4)
  }

  /// The largest power of ten at most a positive value (`below`), or the smallest that is at least the value.
  static func decade(_ value: Double, below: Bool) -> Double {
    let powers = (-300...300).map(AxisScale.decade)
    return (below ? powers.last { $0 <= value } : powers.first { $0 >= value }) ?? 1
  }

  /// The parts of the curve above the floor, each starting and ending on the floor.
  static func pieces(_ points: [(Double, Double)], above floor: Double) -> [[(Double, Double)]] {
    var pieces: [[(Double, Double)]] = []
    var piece: [(Double, Double)] = []
    for (index, point) in points.enumerated() {
      if point.1 > floor {
        if piece.isEmpty, index > 0 { piece.append((points[index - 1].0, floor)) }
        piece.append(point)
      } else if !piece.isEmpty {
        pieces.append(piece + [(point.0, floor)])
        piece = []
      }
    }
    return piece.isEmpty ? pieces : pieces + [piece]
  }
}
