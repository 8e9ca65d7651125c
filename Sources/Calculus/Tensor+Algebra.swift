import EscapementKernels

extension Tensor: TensorAlgebra {
  public typealias Wide = Tensor<Double>

  public init(primal: Tensor, tangent: Tensor?) { self = primal }
  public var value: Tensor { self }
  public var derivative: Tensor { self }

  public func divided(by s: Double) -> Tensor { zip(.divide, scalar: s) }
  public func adding(_ s: Double) -> Tensor { zip(.add, scalar: s) }
  public func masked(by preactivation: Tensor) -> Tensor { zip(.mask, preactivation) }
  public func addingChannels(_ v: Tensor) -> Tensor { zipChannels(.add, v) }
  public func subtractingChannels(_ v: Tensor) -> Tensor { zipChannels(.subtract, v) }
  public func multiplyingChannels(_ v: Tensor) -> Tensor { zipChannels(.multiply, v) }
  public func subtractingRows(_ v: Tensor) -> Tensor { zipRows(.subtract, v) }
  public func multiplyingRows(_ v: Tensor) -> Tensor { zipRows(.multiply, v) }
  public static func narrowed(_ wide: Tensor<Double>) -> Tensor { wide.converted(to: Element.self) }

  public func convolved(
    with weights: Tensor, _ geometry: ConvolutionGeometry, _ context: inout EvaluationContext
  ) -> Tensor { convolved(with: weights, geometry) }

  public func convolutionInputGradient(
    weights: Tensor, inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming Tensor?,
    _ context: inout EvaluationContext
  ) -> Tensor {
    switch consume sum {
    case .some(let other):
      precondition(other.shape == inputShape, "a sum of \(other.shape) for an input of \(inputShape)")
      var dx = consume other
      dx.addConvolutionInputGradient(of: self, weights: weights, geometry)
      return dx
    case .none:
      return convolutionInputGradient(weights: weights, inputShape: inputShape, geometry)
    }
  }

  public func convolutionInputGradientTangent(
    _ tangent: Tensor, weights: Tensor, weightsTangent: Tensor, inputShape: Shape,
    _ geometry: ConvolutionGeometry,
    plus sum: consuming Tensor?
  ) -> Tensor {
    switch consume sum {
    case .some(let other):
      precondition(other.shape == inputShape, "a sum of \(other.shape) for an input of \(inputShape)")
      var dx = consume other
      dx.addConvolutionInputGradientTangent(
        of: self, tangent, weights: weights, weightsTangent: weightsTangent, geometry)
      return dx
    case .none:
      return convolutionInputGradientTangent(
        tangent, weights: weights, weightsTangent: weightsTangent, inputShape: inputShape, geometry)
    }
  }

  public func convolutionWeightTerms(
    input: Tensor, weightShape: Shape, _ geometry: ConvolutionGeometry
  ) -> [Tensor] {
    [convolutionWeightGradient(input: input, weightShape: weightShape, geometry)]
  }
  public func channelMoments(
    _ context: inout EvaluationContext
  ) -> (mean: Tensor<Double>, variance: Tensor<Double>) {
    guard let share = context.share else { return channelMoments() }
    return channelMoments(count: share.count * shape.pixels) { width, sums in
      share.sum(width) { sums(samples($0)) }
    }
  }
  public func channelSums(_ context: inout EvaluationContext) -> Tensor<Double> {
    guard let share = context.share else { return channelSums() }
    return share.sum(shape.columns) { samples($0).channelSums() }
  }
  public func channelDots(_ other: Tensor, _ context: inout EvaluationContext) -> Tensor<Double> {
    guard let share = context.share else { return channelDots(other) }
    return share.sum(shape.columns) { samples($0).channelDots(other.samples($0)) }
  }
  public func channelSumTerms() -> [Tensor<Double>] { [channelSums()] }
  public func channelDotTerms(_ other: Tensor) -> [Tensor<Double>] { [channelDots(other)] }
}
