import EscapementCalculus
import EscapementKernels

/// Batch normalization per channel (Ioffe & Szegedy 2015), y = γ·(x − μ)/√(σ² + ε) + β, with an optional ReLU.
///
/// Under `.batch`, μ and σ² are the batch's mean and biased variance and take part in differentiation;
/// under `.running` they are constants. ε = 1e-5 is PyTorch's default, which the released code keeps.
public struct BatchNorm: Layer {
  let gain: Int
  let shift: Int
  let runningMean: Int
  let runningVariance: Int
  let epsilon: Double
  let rectified: Bool

  /// Declares `name.weight` (initially γ = 1), `name.bias` (β = 0) and the running statistics (0 and 1).
  public init(
    name: String, channels: Int, epsilon: Double = 1e-5, rectified: Bool = false,
    layout: inout ParameterLayout,
    statistics: inout ParameterLayout
  ) {
    gain = layout.append(
      name: "\(name).weight", shape: [channels], role: .vector, initialization: .constant(1))
    shift = layout.append(name: "\(name).bias", shape: [channels], role: .vector)
    runningMean = statistics.append(name: "\(name).running_mean", shape: [channels], role: .vector)
    runningVariance = statistics.append(
      name: "\(name).running_var", shape: [channels], role: .vector, initialization: .constant(1))
    self.epsilon = epsilon
    self.rectified = rectified
  }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T { forward(x, plus: nil, &pass) }

  /// The norm with a residual added before the ReLU.
  func forward<T: TensorAlgebra>(_ x: T, plus residual: T?, _ pass: inout Pass<T>) -> T {
    let mean: T
    let inverse: T
    switch pass.normalization {
    case .batch:
      let moments = x.channelMoments(&pass.context)
      observe(moments, count: (pass.context.share?.count ?? x.shape[0]) * x.shape.pixels, &pass)
      mean = .narrowed(moments.mean)
      inverse = .narrowed(moments.variance.adding(epsilon).map(.squareRoot).map(.reciprocal))
    case .running:
      let variance = pass.statistic(runningVariance).converted(to: Double.self)
      mean = T(constant: pass.statistic(runningMean))
      inverse = T(
        constant: variance.adding(epsilon).map(.squareRoot).map(.reciprocal).converted(to: T.Element.self))
    }
    pass.save(x)
    pass.save(mean)
    pass.save(inverse)
    let y = x.normalized(vectors(mean, inverse, pass), plus: residual, rectified: rectified)
    // Without a residual, the ReLU's input is recomputed from x at little cost.
    if rectified && residual != nil { pass.save(y) }
    return y
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    backward(g, &pass, withResidual: false, needsInput: needsInput).input
  }

  /// The gradients of input and residual.
  func backward<T: TensorAlgebra>(
    _ g: consuming T, _ pass: inout Pass<T>, withResidual: Bool, needsInput: Bool
  ) -> (input: T?, residual: T?) {
    let rectifier: Rectifier<T> =
      !rectified ? .linear : withResidual ? .output(pass.restoreValue()) : .recomputed
    let inverse = pass.restoreValue()
    let mean = pass.restoreValue()
    let x = pass.restoreValue()
    let demand = NormalizationDemand(
      followsInput: pass.normalization == .batch, masked: withResidual, input: needsInput)
    let norm = vectors(mean, inverse, pass)
    let gradient = g.normalizationGradient(norm, input: x, rectifier, demand, &pass.context)
    if demand.followsInput {
      // Batch statistics are over the whole batch, and so are these sums.
      pass.gradients.add(whole: gradient.shift, to: shift)
      pass.gradients.add(whole: gradient.gain, to: gain)
    } else {
      pass.gradients.add(wide: gradient.shift, to: shift)
      pass.gradients.add(wide: gradient.gain, to: gain)
    }
    return (gradient.input, gradient.masked)
  }

  private func vectors<T: TensorAlgebra>(_ mean: T, _ inverse: T, _ pass: Pass<T>) -> ChannelNormalization<T>
  {
    ChannelNormalization(
      mean: mean, inverse: inverse, gain: pass.parameter(gain), shift: pass.parameter(shift))
  }

  private func observe<T: TensorAlgebra>(
    _ moments: (mean: T.Wide, variance: T.Wide), count: Int, _ pass: inout Pass<T>
  ) {
    // The running variance is the unbiased one: n / (n − 1) times the biased one.
    let correction = count > 1 ? Double(count) / Double(count - 1) : 1
    pass.observed.observations.append(
      .init(
        mean: runningMean, variance: runningVariance, batchMean: moments.mean.value,
        batchVariance: moments.variance.value.scaled(by: correction)))
  }
}
