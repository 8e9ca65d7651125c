import CEscapementKernels
import EscapementKernels
import EscapementRandomness

/// Per-channel constants that map a byte to a network input: ((x / 255) − mean) / std.
public struct PixelNormalization: Hashable, Sendable {
  /// Channel means of pixels in [0, 1].
  public let mean: [Double]
  /// Channel standard deviations.
  public let deviation: [Double]

  /// The constants of the released CIFAR scripts, used for CIFAR-10 and CIFAR-100 alike.
  public static let cifar = PixelNormalization(
    mean: [0.4914, 0.4822, 0.4465], deviation: [0.2023, 0.1994, 0.2010])

  /// The 256 inputs of each channel, computed in Double and rounded once to the element type.
  public func table<Element: Real>(of type: Element.Type) -> [Element] {
    (0..<3).flatMap { channel in
      (0..<256).map { Element(rounding: (Double($0) / 255 - mean[channel]) / deviation[channel]) }
    }
  }
}

extension ImageSet {
  /// The number of zero pixels added on each side before cropping.
  static let padding = 4

  /// The images at `positions`, transformed and normalized by the constants of the released scripts: `[n][32][32][3]`.
  public func batch<Element: Real>(
    _ positions: [Int], transform: ImageTransform, keyedBy keys: [Int]? = nil
  ) -> LabeledBatch<Element> {
    let keys = keys ?? positions
    precondition(keys.count == positions.count, "\(keys.count) keys for \(positions.count) images")
    var rows = [UInt8](repeating: UInt8(Self.padding), count: positions.count)
    var columns = rows
    var flips = [UInt8](repeating: 0, count: positions.count)
    if case .augmented(let seed, let epoch) = transform {
      precondition(epoch >= 0 && epoch < 1 << 20, "epoch \(epoch) is not in 0..<2^20")
      for (i, key) in keys.enumerated() {
        var stream = RandomStream(
          seed: seed, purpose: .augmentation, index: UInt64(epoch) << 36 | UInt64(key))
        rows[i] = UInt8(stream.integer(below: 2 * Self.padding + 1))
        columns[i] = UInt8(stream.integer(below: 2 * Self.padding + 1))
        flips[i] = UInt8(stream.nextWord() & 1)
      }
    }
    let table = Tensor(PixelNormalization.cifar.table(of: Element.self))
    let images = Tensor<Element>(shape: [positions.count, Self.side, Self.side, 3]) { target in
      self.images.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        let sources: [UnsafePointer<UInt8>?] = positions.map { base + $0 * Self.imageBytes }
        table.withPointer {
          ek_images_prepare(
            Element.kernelType, positions.count, Self.side, Self.padding, sources, rows, columns, flips, $0,
            target)
        }
      }
    }
    return LabeledBatch(images: images, labels: positions.map { labels[$0] })
  }
}
