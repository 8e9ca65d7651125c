import EscapementArtifacts
import Foundation

/// One plane of a figure. Each mark is added to the drawing and to the table.
package struct Panel {
  package let name: String
  package let frame: Frame
  private(set) var parts: [String] = []
  private(set) var rows: [String] = []
  private let clip: String

  /// An empty plane; `serial` is its unique number within the figure.
  package init(_ name: String, serial: Int, frame: Frame) {
    self.name = name
    self.frame = frame
    clip = "plane-\(serial)"
    let m = frame.margin
    parts.append(
      "<clipPath id=\"\(clip)\"><rect x=\"\(NumberText.coordinate(m.left))\" y=\"\(NumberText.coordinate(m.top))\" "
        + "width=\"\(NumberText.coordinate(frame.width - m.left - m.right))\" "
        + "height=\"\(NumberText.coordinate(frame.height - m.top - m.bottom))\"/></clipPath>")
  }

  /// Adds grid, ticks, border, labels and the panel's name above it.
  package mutating func axes(
    labelX: String, labelY: String, grid: Bool = true, hasTicksX: Bool = true, hasTicksY: Bool = true
  ) {
    let m = frame.margin
    let (left, right, top, bottom) = (m.left, frame.width - m.right, m.top, frame.height - m.bottom)
    func segment(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ stroke: String) -> String {
      let c = NumberText.coordinate
      return "<line x1=\"\(c(x1))\" y1=\"\(c(y1))\" x2=\"\(c(x2))\" y2=\"\(c(y2))\" stroke=\"\(stroke)\"/>"
    }
    let below = hasTicksX ? frame.scaleX.ticks(in: frame.x) : []
    for (place, tick) in Self.spread(
      below, frame.horizontal, gap: { 8 + 3.4 * Double($0.count + $1.count) })
    {
      if grid { parts.append(segment(place, top, place, bottom, tick.value == 0 ? "#9aa5b0" : "#e3e7eb")) }
      parts.append(segment(place, bottom, place, bottom + 5, "#1c2733"))
      parts.append(
        Figure.text(tick.text, x: place, y: bottom + 18, anchor: "middle", attributes: "class=\"tick-x\""))
    }
    let beside = hasTicksY ? frame.scaleY.ticks(in: frame.y) : []
    for (place, tick) in Self.spread(beside, frame.vertical, gap: { _, _ in 16 }) {
      if grid { parts.append(segment(left, place, right, place, tick.value == 0 ? "#9aa5b0" : "#e3e7eb")) }
      parts.append(segment(left - 5, place, left, place, "#1c2733"))
      parts.append(
        Figure.text(tick.text, x: left - 8, y: place + 4, anchor: "end", attributes: "class=\"tick-y\""))
    }
    border(labelX: labelX, labelY: labelY)
  }

  /// Adds border, labels and name only.
  package mutating func border(labelX: String, labelY: String) {
    let m = frame.margin
    let (left, right, top, bottom) = (m.left, frame.width - m.right, m.top, frame.height - m.bottom)
    let c = NumberText.coordinate
    parts.append(
      "<rect x=\"\(c(left))\" y=\"\(c(top))\" width=\"\(c(right - left))\" height=\"\(c(bottom - top))\" "
        + "fill=\"none\" stroke=\"#1c2733\"/>")
    if !labelX.isEmpty {
      parts.append(Figure.text(labelX, x: (left + right) / 2, y: frame.height - 6, anchor: "middle"))
    }
    let middle = (top + bottom) / 2
    if !labelY.isEmpty {
      parts.append(
        Figure.text(
          labelY, x: 13, y: middle, anchor: "middle",
          attributes: "transform=\"rotate(-90 13 \(c(middle)))\""))
    }
    if !name.isEmpty {
      parts.append(Figure.text(name, x: left, y: top - 8, attributes: "font-weight=\"600\""))
    }
  }

  /// A line through points.
  package mutating func curve(
    _ points: [(Double, Double)], series: String, style: SeriesStyle, width: Double = 1.8
  ) {
    let places = points.map {
      NumberText.coordinate(frame.horizontal($0.0)) + "," + NumberText.coordinate(frame.vertical($0.1))
    }
    parts.append(
      "<polyline clip-path=\"url(#\(clip))\" data-series=\"\(Markup.escape(series))\" "
        + "points=\"\(places.joined(separator: " "))\" "
        + "fill=\"none\" stroke-linejoin=\"round\" \(style.stroke(width: width))/>")
    for point in points { add(series, "line", point.0, point.1) }
  }

  /// A muted line through points that another panel shows; the table does not repeat it.
  package mutating func context(_ points: [(Double, Double)]) {
    let places = points.map {
      NumberText.coordinate(frame.horizontal($0.0)) + "," + NumberText.coordinate(frame.vertical($0.1))
    }
    parts.append(
      "<polyline clip-path=\"url(#\(clip))\" points=\"\(places.joined(separator: " "))\" fill=\"none\" "
        + "stroke-linejoin=\"round\" stroke=\"#c5cdd5\" stroke-width=\"1\"/>")
  }

  /// A marker at a point.
  package mutating func point(
    _ x: Double, _ y: Double, series: String, style: SeriesStyle, radius: Double = 4
  ) {
    parts.append(
      style.mark(
        x: frame.horizontal(x), y: frame.vertical(y), radius: radius,
        attributes: " data-series=\"\(Markup.escape(series))\""))
    add(series, "point", x, y)
  }

  /// A horizontal bar from `lower` to `upper` through a value; an unknown end is drawn as an arrow to the border.
  package mutating func interval(
    _ value: Double, lower: Double?, upper: Double?, y: Double, series: String, style: SeriesStyle
  ) {
    let height = frame.vertical(y)
    let from = frame.horizontal(max(lower ?? frame.x.lowerBound, frame.x.lowerBound))
    let to = frame.horizontal(min(upper ?? frame.x.upperBound, frame.x.upperBound))
    let c = NumberText.coordinate
    func cap(_ x: Double, _ known: Bool, _ outward: Double) -> String {
      known
        ? "M\(c(x)) \(c(height - 4))V\(c(height + 4))"
        : "M\(c(x - 6 * outward)) \(c(height - 4))L\(c(x)) \(c(height))L\(c(x - 6 * outward)) \(c(height + 4))"
    }
    parts.append(
      "<path data-series=\"\(Markup.escape(series))\" d=\"M\(c(from)) \(c(height))H\(c(to))"
        + cap(from, lower != nil, -1) + cap(to, upper != nil, 1)
        + "\" fill=\"none\" stroke=\"\(style.color)\" stroke-width=\"1.5\"/>")
    add(series, "interval", value, y, lower, upper)
  }

  /// A vertical line across the whole plane.
  package mutating func vertical(_ x: Double, series: String, style: SeriesStyle, label: String? = nil) {
    let c = NumberText.coordinate
    let (place, top) = (frame.horizontal(x), frame.margin.top)
    parts.append(
      "<line data-series=\"\(Markup.escape(series))\" x1=\"\(c(place))\" y1=\"\(c(top))\" x2=\"\(c(place))\" "
        + "y2=\"\(c(frame.height - frame.margin.bottom))\" stroke=\"\(style.color)\" stroke-dasharray=\"1 3\" "
        + "stroke-width=\"1.4\"/>")
    if let label {
      parts.append(Figure.text(label, x: place + 4, y: top + 13, attributes: "font-size=\"11\""))
    }
    add(series, "vertical", x, nil)
  }

  /// A light horizontal line between two rows.
  package mutating func separator(at y: Double) {
    let c = NumberText.coordinate
    let height = frame.vertical(y)
    parts.append(
      "<line x1=\"\(c(frame.margin.left))\" y1=\"\(c(height))\" x2=\"\(c(frame.width - frame.margin.right))\" "
        + "y2=\"\(c(height))\" stroke=\"#e3e7eb\"/>")
  }

  /// The least width of an entry of a key, in pixels.
  private static let keyWidth = 86.0

  /// Colored boxes with their meaning in rows above the plane, which needs a margin of 20 pixels for each row.
  package mutating func key(_ entries: [(fill: String, text: String)]) {
    let space = frame.width - frame.margin.left - frame.margin.right
    let columns = min(max(entries.count, 1), max(1, Int(space / Self.keyWidth)))
    let rows = (entries.count + columns - 1) / columns
    let room = space / Double(columns)
    for (index, entry) in entries.enumerated() {
      let x = frame.margin.left + room * Double(index % columns)
      let y = frame.margin.top - 20 * Double(rows - index / columns)
      parts.append(
        "<rect x=\"\(NumberText.coordinate(x))\" y=\"\(NumberText.coordinate(y))\" width=\"18\" height=\"13\" "
          + "fill=\"\(entry.fill)\"/>")
      parts.append(Figure.text(entry.text, x: x + 23, y: y + 11, attributes: "font-size=\"11.5\""))
    }
  }

  /// A filled region between two curves over the same x.
  package mutating func region(_ below: [(Double, Double)], _ above: [(Double, Double)], fill: String) {
    let places = (below + above.reversed()).map {
      NumberText.coordinate(frame.horizontal($0.0)) + "," + NumberText.coordinate(frame.vertical($0.1))
    }
    parts.append(
      "<polygon clip-path=\"url(#\(clip))\" points=\"\(places.joined(separator: " "))\" fill=\"\(fill)\"/>")
  }

  /// A filled rectangle that represents a value; without a value it adds no row to the table.
  package mutating func cell(
    _ columns: ClosedRange<Double>, _ rows: ClosedRange<Double>, value: Double?, series: String, fill: String
  ) {
    let c = NumberText.coordinate
    let (left, top) = (frame.horizontal(columns.lowerBound), frame.vertical(rows.upperBound))
    parts.append(
      "<rect shape-rendering=\"crispEdges\" x=\"\(c(left))\" y=\"\(c(top))\" "
        + "width=\"\(c(frame.horizontal(columns.upperBound) - left))\" "
        + "height=\"\(c(frame.vertical(rows.lowerBound) - top))\" fill=\"\(fill)\"/>")
    guard let value else { return }
    func middle(_ range: ClosedRange<Double>) -> Double { (range.lowerBound + range.upperBound) / 2 }
    add(series, "cell", middle(columns), middle(rows), value, value)
  }

  /// Text at a point, in ink or another color, with an outline of paper so that it stays readable over lines.
  package mutating func words(
    _ text: String, _ x: Double, _ y: Double, dx: Double = 0, dy: Double = 0, anchor: String,
    color: String? = nil
  ) {
    parts.append(
      Figure.text(
        text, x: frame.horizontal(x) + dx, y: frame.vertical(y) + dy, anchor: anchor,
        attributes: (color.map { "fill=\"\($0)\" " } ?? "")
          + "font-size=\"11.5\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\""))
  }

  /// The first, lowest, highest and last point of each column of pixels, which draw the same line as all points.
  package func thinned(_ points: [(Double, Double)]) -> [(Double, Double)] {
    var kept: [(Double, Double)] = []
    var start = 0
    while start < points.count {
      let column = frame.horizontal(points[start].0).rounded(.down)
      var end = start + 1
      while end < points.count, frame.horizontal(points[end].0).rounded(.down) == column { end += 1 }
      let group = start..<end
      let low = group.min { points[$0].1 < points[$1].1 } ?? start
      let high = group.max { points[$0].1 < points[$1].1 } ?? start
      for index in Set([start, low, high, end - 1]).sorted() { kept.append(points[index]) }
      start = end
    }
    return kept
  }

  private mutating func add(
    _ series: String, _ mark: String, _ x: Double, _ y: Double?, _ lower: Double? = nil,
    _ upper: Double? = nil
  ) {
    let numbers = [x, y, lower, upper].map { $0.map { "\($0)" } ?? "" }
    rows.append(([name, series, mark].map(CSVText.field) + numbers).joined(separator: ","))
  }

  /// The ticks whose labels do not touch, chosen in order of preference.
  private static func spread(
    _ ticks: [(value: Double, text: String)], _ place: (Double) -> Double, gap: (String, String) -> Double
  ) -> [(place: Double, tick: (value: Double, text: String))] {
    var kept: [(place: Double, tick: (value: Double, text: String))] = []
    for tick in ticks {
      let here = place(tick.value)
      if kept.allSatisfy({ ($0.place - here).magnitude >= gap($0.tick.text, tick.text) }) {
        kept.append((here, tick))
      }
    }
    return kept.sorted { $0.place < $1.place }
  }
}
