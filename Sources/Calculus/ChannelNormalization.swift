import EscapementKernels

/// A batch norm's vectors, each with one value per channel: u = (x − mean)·inverse, y = u·gain + shift.
public struct ChannelNormalization<V: TensorAlgebra>: Sendable {
  /// μ.
  public let mean: V
  /// 1/√(σ² + ε).
  public let inverse: V
  /// γ.
  public let gain: V
  /// β.
  public let shift: V

  /// Four vectors of one length.
  public init(mean: V, inverse: V, gain: V, shift: V) {
    self.mean = mean
    self.inverse = inverse
    self.gain = gain
    self.shift = shift
  }
}

/// What is requested from a batch norm's backward pass.
public struct NormalizationDemand: Sendable {
  /// Whether mean and inverse depend on the input. Batch statistics do; running statistics are constant.
  public var followsInput: Bool
  /// Whether the gradient with respect to the ReLU's input is requested, for the shortcut beside the norm.
  public var masked: Bool
  /// Whether the input's gradient is requested.
  public var input: Bool

  /// A request.
  public init(followsInput: Bool, masked: Bool, input: Bool) {
    self.followsInput = followsInput
    self.masked = masked
    self.input = input
  }
}

/// The results of a batch norm's backward pass.
public struct NormalizationGradient<V: TensorAlgebra>: Sendable {
  /// The gradient with respect to the ReLU's input, m.
  public var masked: V?
  /// Terms of the shift's gradient, Σ m.
  public var shift: [Tensor<Double>]
  /// Terms of the gain's gradient, Σ m·u.
  public var gain: [Tensor<Double>]
  /// The input's gradient.
  public var input: V?
}

// The definition, in the algebra's elementwise operations. Fused passes must give the same bits.
extension TensorAlgebra {
  /// relu(u·gain + shift + residual).
  func compositeNormalized(_ n: ChannelNormalization<Self>, plus residual: Self?, rectified: Bool) -> Self {
    let u = subtractingChannels(n.mean).multiplyingChannels(n.inverse)
    var y = u.multiplyingChannels(n.gain).addingChannels(n.shift)
    if let residual { y = y + residual }
    return rectified ? y.map(.relu) : y
  }

  /// Self is the output's gradient; x was the input.
  func compositeNormalizationGradient(
    _ n: ChannelNormalization<Self>, input x: Self, _ rectifier: Rectifier<Self>,
    _ demand: NormalizationDemand, _ context: inout EvaluationContext
  ) -> NormalizationGradient<Self> {
    let u = x.subtractingChannels(n.mean).multiplyingChannels(n.inverse)
    let masked: Self =
      switch rectifier {
      case .linear: self
      case .output(let y): self.masked(by: y)
      case .recomputed: self.masked(by: u.multiplyingChannels(n.gain).addingChannels(n.shift))
      }
    let kept = demand.masked ? masked : nil
    let scale = n.gain * n.inverse
    guard demand.followsInput else {
      return NormalizationGradient(
        masked: kept, shift: masked.channelSumTerms(), gain: masked.channelDotTerms(u),
        input: demand.input ? masked.multiplyingChannels(scale) : nil)
    }
    // A batch is one part, so its sums need not be kept as terms. The parameters and the input use the same sums.
    let sums = masked.channelSums(&context)
    let dots = masked.channelDots(u, &context)
    var result = NormalizationGradient<Self>(masked: kept, shift: [sums.derivative], gain: [dots.derivative])
    guard demand.input else { return result }
    // The mean and the variance depend on x: subtract the components of g along 1 and along the output.
    let count = Double((context.share?.count ?? shape[0]) * shape.pixels)
    let along1: Self = .narrowed(sums.divided(by: count))
    let alongOutput: Self = .narrowed(dots.divided(by: count))
    result.input = (masked.subtractingChannels(along1) - u.multiplyingChannels(alongOutput))
      .multiplyingChannels(scale)
    return result
  }

  public func normalized(_ n: ChannelNormalization<Self>, plus residual: Self?, rectified: Bool) -> Self {
    compositeNormalized(n, plus: residual, rectified: rectified)
  }

  public func normalizationGradient(
    _ n: ChannelNormalization<Self>, input: Self, _ rectifier: Rectifier<Self>, _ demand: NormalizationDemand,
    _ context: inout EvaluationContext
  ) -> NormalizationGradient<Self> {
    compositeNormalizationGradient(n, input: input, rectifier, demand, &context)
  }

  public func normalizedDual(
    _ n: ChannelNormalization<Self>, input: Self, gain: Self, shift: Self, plus residual: Dual<Self>?,
    rectified: Bool
  ) -> Dual<Self> {
    let vectors = ChannelNormalization(
      mean: Dual(n.mean, tangent: nil), inverse: Dual(n.inverse, tangent: nil),
      gain: Dual(n.gain, tangent: gain),
      shift: Dual(n.shift, tangent: shift))
    return Dual(self, tangent: input).compositeNormalized(vectors, plus: residual, rectified: rectified)
  }

  public func normalizationGradientTangent(
    _ n: ChannelNormalization<Self>, input x: Dual<Self>, gain: Self, _ rectifier: Rectifier<Self>,
    gradient: Self, _ demand: NormalizationDemand
  ) -> NormalizationGradient<Dual<Self>> {
    let vectors = ChannelNormalization(
      mean: Dual(n.mean, tangent: nil), inverse: Dual(n.inverse, tangent: nil),
      gain: Dual(n.gain, tangent: gain),
      shift: Dual(n.shift, tangent: nil))
    var nothing = EvaluationContext()
    return Dual(self, tangent: gradient).compositeNormalizationGradient(
      vectors, input: x, rectifier.map { Dual($0, tangent: nil) }, demand, &nothing)
  }
}

// Fused passes for values.
extension Tensor {
  private typealias Vectors = ChannelVectors<Element>

  private static func vectors(_ n: ChannelNormalization<Tensor>) -> ChannelVectors<Element> {
    ChannelVectors(mean: n.mean, inverse: n.inverse, gain: n.gain, shift: n.shift)
  }

  public func normalized(_ n: ChannelNormalization<Tensor>, plus residual: Tensor?, rectified: Bool) -> Tensor
  {
    normalized(by: Self.vectors(n), plus: residual, rectified: rectified)
  }

  public func normalizationGradient(
    _ n: ChannelNormalization<Tensor>, input x: Tensor, _ rectifier: Rectifier<Tensor>,
    _ demand: NormalizationDemand, _ context: inout EvaluationContext
  ) -> NormalizationGradient<Tensor> {
    let vectors = Self.vectors(n)
    let scale = n.gain * n.inverse
    // Running statistics are the same on every rank; only batch statistics are over all ranks' samples.
    let share = demand.followsInput ? context.share : nil
    let pass =
      share.map { sharedPass(by: vectors, input: x, rectifier, keepingMasked: demand.masked, $0) }
      ?? normalizationPass(
        by: vectors, input: x, rectifier, scale: demand.input && !demand.followsInput ? scale : nil,
        keepingMasked: demand.masked)
    var result = NormalizationGradient(
      masked: pass.masked, shift: [pass.sums], gain: [pass.dots], input: pass.input)
    if demand.followsInput && demand.input {
      let count = Double((share?.count ?? shape[0]) * shape.pixels)
      // If the masked gradient was kept, it need not be masked again.
      result.input = (pass.masked ?? self).normalizationInputGradient(
        by: vectors, input: x, pass.masked == nil ? rectifier : .linear,
        along1: pass.sums.divided(by: count).converted(to: Element.self),
        alongOutput: pass.dots.divided(by: count).converted(to: Element.self), scale: scale)
    }
    return result
  }

  /// `normalizationPass` for a batch of which self is one rank's share: this rank's runs one by one, sums over all
  /// ranks' runs.
  private func sharedPass(
    by vectors: ChannelVectors<Element>, input x: Tensor, _ rectifier: Rectifier<Tensor>, keepingMasked: Bool,
    _ share: BatchShare
  ) -> NormalizationPass {
    let channels = shape.columns
    var masked: [Tensor] = []
    let sums = share.sum(2 * channels) { run in
      let pass = samples(run).normalizationPass(
        by: vectors, input: x.samples(run), rectifier.map { $0.samples(run) }, scale: nil,
        keepingMasked: keepingMasked)
      if let m = pass.masked { masked.append(m) }
      return Tensor<Double>(joining: [pass.sums, pass.dots], shape: [2 * channels])
    }
    return NormalizationPass(
      masked: keepingMasked ? Tensor(joining: masked, shape: shape) : nil,
      sums: sums.view(at: 0, shape: [channels]), dots: sums.view(at: channels, shape: [channels]))
  }

  public func normalizedDual(
    _ n: ChannelNormalization<Tensor>, input: Tensor, gain: Tensor, shift: Tensor,
    plus residual: Dual<Tensor>?, rectified: Bool
  ) -> Dual<Tensor> {
    let beside = residual.map { r in
      guard let tangent = r.tangent else { preconditionFailure("a residual at rest has no tangent") }
      return (value: r.primal, tangent: tangent)
    }
    let y = normalizedDual(
      by: Self.vectors(n), input: input, gain: gain, shift: shift, plus: beside, rectified: rectified)
    return Dual(y.value, tangent: y.tangent)
  }

  public func normalizationGradientTangent(
    _ n: ChannelNormalization<Tensor>, input x: Dual<Tensor>, gain: Tensor, _ rectifier: Rectifier<Tensor>,
    gradient: Tensor, _ demand: NormalizationDemand
  ) -> NormalizationGradient<Dual<Tensor>> {
    precondition(!demand.followsInput, "tangents of batch statistics have no fused pass")
    guard let inputTangent = x.tangent else { preconditionFailure("an input at rest has no tangent") }
    let pass = normalizationPass(
      by: Self.vectors(n), input: x.primal, rectifier, scale: demand.input ? n.gain * n.inverse : nil,
      tangents: (gradient, inputTangent, demand.input ? gain * n.inverse : nil), keepingMasked: demand.masked)
    return NormalizationGradient(
      masked: pass.masked.map { Dual($0, tangent: pass.maskedTangent) }, shift: [pass.sums],
      gain: [pass.dots] + (pass.cross.map { [$0] } ?? []),
      input: pass.input.map { Dual($0, tangent: pass.inputTangent) })
  }
}

// Fused passes for dual values if the statistics are constant; the definition otherwise.
extension Dual {
  private static func primal(_ n: ChannelNormalization<Dual>) -> ChannelNormalization<V> {
    ChannelNormalization(
      mean: n.mean.primal, inverse: n.inverse.primal, gain: n.gain.primal, shift: n.shift.primal)
  }

  private static func rests(_ n: ChannelNormalization<Dual>) -> Bool {
    n.mean.tangent == nil && n.inverse.tangent == nil
  }

  public func normalized(_ n: ChannelNormalization<Dual>, plus residual: Dual?, rectified: Bool) -> Dual {
    guard Self.rests(n), let tangent, let gain = n.gain.tangent, let shift = n.shift.tangent,
      residual == nil || residual?.tangent != nil
    else { return compositeNormalized(n, plus: residual, rectified: rectified) }
    return primal.normalizedDual(
      Self.primal(n), input: tangent, gain: gain, shift: shift, plus: residual, rectified: rectified)
  }

  public func normalizationGradient(
    _ n: ChannelNormalization<Dual>, input x: Dual, _ rectifier: Rectifier<Dual>,
    _ demand: NormalizationDemand, _ context: inout EvaluationContext
  ) -> NormalizationGradient<Dual> {
    guard !demand.followsInput, Self.rests(n), let tangent, x.tangent != nil, let gain = n.gain.tangent else {
      return compositeNormalizationGradient(n, input: x, rectifier, demand, &context)
    }
    return primal.normalizationGradientTangent(
      Self.primal(n), input: x, gain: gain, rectifier.map(\.primal), gradient: tangent, demand)
  }
}
