import EscapementArtifacts
import Foundation

/// Reads the members of a tar archive (POSIX ustar, GNU, or the older form without a magic) in one pass.
///
/// Nothing is ever written to disk: a member's bytes are returned or skipped. Names that would leave the target
/// directory are still rejected, because no published archive contains any.
struct TarReader {
  /// One member.
  struct Entry: Hashable {
    /// What a member is.
    enum Kind: Hashable {
      /// A file with contents.
      case file
      /// A directory, a link, or a record about another member.
      case other
    }
    /// Its path in the archive.
    let path: String
    /// The number of bytes of its contents.
    let size: Int
    /// The kind of member.
    let kind: Kind

    /// The path's last component.
    var name: Substring { path.split(separator: "/").last ?? "" }
  }

  /// The most members that an archive may have.
  static let memberLimit = 10_000
  private static let block = 512

  private let source: any ByteSource
  private let byteLimit: Int
  private var offset = 0
  private var members = 0
  /// The number of bytes of the current member's contents and padding that are not yet read.
  private var pending = 0
  private var current: Entry?

  /// Reads an archive of at most `byteLimit` bytes.
  init(_ source: any ByteSource, byteLimit: Int) {
    self.source = source
    self.byteLimit = byteLimit
  }

  /// Whether bytes begin like a tar archive: with a header whose checksum is correct.
  static func begins(_ head: Data) -> Bool {
    head.count >= block && checksumAgrees(Array(head.prefix(block)))
  }

  /// The next member, or nil at the archive's end; unread contents are skipped.
  mutating func next() throws -> Entry? {
    try skip(pending)
    current = nil
    let place = "byte \(offset)"
    let header = try bytes(Self.block)
    if header.isEmpty || header.allSatisfy({ $0 == 0 }) { return nil }
    func fault(_ found: String, _ expected: String) -> DataError {
      DataError(
        file: source.file, place: place, found: found, expected: expected,
        advice: "the archive is damaged or not the published one; download it again")
    }
    guard header.count == Self.block else { throw fault("the end of the archive", "a header of 512 bytes") }
    guard Self.checksumAgrees(header) else { throw fault("a header with a wrong checksum", "a tar header") }
    members += 1
    guard members <= Self.memberLimit else {
      throw fault("more than \(Self.memberLimit) members", "at most so many")
    }
    guard let size = Self.octal(header[124..<136]), size <= byteLimit else {
      throw fault("a member's size of \(Self.text(header[124..<136]))", "an octal number up to \(byteLimit)")
    }
    var path = Self.text(header[0..<100])
    // Only POSIX's own magic ends in NUL; GNU uses the prefix field for something else.
    if Array(header[257..<263]) == Array("ustar\0".utf8), header[345] != 0 {
      path = Self.text(header[345..<500]) + "/" + path
    }
    guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      throw fault("a member named \(path)", "a path that stays below the archive's directory")
    }
    let isFile = [0, UInt8(ascii: "0"), UInt8(ascii: "7")].contains(header[156])
    pending = (size + Self.block - 1) / Self.block * Self.block
    let entry = Entry(path: path, size: size, kind: isFile ? .file : .other)
    current = entry
    return entry
  }

  /// The contents of the member that `next` returned last. They can be read once.
  mutating func contents() throws -> Data {
    guard let entry = current else { preconditionFailure("no member to read") }
    current = nil
    let data = Data(try bytes(entry.size))
    guard data.count == entry.size else { throw truncated() }
    pending -= entry.size
    return data
  }

  private func truncated() -> DataError {
    DataError(
      file: source.file, place: "byte \(offset)", found: "the end of the archive inside a member",
      expected: "the whole member", advice: "the archive is truncated; download it again")
  }

  /// Up to `count` bytes; fewer only at the end. The buffer grows with the bytes that are read, not with the size in a
  /// header.
  private mutating func bytes(_ count: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    while result.count < count {
      let wanted = min(count - result.count, 1 << 20)
      let piece = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
        initialized = try source.fill(UnsafeMutableRawBufferPointer(buffer))
      }
      offset += piece.count
      guard offset <= byteLimit else {
        throw DataError(
          file: source.file, place: "byte \(offset)", found: "more than \(byteLimit) bytes once inflated",
          expected: "at most \(byteLimit)", advice: "this is not the archive it is named as")
      }
      if result.isEmpty { result = piece } else { result += piece }
      if piece.count < wanted { break }
    }
    return result
  }

  private mutating func skip(_ count: Int) throws {
    var left = count
    while left > 0 {
      let got = try bytes(min(left, 1 << 20)).count
      guard got > 0 else { throw truncated() }
      left -= got
    }
    pending = 0
  }

  /// Whether the header's bytes add up to the checksum in it, with the checksum field counted as spaces.
  private static func checksumAgrees(_ header: [UInt8]) -> Bool {
    guard let stated = octal(header[148..<156]) else { return false }
    let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    return sum == stated
  }

  /// An octal number surrounded by spaces and NULs; nil for anything else, or an empty field.
  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
    guard !digits.isEmpty, digits.allSatisfy({ (48...55).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 << 3 | Int($1 - 48) }
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }
}
