import CEscapementKernels

/// The stride and padding of a convolution.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// The distance in pixels between the windows of neighboring outputs, in both directions.
  public let stride: Int
  /// The number of rows and columns of zeros on each side of the input.
  public let padding: Int

  /// A geometry; stride is at least 1, padding at least 0.
  public init(stride: Int = 1, padding: Int = 0) {
    precondition(stride >= 1 && padding >= 0, "stride \(stride) and padding \(padding)")
    self.stride = stride
    self.padding = padding
  }

  /// The output's shape `[n][oh][ow][co]` for an input `[n][h][w][ci]` and weights `[kh][kw][ci][co]`.
  public func outputShape(input: Shape, weights: Shape) -> Shape {
    precondition(
      input.rank == 4 && weights.rank == 4, "input \(input), weights \(weights): expected four axes each")
    precondition(input[3] == weights[2], "input \(input) has other channels than weights \(weights)")
    let height = input[1] + 2 * padding - weights[0]
    let width = input[2] + 2 * padding - weights[1]
    precondition(height >= 0 && width >= 0, "weights \(weights) exceed the padded input \(input)")
    return [input[0], height / stride + 1, width / stride + 1, weights[3]]
  }

  func record(input: Shape, weights: Shape) -> ek_conv {
    let output = outputShape(input: input, weights: weights)
    return ek_conv(
      n: input[0], h: input[1], w: input[2], ci: input[3], oh: output[1], ow: output[2], co: output[3],
      kh: weights[0], kw: weights[1], stride: stride, pad: padding)
  }
}
