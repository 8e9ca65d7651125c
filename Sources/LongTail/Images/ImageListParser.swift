import EscapementArtifacts
import Foundation

/// Parses an image list line by line, and checks each line before it is kept.
struct ImageListParser {
  let file: String
  let classes: Int?
  private(set) var paths: [String] = []
  private(set) var labels: [Int] = []
  private(set) var lines: [Int32] = []
  private var number = 0

  private static let (space, tab, newline, slash): (UInt8, UInt8, UInt8, UInt8) = (0x20, 0x09, 0x0A, 0x2F)
  private static let carriageReturn: UInt8 = 0x0D
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let digits: ClosedRange<UInt8> = 0x30...0x39
  private static let columnSeparators: [UInt8: String] = [0x09: "tab", 0x2C: "comma", 0x3B: "semicolon"]

  init(file: String, classes: Int?) {
    self.file = file
    self.classes = classes
  }

  /// Reads a whole list.
  mutating func parse(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count <= ImageList.byteLimit else {
      throw DataError(
        file: file, found: "\(bytes.count) bytes", expected: "at most \(ImageList.byteLimit)",
        advice: "this is not an image list")
    }
    var start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
    while start < bytes.count {
      let base = bytes.baseAddress! + start
      let end = memchr(base, Int32(Self.newline), bytes.count - start).map { UnsafeRawPointer($0) - base }
      let length = end ?? bytes.count - start
      number += 1
      guard number <= ImageList.lineLimit else {
        throw fault("another line", expected: "at most \(ImageList.lineLimit) lines")
      }
      if length > 0 { try parseLine(UnsafeRawBufferPointer(start: base, count: length)) }
      start += length + 1
    }
    guard !labels.isEmpty else {
      throw DataError(
        file: file, found: "no image in \(number) lines", expected: "lines of a path and a label")
    }
  }

  private func fault(_ found: String, expected: String, advice: String? = nil) -> DataError {
    DataError(file: file, place: "line \(number)", found: found, expected: expected, advice: advice)
  }

  private mutating func parseLine(_ whole: UnsafeRawBufferPointer) throws {
    let ended = whole.last == Self.carriageReturn
    let line = UnsafeRawBufferPointer(rebasing: ended ? whole.dropLast() : whole[...])
    guard line.count <= ImageList.lineByteLimit else {
      throw fault("\(line.count) bytes", expected: "at most \(ImageList.lineByteLimit) in a line")
    }
    if line.allSatisfy({ $0 == Self.space || $0 == Self.tab }) { return }
    guard !line.contains(0) else { throw fault("a NUL", expected: "text without NUL") }
    guard let text = String(validating: line, as: UTF8.self) else {
      throw fault(
        "bytes that are no UTF-8", expected: "a list in UTF-8", advice: "convert it, with iconv for example")
    }
    let gap = line.lastIndex(of: Self.space) ?? 0
    if let separator = columnSeparator(UnsafeRawBufferPointer(rebasing: line[gap...])) {
      throw fault(
        "“\(text)”", expected: "a path, a space and a label",
        advice: "the last \(separator) of each line has to become a space")
    }
    guard gap > 0 else { throw fault("“\(text)”", expected: "a path, a space and a label") }
    let path = UnsafeRawBufferPointer(rebasing: line[..<gap])
    let name = String(decoding: path, as: UTF8.self)
    try checkPath(path, name)
    labels.append(try label(UnsafeRawBufferPointer(rebasing: line[(gap + 1)...])))
    paths.append(name)
    lines.append(Int32(number))
  }

  /// The character that separates the label from the path in tables of other kinds; nil if a space does.
  private func columnSeparator(_ end: UnsafeRawBufferPointer) -> String? {
    guard let place = end.lastIndex(where: { Self.columnSeparators[$0] != nil }) else { return nil }
    let label = end[(place + 1)...]
    return !label.isEmpty && label.allSatisfy(Self.digits.contains) ? Self.columnSeparators[end[place]] : nil
  }

  private func checkPath(_ path: UnsafeRawBufferPointer, _ name: String) throws {
    guard path[0] != Self.slash else {
      throw fault("the absolute path “\(name)”", expected: "a path relative to the images' root")
    }
    guard !path.split(separator: Self.slash).contains(where: { $0.elementsEqual("..".utf8) }) else {
      throw fault("“..” in the path “\(name)”", expected: "a path that stays below the images' root")
    }
  }

  private func label(_ digits: UnsafeRawBufferPointer) throws -> Int {
    let limit = classes ?? ImageList.classLimit
    // At most nine digits, so the value fits.
    let isNumber = (1...9).contains(digits.count) && digits.allSatisfy(Self.digits.contains)
    let value = isNumber ? digits.reduce(0) { $0 * 10 + Int($1) - 0x30 } : limit
    guard value < limit else {
      let found = String(decoding: digits, as: UTF8.self)
      throw fault("the label “\(found)”", expected: "a whole number in 0..<\(limit) behind the last space")
    }
    return value
  }
}
