import CEscapementKernels
import EscapementKernels
import EscapementRandomness

extension PixelNormalization {
  /// The constants of the published ImageNet-LT scripts, which are those of torchvision.
  public static let imageNet = PixelNormalization(
    mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// The constants of the published iNaturalist 2018 scripts.
  public static let iNaturalist2018 = PixelNormalization(
    mean: [0.466, 0.471, 0.380], deviation: [0.195, 0.194, 0.192])
}

/// The conversion of images of any size to inputs of one size.
///
/// Without augmentation the shorter side is resized and the square in the middle is taken (see
/// `RGBImage.resampled(shorterSide:center:)`). With it a random window is resized to the square, flipped left-right with
/// probability one half, and its colors are jittered.
public struct ImagePreparation: Hashable, Sendable {
  /// What is done with the orientation that a file states, before anything else.
  public let orientation: ExifOrientation
  /// The length of the shorter side in evaluation, in pixels.
  public let shorterSide: Int
  /// The side of an input, in pixels.
  public let side: Int
  /// The distribution of training windows.
  public let crop: RandomResizedCrop
  /// The distribution of color changes in training.
  public let jitter: ColorJitter
  /// The constants that map bytes to inputs.
  public let normalization: PixelNormalization

  /// ImageNet-LT's published transforms, with 256 and 224 pixels.
  public static let imageNetLT = ImagePreparation(normalization: .imageNet)
  /// iNaturalist 2018's, which differ only in the constants.
  public static let iNaturalist2018 = ImagePreparation(normalization: .iNaturalist2018)

  /// Sizes and constants; `side` is at most `shorterSide`. Where `shorterSide` is nil it is 8/7 of the side, rounded up:
  /// 256 for 224 pixels, as published.
  public init(
    shorterSide: Int? = nil, side: Int = 224, crop: RandomResizedCrop = .published,
    jitter: ColorJitter = .published, normalization: PixelNormalization,
    orientation: ExifOrientation = .ignored
  ) {
    let shorterSide = shorterSide ?? (8 * side + 6) / 7
    precondition(side >= 1 && side <= shorterSide, "a square of \(side) pixels from a side of \(shorterSide)")
    self.shorterSide = shorterSide
    self.side = side
    self.crop = crop
    self.jitter = jitter
    self.normalization = normalization
    self.orientation = orientation
  }

  /// The number of values in one input: `[side][side][3]`.
  public var inputCount: Int { 3 * side * side }

  /// Writes the input for `image`, whose sample key is `sample`, to `target`, which has room for `inputCount` values.
  /// `table` is the normalization's table.
  func write<Element: Real>(
    _ image: RGBImage, sample: Int, transform: ImageTransform, table: UnsafePointer<Element>,
    to target: UnsafeMutablePointer<Element>
  ) {
    var (input, flip) = (image, false)
    switch transform {
    case .plain: input = image.resampled(shorterSide: shorterSide, center: side)
    case .augmented(let seed, let epoch):
      precondition(epoch >= 0 && epoch < 1 << 20, "epoch \(epoch) is not in 0..<2^20")
      var stream = RandomStream(
        seed: seed, purpose: .augmentation, index: UInt64(epoch) << 36 | UInt64(sample))
      let window = crop.window(width: image.width, height: image.height, &stream)
      flip = stream.nextWord() & 1 == 1
      input = image.resampled(window, width: side, height: side)
      // Colors do not depend on a pixel's position, so the flip may come last.
      for change in jitter.draw(&stream) { input.apply(change) }
    }
    input.bytes.withUnsafeBufferPointer {
      ek_image_normalize(Element.kernelType, side, side, $0.baseAddress, flip, table, target)
    }
  }
}
