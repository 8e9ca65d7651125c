import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementRandomness
import EscapementTraining

/// The losses and starting points of laws.
enum LawCase {
  /// A matrix and a vector, so that noise by filters is tested on both.
  static let layout: ParameterLayout = {
    var layout = ParameterLayout()
    layout.append(name: "weight", shape: [6, 5], role: .dense)
    layout.append(name: "bias", shape: [10], role: .vector)
    return layout
  }()

  /// Entries of both signs with magnitudes in [1/3, 1.1] that are not binary fractions, so that operations round.
  static func start<Element: Real>(_ type: Element.Type = Element.self) -> ParameterVector<Element> {
    vector { i in (i % 3 == 1 ? -1 : 1) * (1 + Double(i * i % 17) / 7) / 3 }
  }

  /// The same entries, with a zero of each sign at the end.
  static func startWithZeros<Element: Real>() -> ParameterVector<Element> {
    let values: [Element] = start().flat.elements.dropLast(2) + [0, -0.0]
    return ParameterVector(layout: layout, flat: Tensor(values))
  }

  /// The eigenvalues of head and tail, and their exact sums: binary fractions of both signs, none of which is 0.
  static func spectrum<Element: Real>(_ part: BatchPart) -> Tensor<Element> {
    func head(_ i: Int) -> Double { (Double(5 * i % 17) - 6.5) / 8 }
    func tail(_ i: Int) -> Double { (Double(7 * i % 13) - 4.25) / 16 }
    return switch part {
    case .head: vector(head).flat
    case .tail: vector(tail).flat
    default: vector { head($0) + tail($0) }.flat
    }
  }

  /// Saddles for the batch, its head and its tail; every shard is the whole batch.
  static func saddle<Element: Real>(
    emptyParts: Set<BatchPart> = [], all: BatchPart = .all
  ) -> PartedQuadraticOracle<Element> {
    PartedQuadraticOracle(
      spectra: [.all: spectrum(all), .head: spectrum(.head), .tail: spectrum(.tail)], emptyParts: emptyParts)
  }

  /// Slopes 3 and 4 of both signs, 16 of each, and the last eight entries 0. The norm is exactly 20·size.
  static func slope<Element: Real>(_ part: BatchPart, size: Double = 1) -> Tensor<Element> {
    let turn =
      switch part {
      case .head: 1
      case .tail: 2
      default: 0
      }
    return vector { i in
      guard i < 32 else { return 0 }
      return ((i + turn) % 2 == 0 ? 3 : 4) * ((i * (turn + 3)) % 5 < 2 ? -size : size)
    }.flat
  }

  /// Losses that are linear in w.
  static func linear<Element: Real>(size: Double = 1) -> PartedQuadraticOracle<Element> {
    PartedQuadraticOracle(
      spectra: [:],
      slopes: [
        .all: slope(.all, size: size), .head: slope(.head, size: size), .tail: slope(.tail, size: size),
      ])
  }

  /// Eight layers of two to eight channels with batch norm.
  static let network = Network.resNet(depth: 8, width: 2, classes: 3)

  /// The network on twelve noise images of 8×8 pixels, of which class 2 is the tail.
  static func networkOracle<Element: Real>() -> NetworkOracle<Element> {
    let images = Tensor<Element>.standardNormal(seed: 5, purpose: .fixture, shape: [12, 8, 8, 3])
    let batch = LabeledBatch(images: images, labels: (0..<12).map { $0 % 4 == 3 ? 2 : $0 % 2 })
    return NetworkOracle(
      objective: Objective(network: network), batch: batch, statistics: network.initialStatistics(),
      tail: [2])
  }

  /// The network's initial parameters.
  static func networkStart<Element: Real>() -> ParameterVector<Element> { network.initialParameters(seed: 3) }

  private static func vector<Element: Real>(_ entry: (Int) -> Double) -> ParameterVector<Element> {
    ParameterVector(layout: layout, flat: Tensor((0..<layout.count).map { Element(rounding: entry($0)) }))
  }
}

extension RuleTrial {
  /// A rule at the start of the saddles.
  func saddleWalk(
    _ settings: RuleSettings = RuleSettings(), emptyParts: Set<BatchPart> = []
  ) throws -> RuleWalk<PartedQuadraticOracle<Element>> {
    RuleWalk(try rule(settings), on: LawCase.saddle(emptyParts: emptyParts), from: LawCase.start())
  }

  /// A rule at the start of the network.
  func networkWalk(_ settings: RuleSettings = RuleSettings()) throws -> RuleWalk<NetworkOracle<Element>> {
    RuleWalk(try rule(settings), on: LawCase.networkOracle(), from: LawCase.networkStart())
  }

  /// Calls the closure with a rule on the saddles before its first and before its third step, once for each query of
  /// that step.
  func eachQuery(
    _ body: (_ walk: RuleWalk<PartedQuadraticOracle<Element>>, _ query: Int) throws -> Void
  ) throws {
    var walk = try saddleWalk()
    for step in 0..<3 {
      var whole = walk
      try whole.step()
      if step != 1 { for query in whole.oracle.queries.indices { try body(walk, query) } }
      walk = whole
    }
  }
}
