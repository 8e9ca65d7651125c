import EscapementCalculus
import EscapementKernels
import EscapementLongTail

/// A network and a loss: the function to minimize, with its exact first and second derivatives.
public struct Objective<Element: Real>: Sendable {
  /// The network.
  public let network: Network
  /// The loss of its output.
  public let loss: any ClassificationLoss

  /// The objective of a network and a loss.
  public init(network: Network, loss: any ClassificationLoss = SoftmaxCrossEntropy()) {
    self.network = network
    self.loss = loss
  }

  /// Loss and gradient of one mini-batch under batch statistics, which are returned so that the caller can fold them
  /// into the running ones.
  public func trainingStep(
    at parameters: ParameterVector<Element>, batch: LabeledBatch<Element>
  ) -> (evaluation: Evaluation<Element>, observed: BatchStatistics) {
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: network.layout),
      context: EvaluationContext(share: batch.share))
    let total = loss.totalWeight(of: batch.labels)
    let part = run(batch.images, batch.labels, &pass, totalWeight: total)
    let evaluation = Evaluation(
      loss: part.sum / total, gradient: pass.gradients.total(over: batch.share), samples: batch.labels.count,
      correct: part.correct)
    return (evaluation, pass.observed)
  }

  /// Loss and gradient of the samples at `positions` of one mini-batch: the (weighted) sum of their losses, divided by
  /// `divisor`.
  ///
  /// The whole batch goes through the forward pass, and the batch statistics are over the whole batch; the other
  /// samples have an effect only through these. With all positions and the batch's total weight the bits are those of
  /// the whole batch. With no positions the loss and the gradient are zero, and the batch statistics are still
  /// returned.
  public func trainingStep(
    at parameters: ParameterVector<Element>, batch: LabeledBatch<Element>, counting positions: [Int],
    divisor: Double
  ) -> (evaluation: Evaluation<Element>, observed: BatchStatistics) {
    var pass = Pass<Tensor<Element>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: network.layout), goesBack: !positions.isEmpty,
      context: EvaluationContext(share: batch.share))
    let output = whole(network.forward(batch.images, &pass), pass)
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
      features: gradient.features?.placed(at: positions, rows: batch.labels.count),
      logits: gradient.logits.placed(at: positions, rows: batch.labels.count))
    network.backward(own(placed, pass), &pass)
    let correct = zip(counted.logits.rowArgmax(), labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    let evaluation = Evaluation(
      loss: sum / divisor, gradient: pass.gradients.total(over: batch.share), samples: positions.count,
      correct: correct)
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
  /// Under `.running` the samples are processed in blocks of at most `partSize`, and the bits do not depend on it.
  /// Under `.batch` all samples are one batch, whose statistics are differentiated too.
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
      // The loss sum runs over all samples in index order, whatever the division into parts.
      let part = run(batch.images, batch.labels, &pass, totalWeight: total, startingAt: sum)
      sum = part.sum
      correct += part.correct
    }
    return Evaluation(loss: sum / total, gradient: gradient, samples: labels.count, correct: correct)
  }

  /// The loss alone over all samples of a source, with the same bits as in `evaluate`. It uses the memory of one or two
  /// layers.
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

  /// The exact product of the loss's Hessian over all samples, or of one of its terms, with `direction`: the gradient's
  /// derivative along it, by forward-over-reverse differentiation. Parts and statistics are as in `evaluate`.
  ///
  /// `memories` keep what does not depend on the direction, for repeated products at one point over one source in parts
  /// of one size; the bits do not depend on them. With a `communicator` each rank processes its own samples, and all
  /// ranks receive the product, with the bits of a single rank; the caller must check the communicator for a fault. For
  /// the two terms under `.batch` every rank processes all samples.
  public func hessianVectorProduct(
    of term: HessianTerm = .whole, at parameters: ParameterVector<Element>,
    statistics: ParameterVector<Element>,
    direction: ParameterVector<Element>, over source: some SampleSource<Element>,
    normalization: Normalization = .running, partSize: Int = 64, memories: PartMemories? = nil,
    communicator: (any Communicator)? = nil
  ) throws -> ParameterVector<Element> {
    let labels = source.labels
    let total = loss.totalWeight(of: labels)
    return try accumulate(
      parameters, direction, statistics, source, normalization, partSize, Dual<Tensor<Element>>.self,
      memories: memories, communicator: term == .whole || normalization == .running ? communicator : nil
    ) { batch, pass in
      switch term {
      case .whole:
        _ = run(batch.images, pass.context.share == nil ? batch.labels : labels, &pass, totalWeight: total)
      case .gaussNewton: gaussNewton(batch, &pass, totalWeight: total)
      case .remainder: remainder(batch, &pass, totalWeight: total)
      }
    }
  }

  /// Accumulates what `body` adds to the pass of each part. All derivatives here use it.
  func accumulate<T: TensorAlgebra>(
    _ parameters: ParameterVector<Element>, _ direction: ParameterVector<Element>?,
    _ statistics: ParameterVector<Element>, _ source: some SampleSource<Element>,
    _ normalization: Normalization,
    _ partSize: Int, _ algebra: T.Type, memories: PartMemories? = nil,
    communicator: (any Communicator)? = nil,
    _ body: (LabeledBatch<Element>, inout Pass<T>) -> Void
  ) throws -> ParameterVector<Element> where T.Element == Element {
    var gradients = GradientAccumulator<Element>(layout: network.layout)
    let count = source.labels.count
    let share = communicator.map { BatchShare($0, of: count) }
    let samples = share?.range ?? 0..<count
    // Batch statistics are over all samples, so these are one part. A rank without samples goes through the layers too.
    let isOnePart = normalization == .batch || (samples.isEmpty && share != nil)
    let blocks =
      isOnePart
      ? [(range: samples, level: 0)]
      : Array(BlockPartition(of: samples, in: count, partSize: partSize))
    for (range, level) in blocks {
      let batch = try source.batch(range)
      (gradients.start, gradients.level) = (range.lowerBound, level)
      func run(_ memory: inout PrimalMemory) {
        var pass = Pass<T>(
          parameters: parameters, direction: direction, statistics: statistics, normalization: normalization,
          gradients: gradients,
          context: EvaluationContext(share: normalization == .batch ? share : nil, memory: memory))
        memory = PrimalMemory()
        body(batch, &pass)
        gradients = pass.gradients
        memory = pass.context.memory
      }
      var nothing = PrimalMemory()
      if let memories { memories.withMemory(ofPartAt: range.lowerBound, run) } else { run(&nothing) }
    }
    return gradients.total(over: share)
  }

  /// One forward and backward pass; the loss sum continues from `start`. The labels are those of the whole shared
  /// batch.
  private func run<T: TensorAlgebra>(
    _ images: Tensor<Element>, _ labels: [Int], _ pass: inout Pass<T>, totalWeight: Double,
    startingAt start: Double = 0
  ) -> (sum: Double, correct: Int) where T.Element == Element {
    let output = whole(network.forward(T(constant: images), &pass), pass)
    let (sum, gradient) = loss.evaluate(output, labels: labels, totalWeight: totalWeight, startingAt: start)
    network.backward(own(gradient, pass), &pass)
    let predictions = output.logits.value.rowArgmax()
    let correct = zip(predictions, labels).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    return (sum, correct)
  }

  /// The output for all ranks' samples. The loss is summed over them in order, on every rank.
  private func whole<T: TensorAlgebra>(_ output: ClassifierOutput<T>, _ pass: Pass<T>) -> ClassifierOutput<T>
  where T.Element == Element {
    guard let share = pass.context.share else { return output }
    func gathered(_ x: T) -> T {
      T(
        primal: share.gatheredSamples(x.value),
        tangent: pass.moves ? share.gatheredSamples(x.derivative) : nil)
    }
    // A loss of logits does not use the features, so none are sent.
    return ClassifierOutput(
      features: loss is any LogitLoss ? T(constant: .zeros([share.count, 0])) : gathered(output.features),
      logits: gathered(output.logits))
  }

  /// The part of the gradient for this rank's share of the output.
  private func own<T: TensorAlgebra>(
    _ gradient: ClassifierGradient<T>, _ pass: Pass<T>
  ) -> ClassifierGradient<T> {
    guard let range = pass.context.share?.range else { return gradient }
    return ClassifierGradient(
      features: gradient.features?.samples(range), logits: gradient.logits.samples(range))
  }
}
