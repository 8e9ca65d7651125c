import CEscapementKernels
import EscapementKernels
import EscapementRandomness

/// The two views of an image in parametric contrastive learning on CIFAR, as in
/// github.com/dvlab-research/Parametric-Contrastive-Learning (`paco_cifar.py`).
///
/// The first is cropped and flipped as everywhere (`ImageTransform.augmented`, with the same draws), then changed by
/// AutoAugment's policy for CIFAR-10, and a square of 16 pixels about a uniform pixel is erased (Cutout). The second is
/// SimCLR's: a random window resized to the image's size, a flip, a color jitter with probability 0.8, gray with
/// probability 0.2, a blur with probability 0.5.
package struct ContrastiveViews: Sendable {
  /// The window of the second view.
  static let crop = RandomResizedCrop(scale: 0.2...1, ratio: RandomResizedCrop.published.ratio)
  /// The jitter of the second view.
  static let jitter = ColorJitter(strength: 0.4, hue: 0.1)
  /// The standard deviations of its blur, in pixels.
  static let deviations = 0.1...2.0
  /// The side of the erased square, in pixels; the part of it outside the image has no effect.
  static let erased = 16

  /// The row and column of the first view's window in the padded image.
  package let corner: (row: Int, column: Int)
  /// Whether the first view is flipped.
  package let flipsFirst: Bool
  /// The operations on the first view.
  package let first: [ImageOperation]
  /// The window of the second view.
  package let window: PixelWindow
  /// Whether the second view is flipped.
  package let flipsSecond: Bool
  /// The operations on the second view, none of which depends on left and right.
  package let second: [ImageOperation]

  /// Draws both views, in the order of the members.
  package init(_ stream: inout RandomStream) {
    let (side, places) = (ImageSet.side, 2 * ImageSet.padding + 1)
    corner = (stream.integer(below: places), stream.integer(below: places))
    flipsFirst = stream.nextWord() & 1 == 1
    let policy = AutoAugment.cifar10.draw(width: side, height: side, &stream)
    let (row, column) = (stream.integer(below: side), stream.integer(below: side))
    first = policy + [.erase(Self.square(row, column, side))]
    window = Self.crop.window(width: side, height: side, &stream)
    flipsSecond = stream.nextWord() & 1 == 1
    var second: [ImageOperation] = []
    if stream.uniform() < 0.8 { second += Self.jitter.draw(&stream).map { .color($0) } }
    if stream.uniform() < 0.2 { second.append(.color(ColorChange(.saturation, factor: 0))) }
    if stream.uniform() < 0.5 {
      let (low, high) = (Self.deviations.lowerBound, Self.deviations.upperBound)
      second.append(.blur(deviation: low + (high - low) * stream.uniform()))
    }
    self.second = second
  }

  /// The part inside the image of the square from (row, column) − 8 up to but not including (row, column) + 8.
  private static func square(_ row: Int, _ column: Int, _ side: Int) -> PixelWindow {
    func range(_ middle: Int) -> Range<Int> {
      max(middle - erased / 2, 0)..<min(middle + erased / 2, side)
    }
    let (rows, columns) = (range(row), range(column))
    return PixelWindow(
      left: columns.lowerBound, top: rows.lowerBound, width: columns.count, height: rows.count)
  }

  /// The views of an image in published bytes. The second is not flipped yet.
  func images(of planes: UnsafePointer<UInt8>) -> (first: RGBImage, second: RGBImage) {
    let (side, padding) = (ImageSet.side, ImageSet.padding)
    func cut(_ row: Int, _ column: Int, flip: Bool) -> RGBImage {
      let bytes = [UInt8](unsafeUninitializedCapacity: ImageSet.imageBytes) { target, initialized in
        ek_image_window(side, padding, planes, row, column, flip, target.baseAddress)
        initialized = ImageSet.imageBytes
      }
      return RGBImage(width: side, height: side, bytes: bytes)
    }
    var one = cut(corner.row, corner.column, flip: flipsFirst)
    for operation in first { one.apply(operation) }
    var other = cut(padding, padding, flip: false).resampled(window, width: side, height: side)
    for operation in second { other.apply(operation) }
    return (one, other)
  }
}

extension ImageSet {
  /// Two views of the images at `positions`, normalized: see `ContrastiveViews`. They are keyed by (seed, epoch,
  /// sample); `keys`, one per image, replace the positions as sample keys.
  package func contrastiveBatch<Element: Real>(
    _ positions: [Int], seed: UInt64, epoch: Int, keyedBy keys: [Int],
    normalization: PixelNormalization = .cifar
  ) -> LabeledBatch<Element> {
    precondition(keys.count == positions.count, "\(keys.count) keys for \(positions.count) images")
    precondition(epoch >= 0 && epoch < 1 << 20, "epoch \(epoch) is not in 0..<2^20")
    let table = normalization.table(of: Element.self)
    let shape: Shape = [positions.count, Self.side, Self.side, 3]
    var second = Tensor<Element>.zeros(shape)
    let first = Tensor<Element>(shape: shape) { one in
      second.withMutablePointer { other in
        performInParallel(positions.count) { i in
          var stream = RandomStream(
            seed: seed, purpose: .augmentation, index: UInt64(epoch) << 36 | UInt64(keys[i]))
          let views = ContrastiveViews(&stream)
          let images = self.images.withUnsafeBufferPointer {
            views.images(of: $0.baseAddress! + positions[i] * Self.imageBytes)
          }
          func write(_ image: RGBImage, flip: Bool, to target: UnsafeMutablePointer<Element>) {
            image.bytes.withUnsafeBufferPointer { bytes in
              table.withUnsafeBufferPointer { table in
                ek_image_normalize(
                  Element.kernelType, Self.side, Self.side, bytes.baseAddress, flip, table.baseAddress,
                  target + i * Self.imageBytes)
              }
            }
          }
          write(images.first, flip: false, to: one)
          write(images.second, flip: views.flipsSecond, to: other)
        }
      }
    }
    var batch = LabeledBatch(images: first, labels: positions.map { labels[$0] })
    batch.secondView = second
    return batch
  }
}
