import CEscapementKernels

/// Square windows that slide over images, as in max-pooling.
public struct WindowGeometry: Hashable, Sendable {
  /// The number of rows and columns of a window, at most 15.
  public let size: Int
  /// The distance in pixels between neighboring windows.
  public let stride: Int
  /// The number of rows and columns around the image that windows may cover; they contain no elements.
  public let padding: Int

  /// A geometry. The padding is at most half the size, so that every window overlaps the image.
  public init(size: Int, stride: Int, padding: Int = 0) {
    precondition((1...15).contains(size) && stride >= 1, "windows of \(size) at a stride of \(stride)")
    precondition((0...(size / 2)).contains(padding), "padding \(padding) for windows of \(size)")
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  /// The shape `[n][oh][ow][c]` of one value per window, for an input `[n][h][w][c]`.
  public func outputShape(input: Shape) -> Shape {
    precondition(input.rank == 4, "windows over \(input)")
    let height = input[1] + 2 * padding - size
    let width = input[2] + 2 * padding - size
    precondition(height >= 0 && width >= 0, "windows of \(size) exceed the padded input \(input)")
    return [input[0], height / stride + 1, width / stride + 1, input[3]]
  }
}

/// The position of the largest element of each window: what max-pooling chose.
public struct WindowMaxima: Sendable {
  /// The windows.
  public let geometry: WindowGeometry
  /// The images' shape.
  public let inputShape: Shape
  /// The shape of one value per window.
  public let outputShape: Shape
  // One byte per window: the tap's row-major index in the window.
  private let taps: Block

  /// The positions in `x`. Among equal elements it is the first in row-major order; if there is a NaN, it is the first
  /// NaN.
  public init<Element: Real>(of x: Tensor<Element>, _ geometry: WindowGeometry) {
    self.geometry = geometry
    inputShape = x.shape
    outputShape = geometry.outputShape(input: x.shape)
    taps = Block(bytes: outputShape.count)
    withRecord { record, taps in
      x.withPointer { ek_window_largest(Element.kernelType, &record, $0, taps) }
    }
  }

  fileprivate func withRecord(_ body: (inout ek_windows, UnsafeMutablePointer<UInt8>) -> Void) {
    var record = ek_windows(
      n: inputShape[0], h: inputShape[1], w: inputShape[2], c: inputShape[3], oh: outputShape[1],
      ow: outputShape[2], size: geometry.size, stride: geometry.stride, pad: geometry.padding)
    withExtendedLifetime(taps) { body(&record, taps.memory.assumingMemoryBound(to: UInt8.self)) }
  }
}

extension Tensor {
  /// The elements at these positions, one per window.
  public func gathered(at maxima: WindowMaxima) -> Tensor {
    precondition(shape == maxima.inputShape, "windows over \(maxima.inputShape) read from \(shape)")
    return Tensor(shape: maxima.outputShape) { target in
      withPointer { x in
        maxima.withRecord { ek_window_gather(Element.kernelType, &$0, x, $1, target) }
      }
    }
  }

  /// The adjoint of `gathered(at:)`: each window's entry is added at its position; +0 elsewhere.
  public func scattered(at maxima: WindowMaxima) -> Tensor {
    precondition(shape == maxima.outputShape, "windows of \(maxima.outputShape) written from \(shape)")
    return Tensor(shape: maxima.inputShape) { target in
      withPointer { dy in
        maxima.withRecord { ek_window_scatter(Element.kernelType, &$0, dy, $1, target) }
      }
    }
  }
}
