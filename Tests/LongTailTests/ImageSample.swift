import Foundation
import Testing

/// An image file written by Benchmarks/peers/images.py under Pillow 12.2.0.
struct ImageSample: Sendable, CustomTestStringConvertible {
  let name: String
  /// SHA-256 of the RGB bytes that Pillow decodes the file to; nil if it refuses the file.
  let digest: String?
  let base64: String

  var bytes: Data { Data(base64Encoded: base64)! }
  var testDescription: String { name }

  /// One of the sound JPEG files.
  static func jpeg(_ name: String) -> ImageSample { jpegs.first { $0.name == name }! }
  /// One of the PNG files.
  static func png(_ name: String) -> ImageSample { pngs.first { $0.name == name }! }
}
