@testable import EscapementDrawing
import Foundation
import Testing

@testable import EscapementVerification

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A figure read as a person reads it: places between ticks become values again.
final class ReadDrawing: NSObject, XMLParserDelegate {
  struct Panel {
    var ticksX: [(value: Double, place: Double)] = []
    var ticksY: [(value: Double, place: Double)] = []
    var border = (left: 0.0, top: 0.0, right: 0.0, bottom: 0.0)
    /// Where the panel's own origin lies in the drawing.
    var origin = (x: 0.0, y: 0.0)
    var lines: [(series: String, points: [(x: Double, y: Double)])] = []
    var marks: [(series: String, x: Double, y: Double)] = []
    var words: [(text: String, x: Double, y: Double, anchor: String)] = []
  }

  private(set) var panels: [Panel] = []
  private(set) var elements: [String: Int] = [:]
  private(set) var texts: [String] = []
  /// The drawing's size, and the baselines of what stands below the panels: legend and notes.
  private(set) var size = (width: Double.nan, height: Double.nan)
  private(set) var linesBelow: [Double] = []
  private var open: [(name: String, attributes: [String: String], text: String)] = []

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append((name, attributes, ""))
    elements[name, default: 0] += 1
    func number(_ key: String) -> Double { attributes[key].flatMap(Double.init) ?? .nan }
    if name == "svg" { size = (number("width"), number("height")) }
    if name == "g" {
      panels.append(Panel())
      let place = (attributes["transform"] ?? "").split { !"-.0123456789".contains($0) }.compactMap {
        Double($0)
      }
      if place.count == 2 { panels[panels.count - 1].origin = (place[0], place[1]) }
    }
    guard var panel = panels.last else { return }
    let series = attributes["data-series"]
    let points = (attributes["points"] ?? "").split(separator: " ").map { pair in
      let numbers = pair.split(separator: ",").compactMap { Double($0) }
      return (x: numbers[0], y: numbers[1])
    }
    switch name {
    case "polyline" where series != nil: panel.lines.append((series ?? "", points))
    case "circle" where series != nil: panel.marks.append((series ?? "", number("cx"), number("cy")))
    case "polygon" where series != nil:
      // Markers lie symmetric to a vertical through their place; squares and diamonds to a horizontal too.
      let xs = points.map(\.x)
      let ys = points.map(\.y)
      let middle = ((xs.min() ?? 0) + (xs.max() ?? 0)) / 2
      let y =
        points.count == 3
        ? (ys.max() ?? 0) - ((ys.max() ?? 0) - (ys.min() ?? 0)) / 2.2 : (ys.min()! + ys.max()!) / 2
      panel.marks.append((series ?? "", middle, y))
    case "rect" where attributes["fill"] == "none":
      panel.border = (number("x"), number("y"), number("x") + number("width"), number("y") + number("height"))
    default: break
    }
    panels[panels.count - 1] = panel
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    for index in open.indices { open[index].text += string }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    let element = open.removeLast()
    guard name == "text" || name == "title" || name == "desc" else { return }
    texts.append(element.text)
    guard !panels.isEmpty else { return }
    if !open.contains(where: { $0.name == "g" }) {
      linesBelow.append(element.attributes["y"].flatMap(Double.init) ?? .nan)
      return
    }
    guard let kind = element.attributes["class"] else {
      let (x, y) = (element.attributes["x"], element.attributes["y"])
      panels[panels.count - 1].words.append(
        (
          element.text, x.flatMap(Double.init) ?? .nan, y.flatMap(Double.init) ?? .nan,
          element.attributes["text-anchor"] ?? "start"
        ))
      return
    }
    let place = element.attributes[kind == "tick-x" ? "x" : "y"].flatMap(Double.init) ?? .nan
    let value = Self.value(element.text)
    if kind == "tick-x" {
      panels[panels.count - 1].ticksX.append((value, place))
    } else {
      // The baseline is four pixels below the tick.
      panels[panels.count - 1].ticksY.append((value, place - 4))
    }
  }

  /// The number of a label such as "−0.5" or "10⁻³".
  static func value(_ text: String) -> Double {
    let raised = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    let sign = text.hasPrefix("−") ? -1.0 : 1.0
    let body = text.hasPrefix("−") ? String(text.dropFirst()) : text
    guard body.hasPrefix("10"), let first = body.dropFirst(2).first, first == "⁻" || raised.contains(first)
    else { return Double(body.replacingOccurrences(of: "−", with: "-")).map { sign * $0 } ?? .nan }
    let digits = body.dropFirst(2).compactMap { raised.firstIndex(of: $0) }.map(String.init).joined()
    return sign * pow(10, (first == "⁻" ? -1 : 1) * (Double(digits) ?? .nan))
  }

  /// The pixel at which a value must lie, from the two outermost ticks of an axis with that scale.
  static func place(
    _ value: Double, _ ticks: [(value: Double, place: Double)], _ scale: (Double) -> Double
  ) throws -> Double {
    let sorted = ticks.sorted { $0.place < $1.place }
    let (a, b) = (try #require(sorted.first), try #require(sorted.last))
    try #require(a.place < b.place)
    return a.place + (b.place - a.place) * (scale(value) - scale(a.value)) / (scale(b.value) - scale(a.value))
  }

  /// The rows of a table, without its heading; fields in quotes may hold commas.
  static func rows(_ csv: String) -> [[String]] {
    csv.split(separator: "\r\n").dropFirst().map { line in
      var fields = [""]
      for (index, piece) in line.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
        if !index.isMultiple(of: 2) {
          fields[fields.count - 1] += piece
        } else {
          let parts = piece.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
          fields[fields.count - 1] += parts.first ?? ""
          fields += parts.dropFirst()
        }
      }
      return fields
    }
  }
}
