/// The style that distinguishes one series of a figure from the others: color, dashes and marker. Any one of them
/// suffices.
package struct SeriesStyle: Hashable {
  /// The shape of a marker.
  package enum Marker: Int, CaseIterable { case circle, square, triangle, diamond }

  package let color: String
  package let dashes: String
  package let marker: Marker
  package var isHollow = false

  /// The colors of Okabe and Ito (2008), which are distinguishable with any color vision, without those too light for
  /// lines on white.
  package static let colors = ["#0072b2", "#d55e00", "#009e73", "#aa4499", "#000000", "#b8860b"]
  package static let dashes = ["", "8 3", "2 3", "9 3 2 3", "14 4", "5 2 1 2 1 2"]

  /// The style of a series by its number.
  package init(_ index: Int) {
    color = Self.colors[index % Self.colors.count]
    // Series that share a color differ in their dashes.
    dashes = Self.dashes[(index + index / Self.colors.count) % Self.dashes.count]
    marker = Marker.allCases[index % Marker.allCases.count]
  }

  /// A line without dashes.
  package init(solid color: String) {
    (self.color, dashes, marker) = (color, "", .circle)
  }

  /// The attributes of a line in this style.
  package func stroke(width: Double = 1.8) -> String {
    let dash = dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
    return "stroke=\"\(color)\" stroke-width=\"\(NumberText.short(width))\"\(dash)"
  }

  /// A marker around a place in pixels.
  package func mark(x: Double, y: Double, radius r: Double = 4, attributes: String = "") -> String {
    let paint =
      "fill=\"\(isHollow ? "#ffffff" : color)\" stroke=\"\(color)\" stroke-width=\"1.5\"" + attributes
    func at(_ dx: Double, _ dy: Double) -> String {
      NumberText.coordinate(x + dx) + "," + NumberText.coordinate(y + dy)
    }
    let corners: [String]
    switch marker {
    case .circle:
      return "<circle cx=\"\(NumberText.coordinate(x))\" cy=\"\(NumberText.coordinate(y))\" "
        + "r=\"\(NumberText.short(r))\" \(paint)/>"
    case .square: corners = [at(-r, -r), at(r, -r), at(r, r), at(-r, r)]
    case .triangle: corners = [at(0, -1.2 * r), at(1.1 * r, r), at(-1.1 * r, r)]
    case .diamond: corners = [at(0, -1.3 * r), at(1.3 * r, 0), at(0, 1.3 * r), at(-1.3 * r, 0)]
    }
    return "<polygon points=\"\(corners.joined(separator: " "))\" \(paint)/>"
  }
}
