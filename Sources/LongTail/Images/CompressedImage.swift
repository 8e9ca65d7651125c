import EscapementArtifacts
import Foundation

#if Images
  import CEscapementImageFiles
#endif

/// The image formats that libjpeg and libpng decode, in builds with the package trait Images.
package enum CompressedImage: String, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"

  /// Whether this build decodes them.
  package static var isAvailable: Bool {
    #if Images
      true
    #else
      false
    #endif
  }

  private static let advice =
    "JPEG and PNG images need a build with --traits Images (apt-get install libjpeg-dev libpng-dev)"

  /// Whether an error is that of a build that does not decode them.
  static func isUnavailable(_ error: any Error) -> Bool { (error as? MissingError)?.advice == advice }

  /// The format of a file with these first bytes: PNG's signature, or JPEG's start marker and the first byte of another
  /// marker. Nil for any other.
  init?(startOf bytes: Data) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }

  /// The image in `bytes`, which are of this format; see `ImageFile`.
  func decoded(_ bytes: Data, file: String, orientation: ExifOrientation) throws -> DecodedImage {
    #if Images
      var image = eimage()
      let decode = self == .jpeg ? eimage_decode_jpeg : eimage_decode_png
      let status = bytes.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
        decode(
          source.bindMemory(to: UInt8.self).baseAddress, source.count, RGBImage.pixelLimit,
          orientation == .applied, &image)
      }
      defer { eimage_free(&image) }
      let message = withUnsafeBytes(of: image.message) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      let extents = "\(image.width) × \(image.height) pixels"
      switch status {
      case EIMAGE_DECODED:
        let count = 3 * image.width * image.height
        return DecodedImage(
          image: RGBImage(
            width: image.width, height: image.height,
            bytes: [UInt8](UnsafeBufferPointer(start: image.pixels, count: count))),
          warnings: image.warnings, firstWarning: image.warnings > 0 ? message : nil)
      case EIMAGE_TOO_LARGE:
        throw DataError(
          file: file, place: "header", found: extents, expected: "at most \(RGBImage.pixelLimit)",
          advice: "shrink the image")
      case EIMAGE_NO_MEMORY:
        throw DataError(
          file: file, place: "header", found: extents, expected: "an image that fits into the free memory",
          advice: "shrink the image or use fewer threads")
      default:
        throw DataError(
          file: file, place: "\(rawValue) data", found: "“\(message)”", expected: "a whole \(rawValue) image",
          advice: "copy, download or encode the image again")
      }
    #else
      throw MissingError(
        what: "the \(rawValue) decoder that \(file) asks for",
        advice: Self.advice)
    #endif
  }
}
