import CEscapementZlib
import Foundation

/// Images as PNG files (W3C PNG, second edition): eight bits per channel, red, green and blue, no interlacing.
public enum PNG {
  /// The file for `height` rows of `width` pixels of three bytes each.
  public static func encode(width: Int, height: Int, pixels: [UInt8]) -> Data {
    precondition(width >= 1 && height >= 1 && width < 1 << 20 && height < 1 << 20, "\(width) × \(height)")
    precondition(pixels.count == 3 * width * height, "\(pixels.count) bytes for \(width) × \(height) pixels")
    var header = Data()
    for extent in [width, height] { header.append(bigEndian: UInt32(extent)) }
    header.append(contentsOf: [8, 2, 0, 0, 0])  // depth, RGB, deflate, adaptive filters, no interlace
    // Each row begins with its filter type: none.
    var rows = Data(capacity: height * (1 + 3 * width))
    for row in 0..<height {
      rows.append(0)
      rows.append(contentsOf: pixels[(row * 3 * width)..<((row + 1) * 3 * width)])
    }
    var file = Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    for (name, body) in [("IHDR", header), ("IDAT", deflated(rows)), ("IEND", Data())] {
      file.append(bigEndian: UInt32(body.count))
      let chunk = Data(name.utf8) + body
      file.append(chunk)
      file.append(bigEndian: chunk.withUnsafeBytes { checksum($0) })
    }
    return file
  }

  private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, uInt(bytes.count)))
  }

  private static func deflated(_ bytes: Data) -> Data {
    var length = compressBound(uLong(bytes.count))
    var output = Data(count: Int(length))
    let status = bytes.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
      output.withUnsafeMutableBytes { (target: UnsafeMutableRawBufferPointer) in
        compress2(
          target.bindMemory(to: UInt8.self).baseAddress, &length,
          source.bindMemory(to: UInt8.self).baseAddress, uLong(bytes.count), Z_BEST_COMPRESSION)
      }
    }
    precondition(status == Z_OK, "zlib's compress ended with status \(status)")
    return output.prefix(Int(length))
  }
}

extension Data {
  fileprivate mutating func append(bigEndian value: UInt32) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}
