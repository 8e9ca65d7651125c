@testable import EscapementExperiments
@testable import EscapementDrawing
import EscapementOptimizers
import EscapementArtifacts
import EscapementCurvature
import Foundation
import Testing

@testable import EscapementVerification

/// Figures read back: places between ticks are the data, ticks lie inside, text is text.
@Suite struct FigureTests {
  static let logarithm: @Sendable (Double) -> Double = { Foundation.log10($0) }

  /// Panels lie beside each other, and the legend and the notes below the last one and within the drawing.
  static func checkLayout(_ drawing: ReadDrawing, sourceLocation: SourceLocation) {
    let boxes = drawing.panels.map { panel in
      let (x, y) = panel.origin
      // Ticks and the axis's name stand below the border.
      let bottom = panel.words.map(\.y).reduce(panel.border.bottom, max)
      return (
        left: x + panel.border.left, right: x + panel.border.right, top: y + panel.border.top,
        bottom: y + bottom
      )
    }
    for (index, box) in boxes.enumerated() {
      #expect(
        box.left >= 0 && box.right <= drawing.size.width && box.bottom <= drawing.size.height,
        "\(box)", sourceLocation: sourceLocation)
      for line in drawing.linesBelow {
        // A line of text is at least 11 pixels high.
        #expect(
          box.bottom + 11 <= line && line <= drawing.size.height, "\(box) and a line at \(line)",
          sourceLocation: sourceLocation)
      }
      for other in boxes[..<index] {
        #expect(
          box.right <= other.left || other.right <= box.left || box.bottom <= other.top
            || other.bottom <= box.top, "\(box) over \(other)", sourceLocation: sourceLocation)
      }
    }
  }

  /// Every line and marker of a panel must lie where its row of the table says, read off the ticks.
  ///
  /// Places are rounded to 0.01 pixels: 0.005 for the mark and for each of two ticks, whose error grows by at most the
  /// ratio of the axis to their distance; the tests keep that below 8.
  static func check(
    _ figure: Figure, x: (Double) -> Double, y: [(Double) -> Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ReadDrawing {
    let drawing = try ReadDrawing(figure.svg)
    let rows = ReadDrawing.rows(figure.csv)
    let names = rows.map { $0[0] }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    try #require(drawing.panels.count == names.count, sourceLocation: sourceLocation)
    let bound = 0.005 * (1 + 2 * 8) + 1e-9
    for (index, panel) in drawing.panels.enumerated() {
      let own = rows.filter { $0[0] == names[index] }
      func places(_ kind: String) throws -> [(series: String, x: Double, y: Double)] {
        try own.filter { $0[2] == kind }.map { row in
          let numbers = (Double(row[3]) ?? .nan, Double(row[4]) ?? .nan)
          return (
            row[1], try ReadDrawing.place(numbers.0, panel.ticksX, x),
            try ReadDrawing.place(numbers.1, panel.ticksY, y[index % y.count])
          )
        }
      }
      let drawn = panel.lines.flatMap { line in line.points.map { (line.series, $0.x, $0.y) } }
      let expected = try places("line")
      #expect(drawn.count == expected.count, sourceLocation: sourceLocation)
      for (mark, place) in zip(drawn, expected) {
        #expect(mark.0 == place.series, sourceLocation: sourceLocation)
        #expect(
          abs(mark.1 - place.x) <= bound && abs(mark.2 - place.y) <= bound,
          "\(mark) at \(place)", sourceLocation: sourceLocation)
      }
      let points = try places("point")
      #expect(panel.marks.count == points.count, sourceLocation: sourceLocation)
      for (mark, place) in zip(panel.marks, points) {
        // Corners are rounded one by one.
        #expect(
          mark.series == place.series && abs(mark.x - place.x) <= bound + 0.01
            && abs(mark.y - place.y) <= bound + 0.02, "\(mark) at \(place)", sourceLocation: sourceLocation)
      }
      for tick in panel.ticksX {
        #expect(panel.border.left - 0.01 <= tick.place && tick.place <= panel.border.right + 0.01)
      }
      for tick in panel.ticksY {
        #expect(panel.border.top - 0.01 <= tick.place && tick.place <= panel.border.bottom + 0.01)
      }
    }
    checkLayout(drawing, sourceLocation: sourceLocation)
    return drawing
  }

  static func series(_ changes: [String: JSON] = [:], label: String? = nil) throws -> [SpectrumSeries] {
    SpectrumSeries.grouping([
      (label, try SpectrumRecordTests.record(changes)),
      (label, try SpectrumRecordTests.record(changes, mode: .released)),
    ])
  }

  @Test func aDensityLiesWhereItsTicksSay() throws {
    let series = [try Self.series()[0], try Self.series(["data": "tail <&>"])[0]]
    let figure = try DensityFigure.draw(series, title: "<&\">'", layout: .overlay, axis: .linear)
    let drawing = try Self.check(figure, x: { $0 }, y: [Self.logarithm])
    #expect(drawing.texts.contains("<&\">'") && drawing.texts.contains { $0.hasPrefix("tail <&>: λmin −") })
    // Every value drawn is the density's own at that eigenvalue, or the floor.
    let rule = try series[0].rules()[0]
    let sigma = try SpectralDensity.width(.automatic, of: [rule])
    let rows = ReadDrawing.rows(figure.csv).filter { $0[1] == "class 9" && $0[2] == "line" }
    #expect(rows.count > 100)
    let density = try SpectralDensity(
      [rule], width: .absolute(sigma), on: rows.map { Double($0[3]) ?? .nan })
    let floor = rows.compactMap { Double($0[4]) }.min() ?? 0
    for (row, value) in zip(rows, density.values) {
      let drawn = Double(row[4]) ?? .nan
      #expect(drawn == value || (drawn == floor && value <= floor))
    }
    // Peaks survive thinning: the highest value is at a node.
    let top = rows.max { (Double($0[4]) ?? 0) < (Double($1[4]) ?? 0) }
    #expect(rule.nodes.contains(Double(top?[3] ?? "") ?? .nan))
  }

  @Test func aSymmetricAxisShowsBothSidesOfZero() throws {
    let c = 0.05
    let figure = try DensityFigure.draw(
      try Self.series(), title: "t", layout: .compare, width: .absolute(0.1), axis: .symmetric(c))
    let scale: (Double) -> Double = { ($0 < 0 ? -1 : 1) * Foundation.log10(1 + abs($0) / c) }
    let drawing = try Self.check(figure, x: scale, y: [Self.logarithm])
    let ticks = try #require(drawing.panels.first).ticksX.map(\.value)
    #expect(ticks.contains(0) && ticks.contains { $0 < 0 } && ticks.contains { $0 > 0 })
    #expect(drawing.panels[0].lines.contains { $0.series == "released" })
    #expect(drawing.panels[0].lines.contains { $0.series == "exact" })
  }

  @Test func multiplesShareTheirAxesAndDriftIsNoted() throws {
    let five = try (0..<5).flatMap {
      try Self.series(["data": .string("class \($0)"), "drift": .number(0.125)])
    }
    let figure = try DensityFigure.draw(five, title: "t", layout: .multiples, axis: .linear)
    let drawing = try Self.check(figure, x: { $0 }, y: [Self.logarithm])
    #expect(drawing.panels.count == 10)
    // A last row that is half empty.
    let odd = try DensityFigure.draw(Array(five.dropLast()), title: "t", layout: .multiples, axis: .linear)
    #expect(try Self.check(odd, x: { $0 }, y: [Self.logarithm]).panels.count == 9)
    #expect(Set(drawing.panels.map { "\($0.ticksX) \($0.ticksY)" }).count == 1)
    #expect(drawing.texts.contains { $0.contains("drift 0.12") } && figure.svg.contains("Drift: "))
  }

  @Test func coursesOfRunsLieWhereTheirTicksSay() throws {
    func run(_ name: String, _ factor: Double, start: Int?) -> SpectrumDynamics {
      SpectrumDynamics(
        name: name, reweighting: start,
        classes: [2, 9].map { label in
          SpectrumDynamics.Course(
            label: label,
            points: (1...6).map { epoch in
              let size = factor * Double(epoch * label)
              return SpectrumDynamics.Point(
                epoch: epoch, smallest: -size, largest: 20 * size * size, ratio: 1 / (20 * size),
                loss: 2 + 1 / size, gradientNorm: size)
            })
        })
    }
    let runs = [run("SGD", 1, start: 4), run("S<A>M", 0.5, start: nil)]
    let figure = DynamicsFigure.draw(runs, classes: [2, 9], title: "t")
    let points = runs.flatMap { $0.classes.flatMap(\.points) }
    let identity: @Sendable (Double) -> Double = { $0 }
    var scales: [(Double) -> Double] = []
    for values in [
      points.map(\.smallest), points.map(\.largest), points.compactMap(\.ratio), points.compactMap(\.loss),
      points.compactMap(\.gradientNorm),
    ] {
      let scale = AxisScale.fitting(values) == .logarithmic ? Self.logarithm : identity
      scales += [scale, scale]
    }
    let drawing = try Self.check(figure, x: identity, y: scales)
    #expect(drawing.panels.count == 10 && drawing.panels.allSatisfy { $0.lines.count == 2 })
    let smallest = ReadDrawing.rows(figure.csv).filter {
      $0[0] == "class 9: λ_min" && $0[1] == "S<A>M" && $0[2] == "line"
    }
    #expect(smallest.map { $0[3] } == (1...6).map { "\($0).0" })
    #expect(smallest.compactMap { Double($0[4]) } == (1...6).map { -4.5 * Double($0) })
    let starts = ReadDrawing.rows(figure.csv).filter { $0[2] == "vertical" }
    #expect(starts.count == 10 && starts.allSatisfy { $0[1] == "SGD re-weighting" && $0[3] == "4.0" })
    #expect(drawing.texts.contains("S<A>M"))
    // Seeds of a method: one entry of the legend, one color, two rows of the table's names.
    let seeds = [run("SGD", 1, start: 4), run("SGD", 0.75, start: 4), run("SAM", 0.5, start: 4)]
    let shared = DynamicsFigure.draw(seeds, classes: [9], title: "t")
    let legend = try ReadDrawing(shared.svg).texts.filter { $0.contains("class weights after epoch 4") }
    #expect(legend.map { String($0.prefix(3)) } == ["SGD", "SAM"])
    let names = ReadDrawing.rows(shared.csv).filter { $0[0] == "class 9: λ_min" && $0[2] == "line" }.map {
      $0[1]
    }
    #expect(Set(names) == ["SGD", "SGD, run 2", "SAM"])
    #expect(shared.svg.contains(SeriesStyle(1).stroke()) && !shared.svg.contains(SeriesStyle(2).stroke()))
  }

  @Test func extremesHaveTheirLimitsAndAnArrowWhereNoneIsKnown() throws {
    let figure = ExtremesFigure.draw(try Self.series(), title: "t", axis: .linear)
    let rows = ReadDrawing.rows(figure.csv)
    let record = try SpectrumRecordTests.record()
    let interval = try #require(rows.first { $0[2] == "interval" })
    #expect(interval.suffix(2).map { Double($0) } == [-5, record.rule.nodes[0] + 0.001])
    // One interval, of the exact spectrum; two markers, the released one hollow.
    #expect(rows.count { $0[2] == "interval" } == 1 && rows.count { $0[2] == "point" } == 2)
    #expect(figure.svg.contains("fill=\"#ffffff\" stroke=\"\(SeriesStyle.colors[1])\""))
    let drawing = try ReadDrawing(figure.svg)
    for mark in drawing.panels[0].marks {
      let place = try ReadDrawing.place(record.rule.nodes[0], drawing.panels[0].ticksX) { $0 }
      #expect(abs(mark.x - place) <= 0.1)
    }
    // No upper limit of λ_max: the bar runs to the border and ends in an arrow, two strokes that meet there.
    let largest = ExtremesFigure.draw(try Self.series(), end: .largest, title: "t", axis: .linear)
    let border = NumberText.coordinate(try ReadDrawing(largest.svg).panels[0].border.right)
    #expect(largest.svg.contains("H\(border)M") && largest.svg.contains("L\(border) "))
  }

  @Test func releasedSpectraAtRestAndRedrawnStandApart() throws {
    let records = try [("exact", 0.0), ("pyhessian", 0), ("pyhessian", 0.3)].map { mode, drift in
      (
        label: "SGD" as String?,
        record: try SpectrumRecordTests.record(
          ["drift": .number(drift)], mode: try #require(SpectrumRecord.Mode(rawValue: mode)))
      )
    }
    let series = SpectrumSeries.grouping(records)
    #expect(series.map(\.modeName) == ["exact", "released", "released, re-drawn"])
    let figure = ExtremesFigure.draw(series, title: "t", axis: .linear)
    let points = ReadDrawing.rows(figure.csv).filter { $0[2] == "point" }
    #expect(Set(points.map { $0[1] }).count == 3)
    for color in 0...1 {
      #expect(figure.svg.contains("fill=\"#ffffff\" stroke=\"\(SeriesStyle.colors[color])\""))
    }
  }

  @Test func theMapHasItsContoursAtOneAndZero() throws {
    for norm in [nil, 5.0] {
      let figure = try AmplificationFigure.draw(
        radii: 0.01...2, reach: 300, linear: 1, gradientNorm: norm,
        points: [
          .init(radius: 0.05, eigenvalue: -40, series: "a"), .init(radius: 9, eigenvalue: 1, series: "a"),
        ],
        title: "t")
      let scale: (Double) -> Double = { ($0 < 0 ? -1 : 1) * Foundation.log10(1 + abs($0)) }
      let drawing = try Self.check(figure, x: Self.logarithm, y: [scale])
      #expect(drawing.panels[0].lines.count == 3 && drawing.panels[0].marks.count == 1)
      #expect(drawing.texts.contains { $0.contains("1 measured points lie outside") })
      // The three names of the lines lie within the border, each beside its line, none over another. A letter of 11.5
      // pixels is taken as 6 wide and the line as 12 high.
      let border = drawing.panels[0].border
      let boxes = drawing.panels[0].words.filter { $0.text.hasPrefix("factor") }.map { words in
        let width = 6 * Double(words.text.count)
        let left = words.anchor == "end" ? words.x - width : words.x
        return (text: words.text, left: left, right: left + width, top: words.y - 10, bottom: words.y + 2)
      }
      #expect(boxes.count == 3)
      for (index, box) in boxes.enumerated() {
        #expect(border.left <= box.left && box.right <= border.right, "\(box) in \(border)")
        #expect(border.top <= box.top && box.bottom <= border.bottom, "\(box) in \(border)")
        let line = try #require(drawing.panels[0].lines.first { $0.series == box.text })
        let distance = line.points.map { point in
          max(box.left - point.x, point.x - box.right, 0) + max(box.top - point.y, point.y - box.bottom, 0)
        }.min()
        #expect((distance ?? .infinity) <= 24, "\(box) beside its line")
        for other in boxes[..<index] {
          #expect(
            box.right <= other.left || other.right <= box.left || box.bottom <= other.top
              || other.bottom <= box.top, "\(box) over \(other)")
        }
      }
      for row in ReadDrawing.rows(figure.csv) where row[2] == "line" {
        let (radius, eigenvalue) = (Double(row[3]) ?? .nan, Double(row[4]) ?? .nan)
        let factor = AmplificationFigure.factor(
          radius: radius, eigenvalue: eigenvalue, gradientNorm: norm ?? 1)
        let expected = row[1].contains("factor 1") ? 1.0 : 0
        // 1 + x with |x| ≤ 2 after two roundings.
        #expect(abs(factor - expected) <= 16 * Double.ulpOfOne, "\(row)")
      }
    }
    #expect(AmplificationFigure.factor(radius: 0.5, eigenvalue: 4) == 9)
    #expect(AmplificationFigure.factor(radius: 0.5, eigenvalue: -4, gradientNorm: 2) == 0)
    for bad in [0, -1, .nan, .infinity] {
      #expect(throws: (any Error).self) {
        try AmplificationFigure.draw(radii: 0.1...1, reach: bad, linear: 1, title: "t")
      }
    }
  }

  /// Spectra at the edges of what a record may hold are drawn with finite places, or refused, and never trap.
  @Test(arguments: [
    [0.0], [1e100], [-1e100, 1e100], [1e-100], [-1e-100, 0, 1], [3, 3, 3], [-1, -0.5], [1e100, 1e100.nextUp],
  ]) func edgesOfWhatARecordHoldsAreDrawnFinite(_ nodes: [Double]) throws {
    let list = JSON.array(nodes.map { .number($0) })
    let weights = JSON.array(nodes.map { _ in .number(1 / Double(nodes.count)) })
    guard nodes.allSatisfy({ $0.magnitude <= 1e100 }) else {
      #expect(throws: DataError.self) {
        try SpectrumRecordTests.record(["ritz_values": list, "weights": weights], mode: .released)
      }
      return
    }
    let record = try SpectrumRecordTests.record(
      [
        "ritz_values": list, "weights": weights, "smallest": .number(nodes[0]),
        "largest": .number(nodes[nodes.count - 1]),
      ], mode: .released)
    let series = SpectrumSeries.grouping([(nil, record)])
    for axis in [DensityFigure.Axis.automatic, .linear, .symmetric(0.5)] {
      for width in [SpectralDensity.Width.automatic, .absolute(1e-150), .absolute(1e99), .released] {
        let svg = try DensityFigure.draw(series, title: "t", layout: .overlay, width: width, axis: axis).svg
        #expect(!svg.contains("nan") && !svg.contains("\"inf") && !svg.contains(",inf"))
        #expect(try ReadDrawing(svg).panels.count == 1)
      }
      let svg = ExtremesFigure.draw(series, title: "t", axis: axis).svg
      #expect(!svg.contains("nan") && !svg.contains("\"inf") && !svg.contains(",inf"))
    }
  }

  @Test func scalesAndTicksAreRound() {
    #expect(
      AxisScale.niceBelow(0.73) == 0.5 && AxisScale.niceBelow(20) == 20 && AxisScale.niceBelow(9.99) == 5)
    #expect(AxisScale.fitting([1, 2, 50]) == .logarithmic && AxisScale.fitting([1, 20]) == .linear)
    #expect(AxisScale.fitting([-0.1, 20]) == .symmetricLogarithmic(0.1) && AxisScale.fitting([]) == .linear)
    #expect(AxisScale.eigenvalues(from: -0.5, to: 60) == .symmetricLogarithmic(0.5))
    #expect(AxisScale.eigenvalues(from: -10, to: 60) == .linear)
    #expect(
      AxisScale.logarithmic.ticks(in: 1e-4...20).map(\.text) == [
        "10¹", "10⁰", "10⁻¹", "10⁻²", "10⁻³", "10⁻⁴",
      ])
    #expect(AxisScale.logarithmic.ticks(in: 1.5...8).map(\.value) == [2, 5])
    let ticks = AxisScale.symmetricLogarithmic(0.5).ticks(in: -3...200).map(\.value)
    #expect(ticks == [0, -1, -0.5, -2, 100, 10, 1])
    #expect(AxisScale.minus("-2.5e-07") == "−2.5·10⁻⁷" && AxisScale.minus("inf") == "inf")
    #expect(AxisScale.text(-1e-5) == "−10⁻⁵" && AxisScale.text(0.25) == "0.25")
  }

  @Test func theDocumentedFigureOfTheReportsIsTheSameToTheByte() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appendingPathComponent("Documentation/amplification.svg")
    let documented = String(decoding: try FileContents.read(file), as: UTF8.self)
    #expect(ClaimFigure.factorAgainstRadius.drawing.svg == documented)
  }

  @Test func thinningKeepsEveryPeakAndTheTableQuotes() {
    let frame = Frame(width: 172, height: 172, x: 0...100, y: 0...1)
    let panel = Panel("p", serial: 0, frame: frame)
    var points = (0...10_000).map { (Double($0) / 100, 0.5) }
    points[4_321].1 = 1
    points[99].1 = -1
    let kept = panel.thinned(points)
    #expect(kept.count <= 4 * 101 && kept.contains { $0.1 == -1 })
    #expect(kept.first { $0.1 == 1 }?.0 == 43.21)
    #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.0 < $1.0 } && kept.last?.0 == 100)
    #expect(
      CSVText.field("a,b") == "\"a,b\"" && CSVText.field("a\"b") == "\"a\"\"b\""
        && CSVText.field("ab") == "ab")
    #expect(Figure.wrapped("aa bb cccccc d", limit: 4) == ["aa", "bb", "cccc", "cc d"])
  }
}
