import EscapementCalculus
import EscapementKernels

/// The normalized classifier of LDAM (Cao et al. 2019): z_c = ⟨x/‖x‖, W_c/‖W_c‖⟩, cosines without bias.
///
/// Norms are clamped to at least 10⁻¹². W is stored `[in][out]`, in state dictionaries too. The scale s = 30 of the
/// published experiments is part of the loss.
///
/// The gradient with respect to W is computed in two steps: the gradient with respect to its unit columns is summed
/// over the batch by the rule of dense weights, and the pullback through the normalization is then applied once.
public struct NormalizedDense: Layer {
  let weight: Int
  let input: Int
  let output: Int
  private let geometry = ConvolutionGeometry()

  /// Declares `name.weight`, initially with columns of unit length.
  public init(name: String, input: Int, output: Int, layout: inout ParameterLayout) {
    self.input = input
    self.output = output
    weight = layout.append(
      name: "\(name).weight", shape: [input, output], role: .matrix, initialization: .unitColumns)
  }

  private var kernelShape: Shape { [1, 1, input, output] }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    let samples = x.shape[0]
    precondition(x.shape.count == samples * input, "normalized layer of \(input) inputs got \(x.shape)")
    pass.save(x.shape)
    let rows = x.reshaped([samples, input])
    pass.save(rows)
    let pixels = UnitVectors(rows, .rows).value.reshaped([samples, 1, 1, input])
    let columns = UnitVectors(pass.parameter(weight), .columns).value.reshaped(kernelShape)
    return pixels.convolved(with: columns, geometry, &pass.context).reshaped([samples, output])
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    // Both norms are recomputed at little cost.
    let rows = UnitVectors(pass.restoreValue(), .rows)
    let inputShape = pass.restoreShape()
    let samples = inputShape[0]
    let pixels = rows.value.reshaped([samples, 1, 1, input])
    let gradient = g.reshaped([samples, 1, 1, output])
    let columns = UnitVectors(pass.parameter(weight), .columns)
    let matrix: Shape = [input, output]
    for (index, run) in pass.runs(of: samples).enumerated() {
      pass.enter(run: index)
      let (g, x) = (gradient.samples(run), pixels.samples(run))
      let terms = g.convolutionWeightTerms(input: x, weightShape: kernelShape, geometry)
      var primal: Tensor<T.Element>?
      if pass.moves {
        primal = pass.context.memory.recall {
          g.value.convolutionWeightGradient(input: x.value, weightShape: kernelShape, geometry)
        }
      }
      pass.gradients.add(terms.map { $0.reshaped(matrix) }, primal: primal?.reshaped(matrix), to: weight)
    }
    pass.gradients.pullBack(weight) { (sum: T) in columns.pulledBack(sum) }
    guard needsInput else { return nil }
    let unitGradient = gradient.convolutionInputGradient(
      weights: columns.value.reshaped(kernelShape), inputShape: pixels.shape, geometry, plus: nil,
      &pass.context)
    return rows.pulledBack(unitGradient.reshaped([samples, input])).reshaped(inputShape)
  }
}
