import CEscapementKernels

/// A rectangle of pixels within an image.
public struct PixelWindow: Hashable, Sendable {
  /// The number of columns to its left.
  public let left: Int
  /// The number of rows above it.
  public let top: Int
  /// The number of its columns, at least 1.
  public let width: Int
  /// The number of its rows, at least 1.
  public let height: Int

  /// A window by its corner and extents.
  public init(left: Int, top: Int, width: Int, height: Int) {
    precondition(
      left >= 0 && top >= 0 && width >= 1 && height >= 1,
      "a window of \(width) × \(height) at (\(left), \(top))")
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }

  /// Whether it lies inside an image of these extents.
  public func fits(width: Int, height: Int) -> Bool {
    left + self.width <= width && top + self.height <= height
  }
}

/// A decoded image: rows of red, green and blue bytes.
public struct RGBImage: Hashable, Sendable {
  /// The largest number of pixels in an image that is read.
  public static let pixelLimit = 1 << 26

  /// The number of pixels in a row.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// `height` rows of `width` pixels of three bytes.
  public internal(set) var bytes: [UInt8]

  /// An image of the given bytes; their count must match.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(width >= 1 && height >= 1, "an image of \(width) × \(height) pixels")
    precondition(bytes.count == 3 * width * height, "\(bytes.count) bytes for \(width) × \(height) pixels")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// A window of this image resampled to `width` × `height` pixels, of which the window `keep` is returned.
  ///
  /// Bit for bit the result of `crop(source).resize((width, height), BILINEAR).crop(keep)` in Pillow up to 12: a
  /// triangle filter that widens with the reduction, applied horizontally and then vertically, each rounded to bytes,
  /// with weights rounded to 22 bits. (Pillow 13 applies it vertically first if an image becomes wider and lower, and
  /// differs there by one level.) Pixels outside `source` have no effect. The windows default to the whole.
  public func resampled(
    _ source: PixelWindow? = nil, width: Int, height: Int, keeping keep: PixelWindow? = nil
  ) -> RGBImage {
    let source = source ?? PixelWindow(left: 0, top: 0, width: self.width, height: self.height)
    let keep = keep ?? PixelWindow(left: 0, top: 0, width: width, height: height)
    precondition(source.fits(width: self.width, height: self.height), "\(source) leaves the image")
    precondition(keep.fits(width: width, height: height), "\(keep) leaves \(width) × \(height) pixels")
    var window = ek_window(left: keep.left, top: keep.top, width: keep.width, height: keep.height)
    let count = 3 * keep.width * keep.height
    let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      bytes.withUnsafeBufferPointer { all in
        ek_image_resize(
          source.width, source.height, all.baseAddress! + 3 * (source.top * self.width + source.left),
          3 * self.width, width, height, &window, target.baseAddress)
      }
      initialized = count
    }
    return RGBImage(width: keep.width, height: keep.height, bytes: result)
  }

  /// torchvision's `Resize(shorter)` and `CenterCrop(side)`. The shorter side becomes `shorter` pixels and the longer
  /// one ⌊shorter · longer / shorter before⌋. The result is the square in the middle, whose corner is half the
  /// difference, rounded to even.
  public func resampled(shorterSide shorter: Int, center side: Int) -> RGBImage {
    precondition(side >= 1 && side <= shorter, "a square of \(side) pixels from a shorter side of \(shorter)")
    let (wide, high) =
      width <= height
      ? (shorter, shorter * height / width) : (shorter * width / height, shorter)
    func margin(_ extent: Int) -> Int { Int((Double(extent - side) / 2).rounded(.toNearestOrEven)) }
    let square = PixelWindow(left: margin(wide), top: margin(high), width: side, height: side)
    return resampled(width: wide, height: high, keeping: square)
  }
}
