import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The evaluation of a network on a batch, in a file that can be compared with another framework's result.
public struct InterchangeEvaluation<Element: Real>: Sendable {
  /// `[n][classes]`, under running statistics.
  public let logits: Tensor<Element>
  /// The plain mean cross-entropy and its gradient; nil if there are no labels.
  public let evaluation: Evaluation<Element>?
  private var labels: [Int] = []

  /// Evaluates a network. The loss uses the requested normalization; the logits use running statistics.
  public init(
    _ network: Network, _ state: StateDictionary<Element>, on batch: InterchangeBatch<Element>,
    normalization: Normalization = .running
  ) throws {
    logits = Self.logits(network, state, batch.images)
    evaluation = try batch.labels.map { labels in
      try Objective<Element>(network: network).evaluate(
        at: state.parameters, statistics: state.statistics,
        over: LabeledBatch(images: batch.images, labels: labels), normalization: normalization)
    }
  }

  /// The logits of a batch alone, with its labels beside them.
  public init(
    _ network: Network, _ state: StateDictionary<Element>, logitsOf batch: LabeledBatch<Element>
  ) {
    logits = Self.logits(network, state, batch.images)
    evaluation = nil
    labels = batch.labels
  }

  /// Whether all numbers of the result are finite.
  package var isFinite: Bool {
    logits.isFinite
      && (evaluation.map { $0.loss.isFinite && $0.gradient.flat.isFinite } ?? true)
  }

  private static func logits(
    _ network: Network, _ state: StateDictionary<Element>, _ images: Tensor<Element>
  ) -> Tensor<Element> {
    let objective = Objective<Element>(network: network)
    let (count, row) = (images.shape[0], images.shape.count / images.shape[0])
    // In parts, to limit memory; under running statistics the images are independent.
    return Tensor(shape: [count, network.classes]) { target in
      for first in stride(from: 0, to: count, by: 64) {
        let extents = [min(64, count - first)] + images.shape.extents.dropFirst()
        let part = objective.logits(
          at: state.parameters, statistics: state.statistics,
          images: images.view(at: first * row, shape: Shape(extents)))
        part.withPointer { (target + first * network.classes).update(from: $0, count: part.count) }
      }
    }
  }

  /// Writes `logits`, the `labels` (I64) of a labeled batch and, if a loss was computed, `loss` (F64, a scalar) and
  /// `gradient.NAME` for every parameter. Throws a `FileError` if that fails.
  public func write(to url: URL) throws {
    var content = Safetensors(metadata: ["format": "pt"])
    content.tensors["logits"] = InterchangeLayout.entry(logits)
    if !labels.isEmpty {
      let bytes = labels.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) }
      content.tensors["labels"] = Safetensors.Entry(dtype: .i64, shape: [labels.count], data: bytes)
    }
    if let evaluation {
      content.tensors["loss"] = InterchangeLayout.entry(Tensor([evaluation.loss], shape: []))
      for (name, entry) in InterchangeLayout.entries(evaluation.gradient, prefix: "gradient.") {
        content.tensors[name] = entry
      }
    }
    try AtomicFile.write(content.encoded(), to: url)
  }
}
