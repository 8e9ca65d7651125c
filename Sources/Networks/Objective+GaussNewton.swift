import EscapementCalculus
import EscapementKernels
import EscapementLongTail

// The two parts of the Hessian of a loss of a network's output. With z(θ) the output (logits and features), J = ∂z/∂θ
// and H_L = ∂²L/∂z², the chain rule gives H = JᵀH_L J + Σ_k (∂L/∂z_k) ∇²z_k: the generalised Gauss–Newton matrix G,
// and the remainder R in which the network's own curvature enters, weighted by the loss's gradient.
extension Objective {
  /// The exact product of the generalised Gauss–Newton matrix G = JᵀH_L J with `direction`, over all samples.
  ///
  /// One dual pass forward carries Jv; the loss's own gradient on those duals moves by H_L·Jv; one plain pass back is
  /// Jᵀ. Exact for every loss, also one that reads the features, and under batch statistics, which are part
  /// of J. Where H_L is positive semidefinite (cross-entropy, LDAM, VS), G is; for cross-entropy G is the Fisher
  /// information of the softmax model (Schraudolph, Neural Computation 14, 2002; Martens, JMLR 21, 2020, section 9).
  /// Arguments, parts, memories and ranks as in `hessianVectorProduct`; under `.batch` every rank goes through all
  /// samples.
  public func gaussNewtonVectorProduct(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    direction: ParameterVector<Element>, over source: some SampleSource<Element>,
    normalization: Normalization = .running, partSize: Int = 64, memories: PartMemories? = nil,
    communicator: (any Communicator)? = nil
  ) throws -> ParameterVector<Element> {
    let total = loss.totalWeight(of: source.labels)
    return try accumulate(
      parameters, direction, statistics, source, normalization, partSize, Dual<Tensor<Element>>.self,
      memories: memories, communicator: normalization == .running ? communicator : nil
    ) { batch, pass in
      let output = network.forward(Dual(constant: batch.images), &pass)
      let gradient = loss.evaluate(output, labels: batch.labels, totalWeight: total, startingAt: 0).gradient
      var back: Pass<Tensor<Element>> = pass.atRest()
      network.backward(
        ClassifierGradient(
          features: gradient.features.map(\.derivative), logits: gradient.logits.derivative), &back)
      pass.gradients = back.gradients
    }
  }

  /// The exact product of the remainder R = Σ_k (∂L/∂z_k) ∇²z_k with `direction`, over all samples.
  ///
  /// A Hessian-vector product in which the loss's gradient in the output rests. Computed by itself rather than as a
  /// difference, so that H = G + R can be checked. Arguments, parts, memories and ranks as in `gaussNewtonVectorProduct`.
  public func remainderVectorProduct(
    at parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    direction: ParameterVector<Element>, over source: some SampleSource<Element>,
    normalization: Normalization = .running, partSize: Int = 64, memories: PartMemories? = nil,
    communicator: (any Communicator)? = nil
  ) throws -> ParameterVector<Element> {
    typealias Moving = Dual<Tensor<Element>>
    let total = loss.totalWeight(of: source.labels)
    return try accumulate(
      parameters, direction, statistics, source, normalization, partSize, Moving.self,
      memories: memories, communicator: normalization == .running ? communicator : nil
    ) { batch, pass in
      let output = network.forward(Moving(constant: batch.images), &pass)
      let rest = ClassifierOutput(features: output.features.value, logits: output.logits.value)
      let gradient = loss.evaluate(rest, labels: batch.labels, totalWeight: total, startingAt: 0).gradient
      network.backward(
        ClassifierGradient(
          features: gradient.features.map { Moving(constant: $0) },
          logits: Moving(constant: gradient.logits)), &pass)
    }
  }
}
