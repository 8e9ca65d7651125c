import Foundation
import EscapementLongTail
import EscapementTestSupport

/// CIFAR files made here, in every layout that the published ones come in.
struct SyntheticCIFAR {
  let layout: CIFARSet

  init(_ layout: CIFARSet) { self.layout = layout }

  /// Names of the files, and records of each.
  var parts: [(name: String, records: Int)] {
    switch layout {
    case .cifar10: (1...5).map { ("data_batch_\($0)", 10_000) } + [("test_batch", 10_000)]
    case .cifar100: [("train", 50_000), ("test", 10_000)]
    }
  }

  var recordBytes: Int { layout == .cifar10 ? 3073 : 3074 }

  /// Labels (coarse, fine) of record i.
  func labels(_ i: Int) -> (coarse: Int, fine: Int) {
    layout == .cifar10 ? (0, i % 10) : (i % 100 / 5, i % 100)
  }

  /// The byte that fills image i of a part.
  func pixel(_ i: Int, part: Int) -> UInt8 { UInt8((i + part) & 255) }

  /// The file of a part in the binary version.
  func binary(_ part: Int) -> Data {
    let count = parts[part].records
    var data = Data(count: count * recordBytes)
    data.withUnsafeMutableBytes { bytes in
      for i in 0..<count {
        let start = i * recordBytes
        if layout == .cifar100 { bytes[start] = UInt8(labels(i).coarse) }
        bytes[start + recordBytes - 3073] = UInt8(labels(i).fine)
        memset(bytes.baseAddress! + start + recordBytes - 3072, Int32(pixel(i, part: part)), 3072)
      }
    }
    return data
  }

  /// The file of a part in the python version, written as Python 2's pickler writes it (protocol 2).
  func pickled(_ part: Int) -> Data {
    let count = parts[part].records
    var pickle = PickleWriter()
    pickle.open()
    pickle.string("batch_label")
    pickle.string("part \(part)")
    func list(_ key: String, _ value: (Int) -> Int) {
      pickle.string(key)
      pickle.list(count, value)
    }
    if layout == .cifar10 {
      list("labels") { labels($0).fine }
    } else {
      list("fine_labels") { labels($0).fine }
      list("coarse_labels") { labels($0).coarse }
    }
    var images = Data(count: count * 3072)
    images.withUnsafeMutableBytes { bytes in
      for i in 0..<count { memset(bytes.baseAddress! + i * 3072, Int32(pixel(i, part: part)), 3072) }
    }
    pickle.string("data")
    pickle.array(rows: count, columns: 3072, images)
    pickle.close()
    return pickle.data
  }
}

/// The opcodes that Python 2 writes for a CIFAR dictionary.
struct PickleWriter {
  private(set) var data = Data([0x80, 2])
  private var memo: UInt32 = 0

  private mutating func ascii(_ text: String) { data.append(contentsOf: Array(text.utf8)) }

  private mutating func little(_ value: UInt32) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }

  private mutating func put() {
    if memo < 256 {
      data.append(contentsOf: [UInt8(ascii: "q"), UInt8(memo)])
    } else {
      ascii("r")
      little(memo)
    }
    memo += 1
  }

  mutating func open() {
    ascii("}")
    put()
    ascii("(")
  }

  mutating func close() { ascii("u.") }

  mutating func string(_ text: String) {
    ascii("U")
    data.append(UInt8(text.utf8.count))
    ascii(text)
    put()
  }

  mutating func integer(_ value: Int) {
    if value < 256 {
      data.append(contentsOf: [UInt8(ascii: "K"), UInt8(value)])
    } else if value < 65536 {
      data.append(contentsOf: [UInt8(ascii: "M"), UInt8(value & 255), UInt8(value >> 8)])
    } else {
      ascii("J")
      little(UInt32(value))
    }
  }

  /// A list in runs of a thousand, as Python batches it.
  mutating func list(_ count: Int, _ value: (Int) -> Int) {
    ascii("]")
    put()
    for start in stride(from: 0, to: count, by: 1000) {
      ascii("(")
      for i in start..<min(start + 1000, count) { integer(value(i)) }
      ascii("e")
    }
  }

  mutating func array(rows: Int, columns: Int, _ bytes: Data) {
    ascii("cnumpy.core.multiarray\n_reconstruct\n")
    put()
    ascii("cnumpy\nndarray\n")
    put()
    data.append(contentsOf: [UInt8(ascii: "K"), 0, 0x85])
    ascii("U\u{1}b")
    data.append(0x87)
    ascii("R")
    put()
    ascii("(")
    integer(1)
    integer(rows)
    integer(columns)
    data.append(0x86)
    ascii("cnumpy\ndtype\n")
    put()
    ascii("U\u{2}u1")
    data.append(contentsOf: [UInt8(ascii: "K"), 0, UInt8(ascii: "K"), 1, 0x87])
    ascii("R")
    put()
    ascii("(")
    integer(3)
    ascii("U\u{1}|NNN")
    for _ in 0..<2 {
      ascii("J")
      little(.max)
    }
    integer(0)
    ascii("tb")
    data.append(0x89)
    ascii("T")
    little(UInt32(bytes.count))
    data.append(bytes)
    ascii("tb")
  }
}

/// Tar archives, member by member.
struct TarWriter {
  private(set) var data = Data()

  /// Appends a member; `type` is the header's flag, `size` what it says of the contents.
  mutating func add(_ path: String, _ contents: Data = Data(), type: String = "0", size: Int? = nil) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (i, byte) in text.utf8.enumerated() { header[offset + i] = byte }
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(path, at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(size ?? contents.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("        ", at: 148)
    put(type, at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6), at: 148)
    header[154] = 0
    data.append(contentsOf: header)
    data.append(contents)
    data.append(Data(count: (512 - contents.count % 512) % 512))
  }

  /// Two blocks of zeros.
  mutating func end() { data.append(Data(count: 1024)) }
}
