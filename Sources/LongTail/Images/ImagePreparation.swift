import CEscapementKernels
import EscapementKernels
import EscapementRandomness

extension PixelNormalization {
  /// The constants of the published ImageNet-LT scripts, which are torchvision's.
  public static let imageNet = PixelNormalization(
    mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// The constants of the published iNaturalist 2018 scripts.
  public static let iNaturalist2018 = PixelNormalization(
    mean: [0.466, 0.471, 0.380], deviation: [0.195, 0.194, 0.192])
}

/// How images of any size become inputs of one size.
public struct ImagePreparation: Hashable, Sendable {
  /// What happens to an image.
  public enum Transform: Hashable, Sendable {
    /// The shorter side resized, the square in the middle taken (see `RGBImage.resampled(shorterSide:center:)`).
    case evaluation
    /// A random window resized to the square, flipped left-right with probability one half, its colors jittered.
    /// Keyed by (seed, epoch, sample), so that it depends neither on the order of batches nor on threads.
    case training(seed: UInt64, epoch: Int)
  }

  /// Pixels of the shorter side in evaluation.
  public let shorterSide: Int
  /// Pixels of each side of an input.
  public let side: Int
  /// The windows of training.
  public let crop: RandomResizedCrop
  /// The colors of training.
  public let jitter: ColorJitter
  /// The constants that map bytes to inputs.
  public let normalization: PixelNormalization

  /// ImageNet-LT's published transforms: 256 and 224 pixels.
  public static let imageNetLT = ImagePreparation(normalization: .imageNet)
  /// iNaturalist 2018's: the same but for the constants.
  public static let iNaturalist2018 = ImagePreparation(normalization: .iNaturalist2018)

  /// Sizes and constants; `side` is at most `shorterSide`.
  public init(
    shorterSide: Int = 256, side: Int = 224, crop: RandomResizedCrop = .published,
    jitter: ColorJitter = .published, normalization: PixelNormalization
  ) {
    precondition(side >= 1 && side <= shorterSide, "a square of \(side) pixels from a side of \(shorterSide)")
    self.shorterSide = shorterSide
    self.side = side
    self.crop = crop
    self.jitter = jitter
    self.normalization = normalization
  }

  /// The values of one input: `[side][side][3]`.
  public var inputCount: Int { 3 * side * side }

  /// Writes the input that `image` becomes, as sample `sample` of its set, to `target`, which holds `inputCount`
  /// values. `table` is the normalization's.
  func write<Element: Real>(
    _ image: RGBImage, sample: Int, transform: Transform, table: UnsafePointer<Element>,
    to target: UnsafeMutablePointer<Element>
  ) {
    var (input, flip) = (image, false)
    switch transform {
    case .evaluation: input = image.resampled(shorterSide: shorterSide, center: side)
    case .training(let seed, let epoch):
      precondition(epoch >= 0 && epoch < 1 << 20, "epoch \(epoch) is not in 0..<2^20")
      var stream = RandomStream(
        seed: seed, purpose: .augmentation, index: UInt64(epoch) << 36 | UInt64(sample))
      let window = crop.window(width: image.width, height: image.height, &stream)
      flip = stream.nextWord() & 1 == 1
      input = image.resampled(window, width: side, height: side)
      // Colors do not depend on where a pixel stands, so the flip may come last.
      for change in jitter.draw(&stream) { input.apply(change) }
    }
    input.bytes.withUnsafeBufferPointer {
      ek_image_normalize(Element.kernelType, side, side, $0.baseAddress, flip, table, target)
    }
  }
}
