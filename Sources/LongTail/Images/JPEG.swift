import EscapementArtifacts
import Foundation

#if JPEG
  import CEscapementJPEG
#endif

/// Decodes JPEG files with libjpeg, in builds with the package trait JPEG.
///
/// Decoding follows Pillow, as used by torchvision's default loader: the accurate integer inverse transform, smooth
/// upsampling of the color differences, gray in all three channels, four components as Adobe's inverted CMYK (channel =
/// K − (255 − C) · K / 255 of the stored bytes), Exif orientation and color profiles ignored. Unlike in Pillow, damage
/// for which libjpeg only warns is an error.
public enum JPEG {
  /// Whether this build decodes JPEG files.
  public static var isAvailable: Bool {
    #if JPEG
      true
    #else
      false
    #endif
  }

  /// The image in `bytes`.
  ///
  /// Memory use is at most three bytes per pixel and 512 MiB in addition, whatever the file requests.
  /// - Throws: `DataError` with libjpeg's message for damaged or truncated data, and for a header with more than
  ///   `RGBImage.pixelLimit` pixels; `MissingError` in builds without the trait.
  public static func decode(_ bytes: Data, file: String) throws -> RGBImage {
    #if JPEG
      var image = ejpeg_image()
      var message = [CChar](repeating: 0, count: Int(EJPEG_MESSAGE))
      let status = bytes.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
        ejpeg_decode(
          source.bindMemory(to: UInt8.self).baseAddress, source.count, RGBImage.pixelLimit, &image,
          &message)
      }
      defer { ejpeg_free(&image) }
      switch status {
      case EJPEG_DECODED:
        let count = 3 * image.width * image.height
        return RGBImage(
          width: image.width, height: image.height,
          bytes: [UInt8](UnsafeBufferPointer(start: image.pixels, count: count)))
      case EJPEG_TOO_LARGE:
        throw DataError(
          file: file, place: "header", found: "\(image.width) × \(image.height) pixels",
          expected: "at most \(RGBImage.pixelLimit)", advice: "shrink the image")
      case EJPEG_NO_MEMORY:
        throw DataError(
          file: file, place: "header", found: "\(image.width) × \(image.height) pixels",
          expected: "an image that fits into the free memory",
          advice: "shrink the image or use fewer threads")
      default:
        let text = message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        throw DataError(
          file: file, place: "JPEG data", found: "“\(text)”", expected: "a whole JPEG image",
          advice: "copy, download or encode the image again")
      }
    #else
      throw MissingError(
        what: "the JPEG decoder that \(file) asks for",
        advice: "JPEG images need a build with --traits JPEG (apt-get install libjpeg-dev)")
    #endif
  }
}
