import EscapementKernels

/// The primitive operations from which layers are written once, for values and for values with tangents.
///
/// `Tensor` conforms: a pass computes a loss and its gradient. `Dual` conforms: the same pass computes the gradient's
/// derivative along a direction, which is the exact Hessian-vector product.
public protocol TensorAlgebra: Sendable {
  /// The element type.
  associatedtype Element: Real
  /// The algebra in Double that holds per-channel sums until they are rounded once.
  associatedtype Wide: TensorAlgebra where Wide.Element == Double, Wide.Wide == Wide

  /// A value with a tangent; a nil tangent means that the value is constant.
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
  /// The element at each window's position.
  func gathered(at maxima: WindowMaxima) -> Self
  /// Its adjoint.
  func scattered(at maxima: WindowMaxima) -> Self
  /// The samples of a range of a batch `[n]…`.
  func samples(_ range: Range<Int>) -> Self
  /// The same elements under another shape.
  func reshaped(_ shape: Shape) -> Self
  /// The matrix with rows and columns exchanged.
  func transposed() -> Self

  /// Σ over samples and pixels, per channel, over the whole batch.
  func channelSums(_ context: inout EvaluationContext) -> Wide
  /// Σ of the product over samples and pixels, per channel, over the whole batch.
  func channelDots(_ other: Self, _ context: inout EvaluationContext) -> Wide
  /// Mean and biased variance over samples and pixels, per channel, over the whole batch.
  func channelMoments(_ context: inout EvaluationContext) -> (mean: Wide, variance: Wide)
  /// Rounds each element once from Double.
  static func narrowed(_ wide: Wide) -> Self

  // Batch normalization in one pass, for algebras that have one; the defaults are the definition in the operations
  // above.

  /// relu(((x − mean)·inverse)·gain + shift + residual); residual and ReLU are optional.
  func normalized(_ n: ChannelNormalization<Self>, plus residual: Self?, rectified: Bool) -> Self
  /// The backward pass of `normalized`: self is the output's gradient; `input` was the norm's input.
  func normalizationGradient(
    _ n: ChannelNormalization<Self>, input: Self, _ rectifier: Rectifier<Self>, _ demand: NormalizationDemand,
    _ context: inout EvaluationContext
  ) -> NormalizationGradient<Self>
  /// `normalized` of self with the tangent `input`; gain, shift and residual have tangents too; mean and inverse are
  /// constant.
  func normalizedDual(
    _ n: ChannelNormalization<Self>, input: Self, gain: Self, shift: Self, plus residual: Dual<Self>?,
    rectified: Bool
  ) -> Dual<Self>
  /// `normalizationGradient` of self with the tangent `gradient`; the gain has the tangent `gain`.
  func normalizationGradientTangent(
    _ n: ChannelNormalization<Self>, input: Dual<Self>, gain: Self, _ rectifier: Rectifier<Self>,
    gradient: Self,
    _ demand: NormalizationDemand
  ) -> NormalizationGradient<Dual<Self>>

  /// Convolution with weights `[kh][kw][ci][co]`.
  func convolved(with weights: Self, _ geometry: ConvolutionGeometry, _ context: inout EvaluationContext)
    -> Self
  /// The adjoint of `convolved` with respect to its input; self is the output's gradient. If there is a `sum`, the
  /// result is added to it and the sum is rounded separately.
  func convolutionInputGradient(
    weights: Self, inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming Self?,
    _ context: inout EvaluationContext
  ) -> Self
  /// The tangent of `convolved` along tangents of self and of the weights.
  func convolvedTangent(
    _ tangent: Self, weights: Self, weightsTangent: Self, _ geometry: ConvolutionGeometry
  ) -> Self
  /// The tangent of `convolutionInputGradient` along tangents of self and of the weights. If there is a `sum`, the
  /// result is added to it and the sum is rounded separately.
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

  // What a backward pass accumulates, as terms that are summed only after the last part of the data: a sum of trees is
  // not the tree of sums, and the parts must give the bits of the whole.

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
  /// A constant value.
  public init(constant: Tensor<Element>) { self.init(primal: constant, tangent: nil) }
  /// The extents.
  public var shape: Shape { value.shape }

  // Variants for a single process that keeps nothing.

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
