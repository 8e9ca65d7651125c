import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// What a network makes of a batch, in a file that another framework's result can be compared with.
public struct InterchangeEvaluation<Element: Real>: Sendable {
  /// `[n][classes]`, under running statistics.
  public let logits: Tensor<Element>
  /// The plain mean cross-entropy and its gradient, nil where there are no labels.
  public let evaluation: Evaluation<Element>?

  /// Evaluates a network; the loss is normalized as asked for, the logits by running statistics.
  public init(
    _ network: Network, _ state: StateDictionary<Element>, on batch: InterchangeBatch<Element>,
    normalization: Normalization = .running
  ) throws {
    let objective = Objective<Element>(network: network)
    let images = batch.images
    let (count, row) = (images.shape[0], images.shape.count / images.shape[0])
    // In parts, for the memory; under running statistics no image sees another.
    logits = Tensor(shape: [count, network.classes]) { target in
      for first in stride(from: 0, to: count, by: 64) {
        let extents = [min(64, count - first)] + images.shape.extents.dropFirst()
        let part = objective.logits(
          at: state.parameters, statistics: state.statistics,
          images: images.view(at: first * row, shape: Shape(extents)))
        part.withPointer { (target + first * network.classes).update(from: $0, count: part.count) }
      }
    }
    evaluation = try batch.labels.map { labels in
      try objective.evaluate(
        at: state.parameters, statistics: state.statistics,
        over: LabeledBatch(images: batch.images, labels: labels), normalization: normalization)
    }
  }

  /// Writes `logits` and, where there were labels, `loss` (F64, a scalar) and `gradient.NAME` for every parameter; a
  /// `FileError` where that fails.
  public func write(to url: URL) throws {
    var content = Safetensors(metadata: ["format": "pt"])
    content.tensors["logits"] = InterchangeLayout.entry(logits)
    if let evaluation {
      content.tensors["loss"] = InterchangeLayout.entry(Tensor([evaluation.loss], shape: []))
      for (name, entry) in InterchangeLayout.entries(evaluation.gradient, prefix: "gradient.") {
        content.tensors[name] = entry
      }
    }
    try AtomicFile.write(content.encoded(), to: url)
  }
}
