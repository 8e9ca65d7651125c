import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementNetworks

/// What parametric contrastive learning has besides parameters and statistics: the key encoder and the queue.
public struct ContrastiveState<Element: Real>: Sendable, Equatable {
  /// The key encoder.
  public internal(set) var encoder: MomentumEncoder<Element>
  /// The keys of earlier batches.
  public internal(set) var queue: KeyQueue<Element>

  /// The state before the first step: a copy of the query encoder and a random queue.
  init(
    _ parameters: ParameterVector<Element>, _ statistics: ParameterVector<Element>, capacity: Int,
    classes: Int, seed: UInt64
  ) throws {
    encoder = try MomentumEncoder(copying: parameters, statistics: statistics)
    queue = KeyQueue(
      capacity: capacity, dimensions: Network.projectionDimensions, classes: classes, seed: seed)
  }

  /// What precedes the names of the key encoder's tensors, as in the released code.
  static var prefix: String { "encoder_k." }

  /// Everything as vectors of named tensors, each with a description and what precedes the names in a file: for digests,
  /// checkpoints and comparisons. Labels and position of the queue are numbers of the element type.
  package var vectors: [(description: String, prefix: String, vector: ParameterVector<Element>)] {
    [
      ("key encoder", Self.prefix, encoder.parameters),
      ("key encoder's running statistics", Self.prefix, encoder.statistics), ("queue", "", queue.vector),
    ]
  }

  /// The number of tensors of `vectors`.
  static func tensorCount(_ network: Network) -> Int {
    network.layout.segments.count + network.statisticsLayout.segments.count
      + KeyQueue<Element>.layout(capacity: 1).segments.count
  }

  /// Reads what `vectors` holds from a file's tensors. Throws a `DataError` that names `file` and the tensor.
  init(_ tensors: Safetensors, network: Network, capacity: Int, file: String) throws {
    func vector(_ layout: ParameterLayout, _ prefix: String) throws -> ParameterVector<Element> {
      try InterchangeLayout.vector(of: layout, from: tensors, prefix: prefix, file: file, as: Element.self)
    }
    encoder = try MomentumEncoder(
      copying: vector(network.layout, Self.prefix), statistics: vector(network.statisticsLayout, Self.prefix))
    queue = try KeyQueue(
      vector(KeyQueue<Element>.layout(capacity: capacity), ""), classes: network.classes, file: file)
  }
}

extension KeyQueue {
  /// The tensors of a queue of projections, with the names of the released code.
  static func layout(capacity: Int) -> ParameterLayout {
    var layout = ParameterLayout()
    layout.append(name: "queue", shape: [capacity, Network.projectionDimensions], role: .matrix)
    layout.append(name: "queue_l", shape: [capacity], role: .vector)
    layout.append(name: "queue_ptr", shape: [1], role: .vector)
    return layout
  }

  /// Keys, labels and position. Labels and positions are below 2²⁰, so the element type holds them exactly.
  var vector: ParameterVector<Element> {
    let numbers = (labels + [position]).map { Element(rounding: Double($0)) }
    return ParameterVector(
      layout: Self.layout(capacity: capacity), flat: Tensor(keys.elements + numbers))
  }

  /// Reads what `vector` holds. Throws a `DataError` for a label that is not a class, and for a position outside.
  init(_ vector: ParameterVector<Element>, classes: Int, file: String) throws {
    func numbers(_ segment: Int, below limit: Int) throws -> [Int] {
      try vector[segment].elements.map { element in
        let value = Double(element)
        guard let number = Int(exactly: value), (0..<limit).contains(number) else {
          throw DataError(
            file: file, place: vector.layout.segments[segment].name, found: "\(value)",
            expected: "a whole number in 0..<\(limit)", advice: CheckpointFiles.advice)
        }
        return number
      }
    }
    keys = vector[0]
    labels = try numbers(1, below: classes)
    position = try numbers(2, below: labels.count)[0]
  }
}
