import Calculus
import Kernels

/// The basic block of CIFAR ResNets (He et al. 2016): conv3×3–BN–ReLU–conv3×3–BN, plus shortcut, ReLU.
///
/// Where the shape changes the shortcut is option A: every second row and column, and half of the new
/// channels as zeros in front and half behind. It has no parameters.
public struct ResidualBlock: Layer {
  let first: Convolution
  let firstNorm: BatchNorm
  let second: Convolution
  let secondNorm: BatchNorm
  let input: Int
  let output: Int
  let stride: Int

  /// Declares `name.conv1`, `name.bn1`, `name.conv2` and `name.bn2`, in that order.
  public init(
    name: String, input: Int, output: Int, stride: Int, layout: inout ParameterLayout,
    statistics: inout ParameterLayout
  ) {
    precondition(
      output >= input && (output - input) % 2 == 0, "option A cannot map \(input) to \(output) channels")
    self.input = input
    self.output = output
    self.stride = stride
    first = Convolution(
      name: "\(name).conv1", input: input, output: output, size: 3, stride: stride, padding: 1,
      layout: &layout)
    firstNorm = BatchNorm(
      name: "\(name).bn1", channels: output, rectified: true, layout: &layout, statistics: &statistics)
    second = Convolution(
      name: "\(name).conv2", input: output, output: output, size: 3, padding: 1, layout: &layout)
    secondNorm = BatchNorm(
      name: "\(name).bn2", channels: output, rectified: true, layout: &layout, statistics: &statistics)
  }

  private var isIdentity: Bool { stride == 1 && input == output }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    var y = first.forward(x, &pass)
    y = firstNorm.forward(y, &pass)
    y = second.forward(y, &pass)
    let shortcut =
      isIdentity ? x : x.shortcut(channels: output, stride: stride, before: (output - input) / 2)
    return secondNorm.forward(y, plus: shortcut, &pass)
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    var joined = secondNorm.backward(g, &pass, withResidual: true, needsInput: true)
    var branch = gradient(joined.input)
    branch = gradient(second.backward(branch, &pass, needsInput: true))
    branch = gradient(firstNorm.backward(branch, &pass, needsInput: true))
    var shortcut = gradient(joined.residual)
    // The last owner but one lets go, so that the branch is added in place.
    joined.residual = nil
    if !isIdentity {
      // What the first convolution saved is the block's input.
      shortcut = shortcut.shortcutAdjoint(
        inputShape: pass.lastSavedShape, stride: stride, before: (output - input) / 2)
    }
    return first.backward(branch, &pass, plus: consume shortcut, needsInput: needsInput)
  }

  private func gradient<T>(_ g: T?) -> T {
    guard let g else { preconditionFailure("a layer asked for its input's gradient returned none") }
    return g
  }
}
