import EscapementCalculus
import EscapementKernels
import EscapementLongTail

/// A network with a projection head and PaCo's loss: what is minimized over a mini-batch with given contrasts.
///
/// The queries are the projections of a batch's first view. The contrasts are constants: the keys of the second view
/// under another copy of the network, then earlier keys.
package struct ContrastiveObjective<Element: Real>: Sendable {
  /// The network.
  package let network: Network
  /// The loss.
  package let loss: PaCoLoss

  /// The objective of a network with a projection head.
  package init(network: Network, loss: PaCoLoss) {
    precondition(network.hasProjection, "\(network) has no projection head")
    self.network = network
    self.loss = loss
  }

  /// The keys `[B][d]` of the batch's second view under batch statistics, of unit length, and these statistics. Every
  /// rank receives the keys of all samples.
  package func keys(
    at parameters: ParameterVector<Element>, of batch: LabeledBatch<Element>
  ) -> (keys: Tensor<Element>, observed: BatchStatistics) {
    guard let view = batch.secondView else { preconditionFailure("a batch without a second view") }
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: network.layout), goesBack: false,
      context: EvaluationContext(share: batch.share))
    let projections = network.forwardProjected(view, &pass).projections
    return (UnitVectors(gathered(projections, batch), .rows).value, pass.observed)
  }

  /// Loss and gradient of the batch's first view under batch statistics, which are returned too.
  ///
  /// Samples are counted as correct by the logits, without log π, as in the released code.
  package func trainingStep(
    at parameters: ParameterVector<Element>, batch: LabeledBatch<Element>, contrasts: Tensor<Element>,
    contrastLabels: [Int]
  ) -> (evaluation: Evaluation<Element>, observed: BatchStatistics) {
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: network.layout), context: EvaluationContext(share: batch.share))
    let own = network.forwardProjected(batch.images, &pass)
    let logits = gathered(own.logits, batch)
    // Computed on every rank over all samples, in the order of the batch.
    let result = loss.evaluate(
      projections: gathered(own.projections, batch), logits: logits, labels: batch.labels,
      contrasts: contrasts, contrastLabels: contrastLabels)
    let range = batch.share?.range ?? 0..<batch.count
    network.backward(
      projections: result.projections.samples(range), logits: result.logits.samples(range), &pass)
    let correct = zip(logits.rowArgmax(), batch.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    let evaluation = Evaluation(
      loss: result.loss, gradient: pass.gradients.total(over: batch.share), samples: batch.count,
      correct: correct)
    return (evaluation, pass.observed)
  }

  private func gathered(_ own: Tensor<Element>, _ batch: LabeledBatch<Element>) -> Tensor<Element> {
    batch.share?.gatheredSamples(own) ?? own
  }
}
