import EscapementCalculus
import EscapementKernels

/// A convolution without bias: NHWC input, weights `[kh][kw][ci][co]`.
public struct Convolution: Layer {
  let weight: Int
  let weightShape: Shape
  let geometry: ConvolutionGeometry

  /// A square kernel of `size`, declared as `name.weight` and drawn from `distribution`.
  public init(
    name: String, input: Int, output: Int, size: Int, stride: Int = 1, padding: Int = 0,
    distribution: WeightDistribution = .normalFanIn, layout: inout ParameterLayout
  ) {
    weightShape = [size, size, input, output]
    let pixels = size * size
    weight = layout.append(
      name: "\(name).weight", shape: weightShape, role: .convolution,
      initialization: distribution.initialization(fanIn: input * pixels, fanOut: output * pixels))
    geometry = ConvolutionGeometry(stride: stride, padding: padding)
  }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    pass.save(x)
    let weights = pass.parameter(weight)
    return x.convolved(with: weights, geometry, &pass.context)
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    backward(g, &pass, plus: nil, needsInput: needsInput)
  }

  /// The input's gradient, added to a gradient that reaches the input by another path, if there is one.
  func backward<T: TensorAlgebra>(
    _ g: consuming T, _ pass: inout Pass<T>, plus sum: consuming T?, needsInput: Bool
  ) -> T? {
    let x = pass.restoreValue()
    let weights = pass.parameter(weight)
    for (index, run) in pass.runs(of: x.shape[0]).enumerated() {
      pass.enter(run: index)
      pass.gradients.add(
        g.samples(run).convolutionWeightTerms(
          input: x.samples(run), weightShape: weightShape, geometry), to: weight)
    }
    guard needsInput else { return nil }
    return g.convolutionInputGradient(
      weights: weights, inputShape: x.shape, geometry, plus: consume sum, &pass.context)
  }
}
