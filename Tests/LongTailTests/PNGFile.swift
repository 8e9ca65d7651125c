import CEscapementZlib
import Foundation

/// PNG files put together chunk by chunk, so that each part can be wrong.
struct PNGFile {
  var width = 4
  var height = 2
  var depth: UInt8 = 8
  /// 0: gray, 2: RGB, 3: palette.
  var kind: UInt8 = 0
  /// The rows before compression, each behind its filter's number.
  var rows = Data([0, 1, 2, 3, 4, 0, 5, 6, 7, 8])

  static let signature = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  static let end = chunk("IEND")

  var header: Data { Self.chunk("IHDR", headerBody) }
  var headerBody: Data { Self.number(width) + Self.number(height) + Data([depth, kind, 0, 0, 0]) }
  var pixels: Data { Self.chunk("IDAT", Self.deflated(rows)) }

  /// The file with other chunks before and behind the pixels.
  func bytes(before: Data = Data(), behind: Data = Data()) -> Data {
    Self.signature + header + before + pixels + behind + Self.end
  }

  static func number(_ value: Int) -> Data {
    Swift.withUnsafeBytes(of: UInt32(value).bigEndian) { Data($0) }
  }

  /// A chunk, whose checksum can be changed by some bits.
  static func chunk(_ name: String, _ body: Data = Data(), damage: UInt32 = 0) -> Data {
    let content = Data(name.utf8) + body
    let sum = content.withUnsafeBytes {
      crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, uInt(content.count))
    }
    return number(body.count) + content + number(Int(UInt32(sum) ^ damage))
  }

  static func deflated(_ bytes: Data) -> Data {
    var length = compressBound(uLong(bytes.count))
    var output = Data(count: Int(length))
    _ = bytes.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
      output.withUnsafeMutableBytes { (target: UnsafeMutableRawBufferPointer) in
        compress2(
          target.bindMemory(to: UInt8.self).baseAddress, &length,
          source.bindMemory(to: UInt8.self).baseAddress, uLong(bytes.count), Z_BEST_COMPRESSION)
      }
    }
    return output.prefix(Int(length))
  }

  /// Exif data with one entry: the orientation as a whole number of the given TIFF type.
  static func exif(_ orientation: Int, type: UInt8 = 3, count: Int = 1, big: Bool = true) -> Data {
    func number(_ value: Int, _ size: Int) -> Data {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return Data(big ? bytes.reversed() : bytes)
    }
    let size = [3: 2, 8: 2, 1: 1, 6: 1][type] ?? 4
    let entry = number(0x0112, 2) + number(Int(type), 2) + number(count, 4) + number(orientation, size)
    return Data((big ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + number(1, 2) + entry
      + Data(count: 4 - size) + Data(count: 4)
  }
}
