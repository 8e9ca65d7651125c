import EscapementArtifacts
import Foundation

/// Reads image files. The format is determined from the first bytes, not from the name: JPEG and PNG (in builds with
/// the package trait Images), or binary PPM (Netpbm's P6).
///
/// The result is that of `Image.open(file).convert("RGB")` in Pillow, which torchvision's default loader calls. JPEG:
/// the accurate integer inverse transform, smooth upsampling of the color differences, gray in all three channels, four
/// components as Adobe's inverted CMYK (channel = K − (255 − C) · K / 255 of the stored bytes). PNG: alpha and
/// transparency are dropped, 16 bits of a color become the upper eight, gray of 16 bits is cut at 255, an index beyond
/// the palette is black, an animation is its default image. Color profiles and gamma are ignored.
///
/// Damage that Pillow passes over counts as warnings. So does a wrong checksum of a PNG chunk beside the pixels, for
/// which Pillow refuses the file. A PNG file with too few rows, which Pillow fills with black, is an error. Memory use
/// is at most six bytes per pixel and 512 MiB in addition, whatever the file requests.
public enum ImageFile {
  /// The most bytes of a file.
  public static let byteLimit = 256 << 20

  /// The image in the file at `url` as RGB, without its warnings: see `decoded(_:orientation:)`.
  public static func read(_ url: URL, orientation: ExifOrientation = .ignored) throws -> RGBImage {
    try decoded(url, orientation: orientation).image
  }

  /// The image in `bytes` as RGB, without its warnings: see `decoded(_:file:orientation:)`.
  public static func decode(
    _ bytes: Data, file: String, orientation: ExifOrientation = .ignored
  ) throws -> RGBImage {
    try decoded(bytes, file: file, orientation: orientation).image
  }

  /// The image in the file at `url` as RGB, with the number of warnings.
  /// - Throws: `MissingError` if there is no file, `FileError` if the system refuses, and the errors of
  ///   `decoded(_:file:orientation:)`.
  public static func decoded(_ url: URL, orientation: ExifOrientation = .ignored) throws -> DecodedImage {
    try decoded(FileContents.read(url, limit: byteLimit), file: url.path, orientation: orientation)
  }

  /// The image in `bytes` as RGB, with the number of warnings; messages refer to it as `file`.
  /// - Throws: `DataError` for another format, a truncated file, damage that the decoder does not pass over, and more
  ///   than `RGBImage.pixelLimit` pixels; `MissingError` for a JPEG or PNG file in a build without the trait Images.
  public static func decoded(
    _ bytes: Data, file: String, orientation: ExifOrientation = .ignored
  ) throws -> DecodedImage {
    if let format = CompressedImage(startOf: bytes) {
      return try format.decoded(bytes, file: file, orientation: orientation)
    }
    if bytes.starts(with: "P6".utf8) {
      return DecodedImage(image: try PPM.decode(bytes, file: file), warnings: 0, firstWarning: nil)
    }
    throw DataError(
      file: file, found: found(bytes), expected: "a JPEG, PNG or binary PPM image",
      advice: "copy or convert the image; its name does not matter")
  }

  private static func found(_ bytes: Data) -> String {
    if bytes.isEmpty { return "an empty file" }
    let others: [(name: String, start: [UInt8])] = [
      ("GIF", Array("GIF8".utf8)), ("BMP", Array("BM".utf8)), ("TIFF", Array("II*\0".utf8)),
      ("TIFF", Array("MM\0*".utf8)), ("PGM", Array("P5".utf8)), ("damaged PNG", [0x89, 0x50, 0x4E, 0x47]),
    ]
    if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) { return "a WebP image" }
    if let other = others.first(where: { bytes.starts(with: $0.start) }) { return "a \(other.name) image" }
    return "bytes " + bytes.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
  }
}
