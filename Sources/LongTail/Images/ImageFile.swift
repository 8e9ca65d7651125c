import EscapementArtifacts
import Foundation

/// Reads image files. The format is determined from the first bytes, not from the name: JPEG, or binary PPM (Netpbm's
/// P6).
public enum ImageFile {
  /// The most bytes of a file.
  public static let byteLimit = 256 << 20

  /// The image in the file at `url` as RGB.
  /// - Throws: `MissingError` if there is no file, `FileError` if the system refuses, and the errors of `decode`.
  public static func read(_ url: URL) throws -> RGBImage {
    try decode(FileContents.read(url, limit: byteLimit), file: url.path)
  }

  /// The image in `bytes` as RGB; messages refer to it as `file`.
  /// - Throws: `DataError` for another format, a damaged or truncated file, and more than `RGBImage.pixelLimit`
  ///   pixels; `MissingError` for a JPEG file in a build without the trait JPEG.
  public static func decode(_ bytes: Data, file: String) throws -> RGBImage {
    // A JPEG file begins with its start marker and the first byte of another marker.
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return try JPEG.decode(bytes, file: file) }
    if bytes.starts(with: "P6".utf8) { return try PPM.decode(bytes, file: file) }
    let found =
      bytes.isEmpty
      ? "an empty file"
      : bytes.starts(with: [0x89, 0x50, 0x4E, 0x47])
        ? "a PNG image" : "bytes " + bytes.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
    throw DataError(
      file: file, found: found, expected: "a JPEG or binary PPM image",
      advice: "copy or convert the image; its name does not matter")
  }
}
