import EscapementArtifacts
import Foundation

/// Binary PPM, Netpbm's P6: "P6", width, height and 255 in decimal, one white space, then rows of RGB bytes.
public enum PPM {
  /// The image in `bytes`, which begin with "P6".
  ///
  /// A `#` in the header starts a comment up to the line's end. Bytes after the pixels are ignored, as in Netpbm.
  /// - Throws: `DataError` for a header of another form, a maximum other than 255, or a wrong number of bytes.
  public static func decode(_ bytes: Data, file: String) throws -> RGBImage {
    var header = Header(bytes: bytes, file: file)
    let width = try header.number("width", limit: RGBImage.pixelLimit)
    let height = try header.number("height", limit: RGBImage.pixelLimit)
    let maximum = try header.number("maximum", limit: 65535)
    guard maximum == 255 else {
      throw DataError(
        file: file, place: "header", found: "the maximum \(maximum)", expected: "255",
        advice: "convert the image")
    }
    guard width <= RGBImage.pixelLimit / height else {
      throw DataError(
        file: file, place: "header", found: "\(width) × \(height) pixels",
        expected: "at most \(RGBImage.pixelLimit)", advice: "shrink the image")
    }
    let pixels = bytes.dropFirst(header.position + 1).prefix(3 * width * height)
    guard pixels.count == 3 * width * height else {
      throw DataError(
        file: file, found: "\(pixels.count) bytes of pixels", expected: "\(3 * width * height)",
        advice: "the file is truncated; copy or convert it again")
    }
    return RGBImage(width: width, height: height, bytes: [UInt8](pixels))
  }

  /// The file for one image.
  public static func encode(_ image: RGBImage) -> Data {
    Data("P6\n\(image.width) \(image.height)\n255\n".utf8) + image.bytes
  }

  private struct Header {
    let bytes: Data
    let file: String
    // After "P6".
    var position = 2

    private func byte() -> UInt8? { position < bytes.count ? bytes[bytes.startIndex + position] : nil }
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The next number, from 1 to `limit`, with white space before and after it.
    mutating func number(_ name: String, limit: Int) throws -> Int {
      let start = position
      while let next = byte(), Self.isSpace(next) || next == 0x23 {
        if next == 0x23 { while let inside = byte(), inside != 0x0A { position += 1 } }
        position += 1
      }
      var value = 0
      let first = position
      while let digit = byte(), (0x30...0x39).contains(digit), position - first < 9 {
        value = value * 10 + Int(digit) - 0x30
        position += 1
      }
      guard first > start, position > first, let after = byte(), Self.isSpace(after),
        (1...limit).contains(value)
      else {
        throw DataError(
          file: file, place: "byte \(first)", found: "no \(name) of a PPM image",
          expected: "a whole number in 1...\(limit)", advice: "copy or convert the image again")
      }
      return value
    }
  }
}
