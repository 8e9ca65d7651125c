import EscapementKernels

/// The primitives from which layers are written, once, for values and for values with tangents.
///
/// `Tensor` conforms: a pass computes a loss and its gradient. `Dual` conforms: the same pass computes
/// the gradient's derivative along a direction, which is the exact Hessian-vector product.
public protocol TensorAlgebra: Sendable {
  /// The element type.
  associatedtype Element: Real
  /// The algebra in Double in which per-channel sums are kept until they are rounded once.
  associatedtype Wide: TensorAlgebra where Wide.Element == Double, Wide.Wide == Wide

  /// A value that moves along `tangent` (nil: does not move).
  init(primal: Tensor<Element>, tangent: Tensor<Element>?)
  /// The value itself.
  var value: Tensor<Element> { get }
  /// What a backward pass accumulates for a parameter: the value, or for duals the tangent.
  var derivative: Tensor<Element> { get }

  /// Elementwise sum.
  static func + (a: Self, b: Self) -> Self
  /// Elementwise difference.
  static func - (a: Self, b: Self) -> Self
  /// Elementwise product.
  static func * (a: Self, b: Self) -> Self
  /// A smooth function (or ReLU) of each element.
  func map(_ function: UnaryFunction) -> Self
  /// Each element times a constant.
  func scaled(by s: Double) -> Self
  /// Each element divided by a constant.
  func divided(by s: Double) -> Self
  /// Each element plus a constant.
  func adding(_ s: Double) -> Self
  /// self where `preactivation` (or its ReLU) is positive, +0 elsewhere, NaN where that is NaN.
  func masked(by preactivation: Self) -> Self

  /// x[…][c] + v[c].
  func addingChannels(_ v: Self) -> Self
  /// x[…][c] − v[c].
  func subtractingChannels(_ v: Self) -> Self
  /// x[…][c] · v[c].
  func multiplyingChannels(_ v: Self) -> Self
  /// x[r][c] − v[r].
  func subtractingRows(_ v: Self) -> Self
  /// x[r][c] · v[r].
  func multiplyingRows(_ v: Self) -> Self
  /// Σ_c x[r][c].
  func rowSums() -> Self
  /// x[r][columns[r]].
  func gathered(columns: [Int]) -> Self
  /// The element at each window's place.
  func gathered(at maxima: WindowMaxima) -> Self
  /// Its adjoint.
  func scattered(at maxima: WindowMaxima) -> Self
  /// The samples of a range of a batch `[n]…`.
  func samples(_ range: Range<Int>) -> Self
  /// The same elements under another shape.
  func reshaped(_ shape: Shape) -> Self
  /// The matrix with rows and columns exchanged.
  func transposed() -> Self

  /// Σ over samples and pixels, per channel, of the whole batch.
  func channelSums(_ context: inout EvaluationContext) -> Wide
  /// Σ over samples and pixels of the product, per channel, of the whole batch.
  func channelDots(_ other: Self, _ context: inout EvaluationContext) -> Wide
  /// Mean and biased variance over samples and pixels, per channel, of the whole batch.
  func channelMoments(_ context: inout EvaluationContext) -> (mean: Wide, variance: Wide)
  /// Rounds each element once from Double.
  static func narrowed(_ wide: Wide) -> Self

  // Batch normalization in one pass where an algebra has one; the defaults are the definition in the operations above.

  /// relu(((x − mean)·inverse)·gain + shift + residual); residual and ReLU where asked for.
  func normalized(_ n: ChannelNormalization<Self>, plus residual: Self?, rectified: Bool) -> Self
  /// Back through `normalized`: self is the output's gradient, `input` was the norm's input.
  func normalizationGradient(
    _ n: ChannelNormalization<Self>, input: Self, _ rectifier: Rectifier<Self>, _ demand: NormalizationDemand,
    _ context: inout EvaluationContext
  ) -> NormalizationGradient<Self>
  /// `normalized` of self moving along `input`, with gain, shift and residual moving too; mean and inverse rest.
  func normalizedDual(
    _ n: ChannelNormalization<Self>, input: Self, gain: Self, shift: Self, plus residual: Dual<Self>?,
    rectified: Bool
  ) -> Dual<Self>
  /// `normalizationGradient` of self moving along `gradient`, with the gain moving along `gain`.
  func normalizationGradientTangent(
    _ n: ChannelNormalization<Self>, input: Dual<Self>, gain: Self, _ rectifier: Rectifier<Self>,
    gradient: Self,
    _ demand: NormalizationDemand
  ) -> NormalizationGradient<Dual<Self>>

  /// Convolution with weights `[kh][kw][ci][co]`.
  func convolved(with weights: Self, _ geometry: ConvolutionGeometry, _ context: inout EvaluationContext)
    -> Self
  /// The adjoint of `convolved` in its input, added to `sum` where there is one, rounded by itself; self is the output's
  /// gradient.
  func convolutionInputGradient(
    weights: Self, inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming Self?,
    _ context: inout EvaluationContext
  ) -> Self
  /// The tangent of `convolved` along tangents of self and of the weights.
  func convolvedTangent(
    _ tangent: Self, weights: Self, weightsTangent: Self, _ geometry: ConvolutionGeometry
  ) -> Self
  /// The tangent of `convolutionInputGradient` along tangents of self and of the weights, added to `sum` where there is one,
  /// rounded by itself.
  func convolutionInputGradientTangent(
    _ tangent: Self, weights: Self, weightsTangent: Self, inputShape: Shape, _ geometry: ConvolutionGeometry,
    plus sum: consuming Self?
  ) -> Self
  /// Mean over pixels.
  func pooledMean() -> Self
  /// Its adjoint.
  func pooledMeanAdjoint(shape: Shape) -> Self
  /// Option-A shortcut.
  func shortcut(channels: Int, stride: Int, before: Int) -> Self
  /// Its adjoint.
  func shortcutAdjoint(inputShape: Shape, stride: Int, before: Int) -> Self

  // What a backward pass accumulates, as terms that are summed only after the last part of the data:
  // a sum of trees is not the tree of sums, and whole must equal parts bit for bit.

  /// Terms of the convolution's weight gradient; self is the output's gradient.
  func convolutionWeightTerms(input: Self, weightShape: Shape, _ geometry: ConvolutionGeometry) -> [Tensor<
    Element
  >]
  /// Terms of the per-channel sums.
  func channelSumTerms() -> [Tensor<Double>]
  /// Terms of the per-channel sums of products.
  func channelDotTerms(_ other: Self) -> [Tensor<Double>]
}

extension TensorAlgebra {
  /// A value that does not move.
  public init(constant: Tensor<Element>) { self.init(primal: constant, tangent: nil) }
  /// The extents.
  public var shape: Shape { value.shape }

  // In one process that keeps nothing.

  /// See `channelSums(_:)`.
  public func channelSums() -> Wide {
    var context = EvaluationContext()
    return channelSums(&context)
  }
  /// See `channelDots(_:_:)`.
  public func channelDots(_ other: Self) -> Wide {
    var context = EvaluationContext()
    return channelDots(other, &context)
  }
  /// See `channelMoments(_:)`.
  public func channelMoments() -> (mean: Wide, variance: Wide) {
    var context = EvaluationContext()
    return channelMoments(&context)
  }
  /// See `convolved(with:_:_:)`.
  public func convolved(with weights: Self, _ geometry: ConvolutionGeometry) -> Self {
    var context = EvaluationContext()
    return convolved(with: weights, geometry, &context)
  }
  /// See `convolutionInputGradient(weights:inputShape:_:plus:_:)`.
  public func convolutionInputGradient(
    weights: Self, inputShape: Shape, _ geometry: ConvolutionGeometry
  ) -> Self {
    var context = EvaluationContext()
    return convolutionInputGradient(
      weights: weights, inputShape: inputShape, geometry, plus: nil, &context)
  }
}
