import EscapementCalculus
import EscapementKernels

/// A residual block (He et al. 2016): convolutions, each with batch norm and ReLU, plus a shortcut before the
/// last ReLU.
///
/// The basic block has two 3×3 convolutions; the bottleneck has 1×1, 3×3 and 1×1, the last four times as wide.
public struct ResidualBlock: Layer {
  /// What is added to the convolutions' result if the shape changes; otherwise it is the input.
  public enum Shortcut: Hashable, Sendable {
    /// Option A, as in the CIFAR networks: every second row and column, with half of the new channels as zeros in front
    /// and half behind. It has no parameters.
    case padded
    /// Option B, as in torchvision: a 1×1 convolution with batch norm, `name.downsample.0` and `.1`.
    case projection
  }

  private struct Stage: Sendable {
    let convolution: Convolution
    let norm: BatchNorm
  }

  private let stages: [Stage]
  private let shortcut: Shortcut?
  private let projection: Stage?
  private let input: Int
  private let output: Int
  private let stride: Int

  /// The basic block: conv3×3(stride)–BN–ReLU–conv3×3–BN. Declares `name.conv1`, `name.bn1`, `name.conv2`, `name.bn2`
  /// and a projection, in that order.
  public init(
    name: String, input: Int, output: Int, stride: Int, shortcut: Shortcut = .padded,
    distribution: WeightDistribution = .normalFanIn, layout: inout ParameterLayout,
    statistics: inout ParameterLayout
  ) {
    self.init(
      name: name, input: input, kernels: [(3, output, stride), (3, output, 1)], shortcut: shortcut,
      distribution: distribution, layout: &layout, statistics: &statistics)
  }

  /// The bottleneck: conv1×1–BN–ReLU–conv3×3(stride)–BN–ReLU–conv1×1–BN, with 4·`width` output channels.
  ///
  /// The stride is in the 3×3 convolution, as in torchvision (known as v1.5; in the paper it is in the first 1×1).
  public init(
    bottleneck name: String, input: Int, width: Int, stride: Int, distribution: WeightDistribution,
    layout: inout ParameterLayout, statistics: inout ParameterLayout
  ) {
    self.init(
      name: name, input: input, kernels: [(1, width, 1), (3, width, stride), (1, 4 * width, 1)],
      shortcut: .projection, distribution: distribution, layout: &layout, statistics: &statistics)
  }

  private init(
    name: String, input: Int, kernels: [(size: Int, output: Int, stride: Int)], shortcut kind: Shortcut,
    distribution: WeightDistribution, layout: inout ParameterLayout, statistics: inout ParameterLayout
  ) {
    func stage(
      _ convolution: String, _ norm: String, _ input: Int, _ kernel: (Int, Int, Int), _ rectified: Bool
    )
      -> Stage
    {
      let (size, output, stride) = kernel
      return Stage(
        convolution: Convolution(
          name: "\(name).\(convolution)", input: input, output: output, size: size, stride: stride,
          padding: size / 2, distribution: distribution, layout: &layout),
        norm: BatchNorm(
          name: "\(name).\(norm)", channels: output, rectified: rectified, layout: &layout,
          statistics: &statistics))
    }
    var channels = input
    var stages: [Stage] = []
    for (i, kernel) in kernels.enumerated() {
      stages.append(stage("conv\(i + 1)", "bn\(i + 1)", channels, kernel, true))
      channels = kernel.output
    }
    let stride = kernels.map(\.stride).reduce(1, *)
    self.stages = stages
    self.input = input
    self.stride = stride
    output = channels
    shortcut = stride == 1 && input == channels ? nil : kind
    projection =
      shortcut == .projection
      ? stage("downsample.0", "downsample.1", input, (1, channels, stride), false) : nil
    precondition(
      shortcut != .padded || (output >= input && (output - input) % 2 == 0),
      "option A cannot map \(input) to \(output) channels")
  }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    var y = x
    for stage in stages.dropLast() {
      y = stage.convolution.forward(y, &pass)
      y = stage.norm.forward(y, &pass)
    }
    let last = stages[stages.count - 1]
    y = last.convolution.forward(y, &pass)
    return last.norm.forward(y, plus: shortcut(x, &pass), &pass)
  }

  private func shortcut<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    if let projection {
      return projection.norm.forward(projection.convolution.forward(x, &pass), &pass)
    }
    return shortcut == nil ? x : x.shortcut(channels: output, stride: stride, before: (output - input) / 2)
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    var joined = stages[stages.count - 1].norm.backward(g, &pass, withResidual: true, needsInput: true)
    var branch = gradient(joined.input)
    var beside: T? = gradient(joined.residual)
    // Releases the second-to-last reference, so that the branch is added in place.
    joined.residual = nil
    if let projection {
      beside = projection.norm.backward(gradient(beside.take()), &pass, needsInput: true)
      beside = projection.convolution.backward(gradient(beside.take()), &pass, needsInput: needsInput)
    }
    for index in (1..<stages.count).reversed() {
      branch = gradient(stages[index].convolution.backward(branch, &pass, needsInput: true))
      branch = gradient(stages[index - 1].norm.backward(branch, &pass, needsInput: true))
    }
    if shortcut == .padded {
      // The value that the first convolution saved is the block's input.
      beside = gradient(beside.take()).shortcutAdjoint(
        inputShape: pass.lastSavedShape, stride: stride, before: (output - input) / 2)
    }
    return stages[0].convolution.backward(branch, &pass, plus: beside.take(), needsInput: needsInput)
  }

  private func gradient<T>(_ g: consuming T?) -> T {
    guard let g else { preconditionFailure("a layer asked for its input's gradient returned none") }
    return g
  }
}
