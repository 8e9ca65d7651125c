import Calculus
import Kernels
import LongTail

/// A network and a loss: what is minimised, and its exact first and second derivatives.
public struct Objective<Element: Real>: Sendable {
  /// The network.
  public let network: Network
  /// The loss of its logits.
  public let loss: any ClassificationLoss

  /// The loss of a network.
  public init(network: Network, loss: any ClassificationLoss = SoftmaxCrossEntropy()) {
    self.network = network
    self.loss = loss
  }

  /// Loss and gradient of one mini-batch under batch statistics, which are returned to be folded into the
  /// running ones.
  public func trainingStep(
    at parameters: ParameterVector<Element>, batch: LabelledBatch<Element>
  ) -> (evaluation: Evaluation<Element>, observed: BatchStatistics) {
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: network.layout))
    let total = loss.totalWeight(of: batch.labels)
    let part = run(batch, &pass, totalWeight: total)
    let evaluation = Evaluation(
      loss: part.sum / total, gradient: pass.gradients.total(), samples: batch.count, correct: part.correct)
    return (evaluation, pass.observed)
  }

  /// Loss and gradient of the samples at `positions` of one mini-batch: their losses' (weighted) sum over
  /// `divisor`.
  ///
  /// The whole batch goes forward, and the batch statistics are its own; the other samples take part through
  /// them alone. With all positions and the batch's total weight the bits are those of the whole batch.
  /// Without positions the loss and the gradient are zero, and the batch is observed all the same.
  public func trainingStep(
    at parameters: ParameterVector<Element>, batch: LabelledBatch<Element>, counting positions: [Int],
    divisor: Double
  ) -> (evaluation: Evaluation<Element>, observed: BatchStatistics) {
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: network.layout), goesBack: !positions.isEmpty)
    let output = network.forward(batch.images, &pass)
    guard !positions.isEmpty else {
      let nothing = Evaluation(
        loss: 0, gradient: ParameterVector<Element>(zeros: network.layout), samples: 0, correct: 0)
      return (nothing, pass.observed)
    }
    let counted = ClassifierOutput(
      features: output.features.rows(at: positions), logits: output.logits.rows(at: positions))
    let labels = positions.map { batch.labels[$0] }
    let (sum, gradient) = loss.evaluate(counted, labels: labels, totalWeight: divisor, startingAt: 0)
    let placed = ClassifierGradient(
      features: gradient.features?.placed(at: positions, rows: batch.count),
      logits: gradient.logits.placed(at: positions, rows: batch.count))
    network.backward(placed, &pass)
    let correct = zip(counted.logits.rowArgmax(), labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    let evaluation = Evaluation(
      loss: sum / divisor, gradient: pass.gradients.total(), samples: positions.count, correct: correct)
    return (evaluation, pass.observed)
  }

  /// Logits `[n][classes]` under running statistics.
  public func logits(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>, images: Tensor<Element>
  ) -> Tensor<Element> {
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: statistics, normalization: .running,
      gradients: GradientAccumulator(layout: network.layout), goesBack: false)
    return network.forward(images, &pass).logits
  }

  /// Loss and gradient over all samples of a source.
  ///
  /// Under `.running` the samples go through in blocks of at most `partSize`, and the bits do not depend on
  /// it; under `.batch` all samples are one batch, whose statistics take part in differentiation.
  public func evaluate(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    over source: some SampleSource<Element>, normalization: Normalization = .running, partSize: Int = 64
  ) throws -> Evaluation<Element> {
    let labels = source.labels
    let total = loss.totalWeight(of: labels)
    var sum = 0.0
    var correct = 0
    let gradient = try accumulate(
      parameters, nil, statistics, source, normalization, partSize, Tensor<Element>.self
    ) { batch, pass in
      // The loss sum runs over all samples in index order, whatever the parts.
      let part = run(batch, &pass, totalWeight: total, startingAt: sum)
      sum = part.sum
      correct += part.correct
    }
    return Evaluation(loss: sum / total, gradient: gradient, samples: labels.count, correct: correct)
  }

  /// The loss alone over all samples of a source, with the bits that `evaluate` gives it, in the memory of a layer or two.
  public func loss(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    over source: some SampleSource<Element>, normalization: Normalization = .running, partSize: Int = 64
  ) throws -> Double {
    let total = loss.totalWeight(of: source.labels)
    var sum = 0.0
    let largest = normalization == .batch ? Int.max / 2 : partSize
    for (range, _) in BlockPartition(count: source.labels.count, partSize: largest) {
      let batch = try source.batch(range)
      var pass = Pass<Tensor<Element>>(
        parameters: parameters, statistics: statistics, normalization: normalization,
        gradients: GradientAccumulator(layout: network.layout), goesBack: false)
      let output = network.forward(batch.images, &pass)
      sum =
        loss.evaluate(output, labels: batch.labels, totalWeight: total, startingAt: sum).sum
    }
    return sum / total
  }

  /// The exact product of the loss's Hessian over all samples with `direction`: the gradient's derivative
  /// along it, by forward-over-reverse differentiation. Parts and statistics as in `evaluate`.
  ///
  /// `memories` keep what does not depend on the direction, for repeated products at one point over one source in parts
  /// of one size; the bits do not depend on them.
  public func hessianVectorProduct(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    direction: ParameterVector<Element>, over source: some SampleSource<Element>,
    normalization: Normalization = .running, partSize: Int = 64, memories: PartMemories? = nil
  ) throws -> ParameterVector<Element> {
    let total = loss.totalWeight(of: source.labels)
    return try accumulate(
      parameters, direction, statistics, source, normalization, partSize, Dual<Tensor<Element>>.self,
      memories: memories
    ) { batch, pass in
      _ = run(batch, &pass, totalWeight: total)
    }
  }

  private func accumulate<T: TensorAlgebra>(
    _ parameters: ParameterVector<Element>, _ direction: ParameterVector<Element>?,
    _ statistics: ParameterVector<Element>, _ source: some SampleSource<Element>,
    _ normalization: Normalization,
    _ partSize: Int, _ algebra: T.Type, memories: PartMemories? = nil,
    _ body: (LabelledBatch<Element>, inout Pass<T>) -> Void
  ) throws -> ParameterVector<Element> where T.Element == Element {
    var gradients = GradientAccumulator<Element>(layout: network.layout)
    let count = source.labels.count
    // Batch statistics are of all samples, so they are one part.
    let blocks = BlockPartition(count: count, partSize: normalization == .batch ? Int.max / 2 : partSize)
    for (range, level) in blocks {
      let batch = try source.batch(range)
      gradients.level = level
      func run(_ memory: inout PrimalMemory) {
        var pass = Pass<T>(
          parameters: parameters, direction: direction, statistics: statistics, normalization: normalization,
          gradients: gradients, memory: memory)
        memory = PrimalMemory()
        body(batch, &pass)
        gradients = pass.gradients
        memory = pass.memory
      }
      var nothing = PrimalMemory()
      if let memories { memories.withMemory(ofPartAt: range.lowerBound, run) } else { run(&nothing) }
    }
    return gradients.total()
  }

  /// One forward and backward pass; the loss sum continues from `start`.
  private func run<T: TensorAlgebra>(
    _ batch: LabelledBatch<Element>, _ pass: inout Pass<T>, totalWeight: Double, startingAt start: Double = 0
  ) -> (sum: Double, correct: Int) where T.Element == Element {
    let output = network.forward(T(constant: batch.images), &pass)
    let (sum, gradient) = loss.evaluate(
      output, labels: batch.labels, totalWeight: totalWeight, startingAt: start)
    network.backward(gradient, &pass)
    let predictions = output.logits.value.rowArgmax()
    let correct = zip(predictions, batch.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    return (sum, correct)
  }
}
