import CEscapementZlib
import EscapementArtifacts
import Foundation

/// The entries of a ZIP file that are stored without compression: the container that `torch.save` writes.
///
/// Nothing is unpacked to disk, so that the names of entries are only names. ZIP64 sizes and offsets are read.
struct ZipArchive {
  /// Entries at most; a network's state dictionary has some hundred.
  static let entryLimit = 1 << 20

  private let data: Data
  private let file: String
  private var entries: [String: (range: Range<Int>, checksum: UInt32)] = [:]

  /// Reads the directory of a file's bytes; `file` names it in errors.
  ///
  /// A `DataError` where the bytes are no ZIP file, where an entry is compressed, encrypted, listed twice or beyond the
  /// file, or where there are more than `entryLimit`.
  init(_ data: Data, file: String) throws {
    (self.data, self.file) = (data, file)
    let end = try Self.end(of: data, file: file)
    var place = end.directory
    for index in 0..<end.count {
      let entry = try Self.entry(at: &place, before: end.limit, of: data, file: "\(file), entry \(index)")
      guard entries.updateValue((entry.range, entry.checksum), forKey: entry.name) == nil else {
        throw DataError(file: file, place: entry.name, found: "two entries of this name", expected: "one")
      }
    }
  }

  /// The names, sorted by UTF-8 bytes.
  var names: [String] { entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// The bytes of an entry; nil where there is none. A `DataError` where they do not have their CRC-32.
  func bytes(of name: String) throws -> Data? {
    guard let entry = entries[name] else { return nil }
    let bytes = data[(data.startIndex + entry.range.lowerBound)..<(data.startIndex + entry.range.upperBound)]
    var checksum = crc32(0, nil, 0)
    // zlib counts bytes in 32 bits.
    var rest = bytes
    while !rest.isEmpty {
      let part = rest.prefix(1 << 30)
      checksum = part.withUnsafeBytes {
        crc32(checksum, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count))
      }
      rest = rest.dropFirst(part.count)
    }
    guard UInt32(checksum) == entry.checksum else {
      throw DataError(
        file: file, place: name, found: "bytes of CRC-32 \(checksum)", expected: "\(entry.checksum)",
        advice: "the file is damaged: fetch or write it again")
    }
    return bytes
  }

  // MARK: The directory

  private static func number(_ data: Data, _ offset: Int, _ bytes: Int) -> Int? {
    guard offset >= 0, offset <= data.count - bytes else { return nil }
    var value: UInt64 = 0
    for index in (0..<bytes).reversed() {
      value = value << 8 | UInt64(data[data.startIndex + offset + index])
    }
    return Int(exactly: value)
  }

  private static func fault(_ file: String, _ place: String?, _ found: String, _ expected: String)
    -> DataError
  {
    DataError(
      file: file, place: place, found: found, expected: expected,
      advice: "the file is truncated, damaged or no ZIP file of torch.save")
  }

  /// Where the directory begins, where it ends, and how many entries it has.
  private static func end(of data: Data, file: String) throws -> (directory: Int, limit: Int, count: Int) {
    // The record stands last, with a comment of up to 65535 bytes behind it.
    let first = max(0, data.count - 22 - 65_535)
    var place = data.count - 22
    while place >= first, number(data, place, 4) != 0x0605_4b50 { place -= 1 }
    guard place >= first, let narrow = number(data, place + 10, 2), let start = number(data, place + 16, 4)
    else {
      throw fault(file, nil, "no end of a directory", "a ZIP file")
    }
    var (count, directory, limit) = (narrow, start, place)
    if narrow == 0xffff || start == 0xffff_ffff {
      guard number(data, place - 20, 4) == 0x0706_4b50, let wide = number(data, place - 12, 8),
        number(data, wide, 4) == 0x0606_4b50, let entries = number(data, wide + 32, 8),
        let offset = number(data, wide + 48, 8)
      else { throw fault(file, "byte \(place)", "no ZIP64 directory", "one, as the sizes say") }
      (count, directory, limit) = (entries, offset, wide)
    }
    guard count <= entryLimit, directory <= limit else {
      throw fault(
        file, "byte \(place)", "\(count) entries from byte \(directory)",
        "at most \(entryLimit), before byte \(limit)")
    }
    return (directory, limit, count)
  }

  private static func entry(
    at place: inout Int, before limit: Int, of data: Data, file: String
  ) throws -> (name: String, range: Range<Int>, checksum: UInt32) {
    let start = place
    func field(_ offset: Int, _ bytes: Int) throws -> Int {
      guard let value = number(data, start + offset, bytes), start + offset + bytes <= limit else {
        throw fault(file, "byte \(start)", "an entry beyond the directory", "an entry")
      }
      return value
    }
    guard try field(0, 4) == 0x0201_4b50 else {
      throw fault(file, "byte \(start)", "no entry", "an entry of the directory")
    }
    let (flags, method, checksum) = (try field(8, 2), try field(10, 2), try field(16, 4))
    var (packed, size, offset) = (try field(20, 4), try field(24, 4), try field(42, 4))
    let (nameLength, extraLength) = (try field(28, 2), try field(30, 2))
    let nameStart = start + 46
    place = nameStart + nameLength + extraLength + (try field(32, 2))
    guard place <= limit else {
      throw fault(file, "byte \(start)", "an entry beyond the directory", "an entry")
    }
    let nameBytes = data[(data.startIndex + nameStart)..<(data.startIndex + nameStart + nameLength)]
    guard let name = String(bytes: nameBytes, encoding: .utf8) else {
      throw fault(file, "byte \(nameStart)", "a name that is no UTF-8", "a name")
    }
    // What does not fit 32 bits stands in the extra field, in this order.
    var extra = nameStart + nameLength
    while extra + 4 <= nameStart + nameLength + extraLength {
      guard let kind = number(data, extra, 2), let length = number(data, extra + 2, 2) else { break }
      if kind == 1 {
        var wide = extra + 4
        func next(_ narrow: inout Int) throws {
          guard narrow == 0xffff_ffff else { return }
          guard wide + 8 <= extra + 4 + length, let value = number(data, wide, 8) else {
            throw fault(file, name, "sizes without their ZIP64 values", "ZIP64 values")
          }
          (narrow, wide) = (value, wide + 8)
        }
        try next(&size)
        try next(&packed)
        try next(&offset)
      }
      extra += 4 + length
    }
    guard method == 0, flags & 1 == 0, packed == size else {
      throw fault(file, name, "a compressed or encrypted entry", "a stored one, as torch.save writes")
    }
    guard number(data, offset, 4) == 0x0403_4b50, let localName = number(data, offset + 26, 2),
      let localExtra = number(data, offset + 28, 2)
    else { throw fault(file, name, "no entry at byte \(offset)", "the entry that the directory names") }
    let begin = offset + 30 + localName + localExtra
    guard size <= limit - begin else {
      throw fault(file, name, "\(size) bytes from byte \(begin) on", "an entry before byte \(limit)")
    }
    return (name, begin..<(begin + size), UInt32(checksum))
  }
}
