import EscapementCalculus
import EscapementKernels

/// An affine map of feature vectors: y = x·W + b with W stored `[in][out]`.
///
/// It is computed as a convolution over one pixel, so its weight gradient follows the batch rule of convolutions
/// (groups of eight samples).
public struct Dense: Layer {
  let weight: Int
  let bias: Int
  let input: Int
  let output: Int
  private let geometry = ConvolutionGeometry()

  /// Declares `name.weight`, drawn from `distribution`, and `name.bias`, drawn from PyTorch's default U(±1/√in).
  public init(
    name: String, input: Int, output: Int, distribution: WeightDistribution = .normalFanIn,
    layout: inout ParameterLayout
  ) {
    self.input = input
    self.output = output
    weight = layout.append(
      name: "\(name).weight", shape: [input, output], role: .dense,
      initialization: distribution.initialization(fanIn: input, fanOut: output))
    bias = layout.append(
      name: "\(name).bias", shape: [output], role: .vector, initialization: .uniform(fanIn: input))
  }

  private var kernelShape: Shape { [1, 1, input, output] }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    let samples = x.shape[0]
    precondition(x.shape.count == samples * input, "dense layer of \(input) inputs got \(x.shape)")
    pass.save(x.shape)
    let pixel = x.reshaped([samples, 1, 1, input])
    pass.save(pixel)
    let weights = pass.parameter(weight, as: kernelShape)
    return pixel.convolved(with: weights, geometry, &pass.context)
      .reshaped([samples, output]).addingChannels(pass.parameter(bias))
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    let x = pass.restoreValue()
    let inputShape = pass.restoreShape()
    let gradient = g.reshaped([x.shape[0], 1, 1, output])
    for (index, run) in pass.runs(of: x.shape[0]).enumerated() {
      pass.enter(run: index)
      let g = gradient.samples(run)
      pass.gradients.add(wide: g.channelSumTerms(), to: bias)
      pass.gradients.add(
        g.convolutionWeightTerms(input: x.samples(run), weightShape: kernelShape, geometry), to: weight)
    }
    guard needsInput else { return nil }
    let weights = pass.parameter(weight, as: kernelShape)
    return gradient.convolutionInputGradient(
      weights: weights, inputShape: x.shape, geometry, plus: nil, &pass.context
    ).reshaped(inputShape)
  }
}
