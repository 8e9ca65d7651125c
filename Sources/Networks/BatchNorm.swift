import Calculus
import Kernels

/// Batch normalisation per channel (Ioffe & Szegedy 2015): y = γ·(x − μ)/√(σ² + ε) + β.
///
/// Under `.batch`, μ and σ² are the batch's mean and biased variance and take part in differentiation;
/// under `.running` they are constants. ε = 1e-5 is PyTorch's default, which the released code keeps.
public struct BatchNorm: Layer {
  let gain: Int
  let shift: Int
  let runningMean: Int
  let runningVariance: Int
  let epsilon: Double

  /// Declares `name.weight` (γ), `name.bias` (β) and the running statistics.
  public init(
    name: String, channels: Int, epsilon: Double = 1e-5, layout: inout ParameterLayout,
    statistics: inout ParameterLayout
  ) {
    gain = layout.append(name: "\(name).weight", shape: [channels], role: .vector)
    shift = layout.append(name: "\(name).bias", shape: [channels], role: .vector)
    runningMean = statistics.append(name: "\(name).running_mean", shape: [channels], role: .vector)
    runningVariance = statistics.append(name: "\(name).running_var", shape: [channels], role: .vector)
    self.epsilon = epsilon
  }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    let mean: T
    let inverseDeviation: T
    switch pass.normalization {
    case .batch:
      let moments = x.channelMoments()
      observe(moments, count: x.shape[0] * x.shape.pixels, &pass)
      mean = .narrowed(moments.mean)
      inverseDeviation = .narrowed(moments.variance.adding(epsilon).map(.squareRoot).map(.reciprocal))
    case .running:
      let variance = pass.statistic(runningVariance).converted(to: Double.self)
      mean = T(constant: pass.statistic(runningMean))
      inverseDeviation = T(
        constant: variance.adding(epsilon).map(.squareRoot).map(.reciprocal).converted(to: T.Element.self))
    }
    let normalised = x.subtractingChannels(mean).multiplyingChannels(inverseDeviation)
    pass.save(normalised)
    pass.save(inverseDeviation)
    return normalised.multiplyingChannels(pass.parameter(gain)).addingChannels(pass.parameter(shift))
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    let inverseDeviation = pass.restoreValue()
    let normalised = pass.restoreValue()
    let scale = pass.parameter(gain) * inverseDeviation
    guard pass.normalization == .batch else {
      pass.gradients.add(wide: g.channelSumTerms(), to: shift)
      pass.gradients.add(wide: g.channelDotTerms(normalised), to: gain)
      return needsInput ? g.multiplyingChannels(scale) : nil
    }
    // A batch is one part, so its sums need not be kept as terms: they serve the parameters and the input alike.
    let sums = g.channelSums()
    let dots = g.channelDots(normalised)
    pass.gradients.add(wide: [sums.derivative], to: shift)
    pass.gradients.add(wide: [dots.derivative], to: gain)
    guard needsInput else { return nil }
    // The mean and the variance move with x: subtract the parts of g along 1 and along the output.
    let count = Double(g.shape[0] * g.shape.pixels)
    let along1: T = .narrowed(sums.divided(by: count))
    let alongOutput: T = .narrowed(dots.divided(by: count))
    return (g.subtractingChannels(along1) - normalised.multiplyingChannels(alongOutput)).multiplyingChannels(
      scale)
  }

  private func observe<T: TensorAlgebra>(
    _ moments: (mean: T.Wide, variance: T.Wide), count: Int, _ pass: inout Pass<T>
  ) {
    // The running variance is of the population: n / (n − 1) times the biased one.
    let correction = count > 1 ? Double(count) / Double(count - 1) : 1
    pass.observed.observations.append(
      .init(
        mean: runningMean, variance: runningVariance, batchMean: moments.mean.value,
        batchVariance: moments.variance.value.scaled(by: correction)))
  }
}
