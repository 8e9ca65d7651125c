@testable import EscapementDrawing
@testable import EscapementExperiments
import EscapementCalculus
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing

@testable import EscapementVerification

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct LandscapeFigureTests {
  @Test func theDrawingIsWellFormedAndHoldsEveryValue() throws {
    let network = Network.multilayerPerceptron(features: [2, 3, 2], activation: .tanh)
    let parameters: ParameterVector<Double> = network.initialParameters(seed: 1)
    let images = Tensor([0.5, -1, 1.5, 0.25], shape: [2, 2])
    let count = parameters.count
    let landscape = try Landscape(
      objective: Objective(network: network), parameters: parameters, statistics: network.initialStatistics(),
      samples: LabeledBatch(images: images, labels: [0, 1]),
      smallest: Tensor((0..<count).map { $0 == 0 ? 1 : 0 }),
      largest: Tensor((0..<count).map { $0 == 1 ? 1 : 0 }),
      points: 9, side: 5)
    let figure = LandscapeFigure.draw(landscape, title: "class <9> & \"more\"")
    let svg = figure.svg
    final class Counter: NSObject, XMLParserDelegate {
      var elements: [String: Int] = [:]
      func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
      ) { elements[name, default: 0] += 1 }
    }
    let parser = XMLParser(data: Data(svg.utf8))
    let counter = Counter()
    parser.delegate = counter
    #expect(parser.parse())
    // The background, a border and a clip for each of three panels, a cell for each value of the plane, and the bar's.
    #expect(counter.elements["rect"] == 1 + 6 + 25 + 64)
    // Two lines, each with its model, and the point in both planes.
    #expect(counter.elements["polyline"] == 4 && counter.elements["circle"] == 2)
    // The table has each value of the plane.
    let cells = figure.csv.split(separator: "\r\n").filter { $0.contains(",cell,") }
    #expect(cells.count == 25)
    for (b, row) in zip(landscape.sides, landscape.plane) {
      for (a, value) in zip(landscape.sides, row) {
        #expect(cells.contains { $0.hasSuffix(",\(value),\(value)") }, "\(a), \(b)")
      }
    }
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }

  @Test func colorsGoEvenlyFromStopToStopAndNoNumberIsGray() {
    #expect(LandscapeFigure.color(0) == "rgb(247,251,255)" && LandscapeFigure.color(1) == "rgb(8,48,107)")
    #expect(LandscapeFigure.color(0.5) == "rgb(107,174,214)")
    // Halfway between the second and the third stop, and a quarter of the way between the last two.
    #expect(LandscapeFigure.color(0.375) == "rgb(153,197,227)")
    #expect(LandscapeFigure.color(0.8125) == "rgb(27,97,163)")
    #expect(LandscapeFigure.color(-1) == LandscapeFigure.color(0))
    #expect(LandscapeFigure.color(2) == LandscapeFigure.color(1))
    #expect(LandscapeFigure.color(.nan) == "#d9d9d9")
  }

  @Test(arguments: [
    (-1.0, 1.0, [-1.0, -0.5, 0, 0.5, 1]), (2.17, 2.68, [2.2, 2.4, 2.6]),
    (-0.003, 0.0041, [-0.002, 0, 0.002, 0.004]),
    (3.3, 12.4, [4, 6, 8, 10, 12]), (0, 5000, [0, 1000, 2000, 3000, 4000, 5000]),
  ])
  func ticksAreRoundNumbers(_ low: Double, _ high: Double, _ expected: [Double]) {
    let ticks = AxisScale.roundNumbers(in: low...high).map(\.0)
    #expect(ticks == expected, "\(ticks)")
  }
}
