import EscapementCalculus
import EscapementKernels
import EscapementLongTail

extension Objective {
  /// The gradient of each sample's contribution to the loss's numerator, Σᵢ lᵢ: one row per sample, `[n][parameters]`.
  ///
  /// Under `.running` a row takes one pass over a batch of one sample. Under `.batch` all samples are one batch with
  /// shared statistics that are differentiated too. This takes one forward pass, and one backward pass over the whole
  /// batch for each row, so the backward cost is that of n² samples.
  public func sampleGradients(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    over source: some SampleSource<Element>, normalization: Normalization = .running
  ) throws -> Tensor<Element> {
    let count = source.labels.count
    let width = network.layout.count
    func pass() -> Pass<Tensor<Element>> {
      Pass(
        parameters: parameters, statistics: statistics, normalization: normalization,
        gradients: GradientAccumulator(layout: network.layout))
    }
    return try Tensor(shape: [count, width]) { target in
      func write(_ row: Int, _ back: Pass<Tensor<Element>>) {
        back.gradients.total().flat.withPointer { (target + row * width).update(from: $0, count: width) }
      }
      switch normalization {
      case .running:
        for i in 0..<count {
          let sample = try source.batch(i..<(i + 1))
          var back = pass()
          let output = network.forward(sample.images, &back)
          let gradient = loss.evaluate(output, labels: sample.labels, totalWeight: 1, startingAt: 0).gradient
          network.backward(gradient, &back)
          write(i, back)
        }
      case .batch:
        let batch = try source.batch(0..<count)
        var forward = pass()
        let output = network.forward(batch.images, &forward)
        let gradient = loss.evaluate(output, labels: batch.labels, totalWeight: 1, startingAt: 0).gradient
        for i in 0..<count {
          var back = forward
          network.backward(
            ClassifierGradient(
              features: gradient.features?.rows(at: [i]).placed(at: [i], rows: count),
              logits: gradient.logits.rows(at: [i]).placed(at: [i], rows: count)), &back)
          write(i, back)
        }
      }
    }
  }
}
