import EscapementArtifacts
import Foundation

/// Comma-separated values as defined by RFC 4180: records end with CR LF, and a field that contains a comma, a quote or
/// a line break is quoted, with its quotes doubled.
package struct CSVText: Sendable {
  /// A record with the line on which it begins, counted from 1.
  package struct Record: Sendable, Hashable {
    /// The line of its first character.
    package var line: Int
    /// Its fields, unquoted.
    package var fields: [String]
  }

  /// The largest number of fields in a record, which limits what a hostile file can allocate.
  package static let fieldLimit = 1000

  /// The records.
  package let records: [Record]

  /// The text of some records.
  package static func text(of records: [[String]]) -> String {
    records.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  /// A field, quoted if it contains a comma, a quote or a line break.
  package static func field(_ text: String) -> String {
    let special = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return special ? "\"" + text.replacing(scalars: ["\"": "\"\""]) + "\"" : text
  }

  /// Reads records, which must all have as many fields as the first.
  ///
  /// Lines may end with CR LF or LF alone; the last line needs no terminator. Throws a `DataError` with the line number
  /// for a quote inside an unquoted field, text after a closing quote, an unterminated quote, a bare CR, bytes that are
  /// not UTF-8, and a record with another number of fields.
  package init(parsing data: Data, file: String) throws {
    var parser = CSVParser(bytes: [UInt8](data), file: file)
    records = try parser.parseWhole()
  }
}

private struct CSVParser {
  package let bytes: [UInt8]
  package let file: String
  package var position = 0
  package var line = 1

  package init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  package mutating func parseWhole() throws -> [CSVText.Record] {
    var records: [CSVText.Record] = []
    while position < bytes.count {
      let record = try parseRecord()
      if let first = records.first, first.fields.count != record.fields.count {
        throw fault(
          at: record.line, found: "\(record.fields.count) fields", expected: "\(first.fields.count) of them")
      }
      records.append(record)
    }
    return records
  }

  private mutating func parseRecord() throws -> CSVText.Record {
    var record = CSVText.Record(line: line, fields: [])
    while true {
      record.fields.append(try peek == UInt8(ascii: "\"") ? parseQuoted() : parseBare())
      guard record.fields.count <= CSVText.fieldLimit else {
        throw fault(found: "more than \(CSVText.fieldLimit) fields", expected: "a record of fewer")
      }
      if take(UInt8(ascii: ",")) { continue }
      if position == bytes.count { return record }
      let isReturn = take(0x0D)
      guard take(0x0A) else {
        throw fault(
          found: isReturn ? "CR without LF" : "text behind a closing quote",
          expected: "a comma or the end of the line")
      }
      line += 1
      return record
    }
  }

  private mutating func parseBare() throws -> String {
    let start = position
    while let byte = peek, byte != UInt8(ascii: ","), byte != 0x0A, byte != 0x0D {
      guard byte != UInt8(ascii: "\"") else {
        throw fault(found: "a quote inside a bare field", expected: "the whole field in quotes")
      }
      position += 1
    }
    return try text(bytes[start..<position])
  }

  private mutating func parseQuoted() throws -> String {
    let opening = line
    position += 1
    var content: [UInt8] = []
    while let byte = peek {
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard take(byte) else { return try text(content[...]) }
      } else if byte == 0x0A {
        line += 1
      }
      content.append(byte)
    }
    throw fault(at: opening, found: "a quote without its end", expected: "a closing quote")
  }

  private func text(_ content: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw fault(found: "a field that is not UTF-8", expected: "UTF-8")
    }
    return text
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    position += 1
    return true
  }

  private func fault(at line: Int? = nil, found: String, expected: String) -> DataError {
    DataError(file: file, place: "line \(line ?? self.line)", found: found, expected: expected)
  }
}
