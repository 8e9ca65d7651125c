import CEscapementKernels

/// An operation of data augmentation on the bytes of an image, bit for bit as in Pillow.
package enum ImageOperation: Hashable, Sendable {
  /// See `ColorChange`.
  case color(ColorChange)
  /// Away from a smoothed image, by a factor of at least 0; 1 leaves the image unchanged (`ImageEnhance.Sharpness`).
  case sharpness(factor: Double)
  /// Keeps the highest bits of every byte, 1 to 8 of them (`ImageOps.posterize`).
  case posterize(bits: Int)
  /// x becomes 255 − x from the threshold on (`ImageOps.solarize`).
  case solarize(threshold: Double)
  /// Stretches each channel from its smallest and largest byte to 0 and 255 (`ImageOps.autocontrast`).
  case autoContrast
  /// Maps each channel by its cumulative histogram (`ImageOps.equalize`).
  case equalize
  /// x becomes 255 − x (`ImageOps.invert`).
  case invert
  /// The pixel at (c, r) is taken from (c + x·r, r + y·c), with coordinates of pixel centers, by a bicubic
  /// interpolation (`Image.transform`).
  case shear(x: Double, y: Double)
  /// The pixel at (c, r) is the one at (c + x, r + y), counted in pixels (`Image.transform` with the nearest pixel).
  case translate(x: Double, y: Double)
  /// Turns the image about its middle, counterclockwise by less than 90 degrees (`Image.rotate` with the nearest
  /// pixel).
  case rotate(degrees: Double)
  /// Three box filters that together have a standard deviation above 0, in pixels (`ImageFilter.GaussianBlur`).
  case blur(deviation: Double)
  /// Sets a window to 0.
  case erase(PixelWindow)

  /// The byte of all channels where a shear, a translation or a rotation shows nothing of the image, as in the public
  /// code of AutoAugment's policies.
  static let fill: UInt8 = 128
}

extension RGBImage {
  /// Applies an operation.
  package mutating func apply(_ operation: ImageOperation) {
    let (width, height) = (width, height)
    switch operation {
    case .color(let change): apply(change)
    case .sharpness(let factor):
      precondition(factor >= 0 && factor.isFinite, "a sharpness of \(factor)")
      replace { ek_image_sharpen(width, height, Float(factor), $0, $1) }
    case .posterize(let bits):
      precondition((1...8).contains(bits), "\(bits) bits of a byte")
      map(EK_POSTERIZE, level: Double(bits))
    case .solarize(let threshold): map(EK_SOLARIZE, level: threshold)
    case .autoContrast: map(EK_AUTO_CONTRAST)
    case .equalize: map(EK_EQUALIZE)
    case .invert: map(EK_SOLARIZE, level: 0)
    case .shear(let x, let y): transform(EK_BICUBIC, [1, x, 0, y, 1, 0])
    case .translate(let x, let y): transform(EK_NEAREST, [1, 0, x, 0, 1, y])
    case .rotate(let degrees): transform(EK_NEAREST, rotation(degrees))
    case .blur(let deviation):
      precondition(deviation > 0 && deviation.isFinite, "a blur of \(deviation) pixels")
      replace { ek_image_blur(width, height, Float(deviation), $0, $1) }
    case .erase(let window):
      precondition(window.fits(width: width, height: height), "\(window) leaves the image")
      var place = ek_window(left: window.left, top: window.top, width: window.width, height: window.height)
      bytes.withUnsafeMutableBufferPointer { ek_image_erase(width, &place, $0.baseAddress) }
    }
  }

  /// Changes the colors of all pixels: see `ColorChange`.
  public mutating func apply(_ change: ColorChange) {
    let pixels = width * height
    func enhance(_ kind: ek_enhancement) {
      bytes.withUnsafeMutableBufferPointer {
        ek_image_enhance(kind, pixels, Float(change.factor), $0.baseAddress, $0.baseAddress)
      }
    }
    switch change.kind {
    case .brightness: enhance(EK_BRIGHTNESS)
    case .contrast: enhance(EK_CONTRAST)
    case .saturation: enhance(EK_SATURATION)
    case .hue:
      let shift = UInt8(truncatingIfNeeded: Int(change.factor * 255))
      bytes.withUnsafeMutableBufferPointer { ek_image_hue(pixels, shift, $0.baseAddress, $0.baseAddress) }
    }
  }

  private mutating func map(_ tone: ek_tone, level: Double = 0) {
    let pixels = width * height
    bytes.withUnsafeMutableBufferPointer {
      ek_image_tone(tone, level, pixels, $0.baseAddress, $0.baseAddress)
    }
  }

  private mutating func transform(_ interpolation: ek_interpolation, _ matrix: [Double]) {
    let (width, height) = (width, height)
    precondition(width < 1 << 13 && height < 1 << 13, "an affine transform of \(width) × \(height) pixels")
    replace { ek_image_affine(interpolation, width, height, matrix, ImageOperation.fill, $0, $1) }
  }

  /// From output to input. Cosine and sine are rounded to 15 decimals, as in Pillow.
  private func rotation(_ degrees: Double) -> [Double] {
    precondition(abs(degrees) < 90, "a rotation by \(degrees) degrees")
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded(.toNearestOrEven) / 1e15 }
    let cosine = rounded(ek_cospi(degrees / 180))
    let sine = rounded(-ek_cospi(0.5 - degrees / 180))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    return [
      cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y,
    ]
  }

  /// Replaces the bytes by what `body` writes from the first pointer to the second.
  private mutating func replace(_ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void) {
    bytes = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, initialized in
      bytes.withUnsafeBufferPointer { body($0.baseAddress!, target.baseAddress!) }
      initialized = bytes.count
    }
  }
}
