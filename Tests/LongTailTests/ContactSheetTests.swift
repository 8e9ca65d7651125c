import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementLongTail

@Suite("Contact sheets")
struct ContactSheetTests {
  /// The pixels of a PNG file whose rows are unfiltered, read by the format's own rules.
  private func decode(_ file: Data) throws -> (width: Int, height: Int, pixels: [UInt8]) {
    let bytes = [UInt8](file)
    #expect(Array(bytes.prefix(8)) == [137, 80, 78, 71, 13, 10, 26, 10])
    func number(_ at: Int) -> Int { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } }
    var chunks: [String: Data] = [:]
    var position = 8
    while position < bytes.count {
      let length = number(position)
      let name = String(decoding: bytes[(position + 4)..<(position + 8)], as: UTF8.self)
      chunks[name] = Data(bytes[(position + 8)..<(position + 8 + length)])
      // CRC-32 (ISO 3309) over name and body, bit by bit.
      var crc: UInt32 = .max
      for byte in bytes[(position + 4)..<(position + 8 + length)] {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
      }
      #expect(Int(~crc) == number(position + 8 + length), "\(name)")
      position += 12 + length
    }
    let header = [UInt8](try #require(chunks["IHDR"]))
    #expect(Array(header[8...]) == [8, 2, 0, 0, 0] && chunks["IEND"] == Data())
    let (width, height) = (
      header[0..<4].reduce(0) { $0 << 8 | Int($1) }, header[4..<8].reduce(0) { $0 << 8 | Int($1) }
    )
    // A zlib stream is a two-byte header, raw deflate and Adler-32; as a gzip member: the raw part with gzip's frame.
    let raw = try (try #require(chunks["IDAT"]).dropFirst(2).dropLast(4) as NSData).decompressedByZlib()
    #expect(raw.count == height * (1 + 3 * width))
    var pixels: [UInt8] = []
    for row in 0..<height {
      let start = row * (1 + 3 * width)
      #expect(raw[start] == 0)
      pixels += raw[(start + 1)..<(start + 1 + 3 * width)]
    }
    return (width, height, pixels)
  }

  @Test("each class's first images stand in its row, larger by the scale; the rest of the row is dark")
  func sheet() throws {
    // Images whose planes are constants of their own: (10 i, 10 i + 1, 10 i + 2).
    let labels = [0, 1, 0, 2, 0]
    let images = labels.indices.flatMap { i in
      (0..<3).flatMap { [UInt8](repeating: UInt8(10 * i + $0), count: 1024) }
    }
    let set = ImageSet(
      images: images, labels: labels, classes: 3,
      provenance: ImageProvenance(name: "x", kind: .other, digest: .zero))
    let sheet = try decode(ContactSheet.png(set, columns: 2, scale: 3))
    let side = 96
    #expect(sheet.width == 2 * (side + 2) + 2 && sheet.height == 3 * (side + 2) + 2)
    func pixel(_ row: Int, _ column: Int, _ y: Int, _ x: Int) -> [UInt8] {
      let at = 3 * ((2 + row * (side + 2) + y) * sheet.width + 2 + column * (side + 2) + x)
      return Array(sheet.pixels[at..<(at + 3)])
    }
    for (y, x) in [(0, 0), (95, 95), (50, 3)] {
      #expect(pixel(0, 0, y, x) == [0, 1, 2] && pixel(0, 1, y, x) == [20, 21, 22])
      #expect(pixel(1, 0, y, x) == [10, 11, 12] && pixel(1, 1, y, x) == [24, 24, 24])
      #expect(pixel(2, 0, y, x) == [30, 31, 32])
    }
    #expect(Array(sheet.pixels.prefix(3)) == [24, 24, 24])
    let one = try decode(ContactSheet.png(set, classes: [2], columns: 1, scale: 1))
    #expect(one.height == 36 && Array(one.pixels[(3 * (2 * 36 + 2))..<(3 * (2 * 36 + 3))]) == [30, 31, 32])
  }
}

extension NSData {
  /// Raw deflate data inflated, through a gzip frame without its checks: trailing bytes are left away.
  fileprivate func decompressedByZlib() throws -> [UInt8] {
    // Stored as a gzip member: header, this data, CRC-32 and length, which have to be computed from the output; so the
    // output is taken piece by piece up to the frame's end.
    let member = Data([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]) + (self as Data)
    let source = GzipSource(MemorySource(member, file: "idat"))
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      do {
        let got = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
        if got == 0 { return output }
        output += chunk.prefix(got)
      } catch is DataError {
        return output  // the member's trailer is not there
      }
    }
  }
}
