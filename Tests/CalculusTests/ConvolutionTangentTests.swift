import EscapementCalculus
import EscapementKernels
import EscapementTestSupport
import Testing

/// What the backward pass and Hessian products ask of convolutions beyond the three passes.
@Suite struct ConvolutionTangentTests {
  // Direct and, for the second, by Winograd with stride 1.
  private static let channels = [(3, 5), (16, 32), (64, 20), (8, 64)]

  @Test("an input gradient added in place is the sum of both, rounded apart", arguments: [1, 2])
  func addedGradient(stride: Int) {
    let geometry = ConvolutionGeometry(stride: stride, padding: 1)
    for (i, (inputs, outputs)) in Self.channels.enumerated() {
      for path in ExecutionPath.each(turn: i) {
        path.run {
          var numbers = TestNumbers(seed: UInt64(i))
          let x = Tensor<Float>(numbers.values(3 * 4 * 8 * inputs), shape: [3, 4, 8, inputs])
          let w = Tensor<Float>(numbers.values(9 * inputs * outputs), shape: [3, 3, inputs, outputs])
          let y = x.convolved(with: w, geometry)
          let dx = y.convolutionInputGradient(weights: w, inputShape: x.shape, geometry)
          var nothing = EvaluationContext()
          #expect(
            y.convolutionInputGradient(weights: w, inputShape: x.shape, geometry, plus: x, &nothing) == x
              + dx,
            "\(path)")
        }
      }
    }
  }

  /// By Winograd the tangent's two sums are one: what a convolution of both images, one after the other along the
  /// channels, with both weights would give. So it is that convolution, bit for bit.
  @Test("a tangent by Winograd is one convolution over the channels of both terms")
  func joined() {
    let geometry = ConvolutionGeometry(stride: 1, padding: 1)
    var numbers = TestNumbers(seed: 5)
    let (n, h, w, ci, co) = (3, 4, 8, 16, 32)
    let x: [Float] = numbers.values(n * h * w * ci)
    let xt: [Float] = numbers.values(n * h * w * ci)
    let k: [Float] = numbers.values(9 * ci * co)
    let kt: [Float] = numbers.values(9 * ci * co)
    func interleaved(_ a: [Float], _ b: [Float], _ length: Int) -> [Float] {
      stride(from: 0, to: a.count, by: length).flatMap { a[$0..<$0 + length] + b[$0..<$0 + length] }
    }
    let both = Tensor(interleaved(xt, x, ci), shape: [n, h, w, 2 * ci])
    let weights = Tensor(interleaved(k, kt, ci * co), shape: [3, 3, 2 * ci, co])
    for path in ExecutionPath.all {
      path.run {
        let y = Tensor(x, shape: [n, h, w, ci]).convolvedTangent(
          Tensor(xt, shape: [n, h, w, ci]), weights: Tensor(k, shape: [3, 3, ci, co]),
          weightsTangent: Tensor(kt, shape: [3, 3, ci, co]), geometry)
        #expect(y == both.convolved(with: weights, geometry), "\(path)")
      }
    }
    // The same backwards: dy of co channels with the weights of co → ci, that is with ci and co exchanged.
    let dy: [Float] = numbers.values(n * h * w * co)
    let dyt: [Float] = numbers.values(n * h * w * co)
    let gradients = Tensor(interleaved(dyt, dy, co), shape: [n, h, w, 2 * co])
    let wide = Tensor(interleaved(k, kt, co), shape: [3, 3, ci, 2 * co])
    for path in ExecutionPath.all {
      path.run {
        let dx = Tensor(dy, shape: [n, h, w, co]).convolutionInputGradientTangent(
          Tensor(dyt, shape: [n, h, w, co]), weights: Tensor(k, shape: [3, 3, ci, co]),
          weightsTangent: Tensor(kt, shape: [3, 3, ci, co]), inputShape: [n, h, w, ci], geometry)
        #expect(
          dx == gradients.convolutionInputGradient(weights: wide, inputShape: [n, h, w, ci], geometry),
          "\(path)")
      }
    }
  }

  @Test("a direct tangent is the sum of both, rounded apart", arguments: [1, 2])
  func apart(stride: Int) {
    let geometry = ConvolutionGeometry(stride: stride, padding: 1)
    for (i, (inputs, outputs)) in Self.channels.enumerated() {
      var numbers = TestNumbers(seed: UInt64(i))
      func tensor(_ shape: Shape) -> Tensor<Double> { Tensor(numbers.values(shape.count), shape: shape) }
      let (x, xt) = (tensor([2, 5, 6, inputs]), tensor([2, 5, 6, inputs]))
      let (w, wt) = (tensor([3, 3, inputs, outputs]), tensor([3, 3, inputs, outputs]))
      #expect(
        x.convolvedTangent(xt, weights: w, weightsTangent: wt, geometry)
          == xt.convolved(with: w, geometry) + x.convolved(with: wt, geometry))
      let y = x.convolved(with: w, geometry)
      let yt = tensor(y.shape)
      #expect(
        y.convolutionInputGradientTangent(
          yt, weights: w, weightsTangent: wt, inputShape: x.shape, geometry)
          == yt.convolutionInputGradient(weights: w, inputShape: x.shape, geometry)
          + y.convolutionInputGradient(weights: wt, inputShape: x.shape, geometry))
    }
  }

  /// A memory keeps the primal's sum: another direction at the same point must find it, with tangents of its own.
  @Test("a moving input gradient added to another is the sum of both, whatever moves", arguments: [1, 2])
  func movingSum(stride: Int) {
    let geometry = ConvolutionGeometry(stride: stride, padding: 1)
    for (i, (inputs, outputs)) in Self.channels.enumerated() {
      var numbers = TestNumbers(seed: UInt64(20 + i))
      func tensor(_ shape: Shape) -> Tensor<Float> { Tensor(numbers.values(shape.count), shape: shape) }
      let inputShape: Shape = [3, 4, 8, inputs]
      let w = tensor([3, 3, inputs, outputs])
      let g = tensor(geometry.outputShape(input: inputShape, weights: w.shape))
      let other = tensor(inputShape)
      var context = EvaluationContext(memory: PrimalMemory(budget: 1 << 20))
      for (gMoves, wMoves, otherMoves) in [
        (true, true, true), (true, false, true), (false, true, true), (false, false, true),
        (true, true, false),
        (false, false, false), (true, true, true),
      ] {
        let gradient = Dual(g, tangent: gMoves ? tensor(g.shape) : nil)
        let weights = Dual(w, tangent: wMoves ? tensor(w.shape) : nil)
        let beside = Dual(other, tangent: otherMoves ? tensor(inputShape) : nil)
        context.memory.rewind()
        let got = gradient.convolutionInputGradient(
          weights: weights, inputShape: inputShape, geometry, plus: beside, &context)
        let want =
          beside
          + gradient.convolutionInputGradient(weights: weights, inputShape: inputShape, geometry)
        #expect(got.primal == want.primal, "\(inputs) → \(outputs)")
        #expect(got.tangent == want.tangent, "\(inputs) → \(outputs), \(gMoves) \(wMoves) \(otherMoves)")
      }
    }
  }
}
