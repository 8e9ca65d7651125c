import Foundation

extension JSON {
  /// Parses one JSON text (RFC 8259) strictly; `file` names it in errors.
  ///
  /// These are errors, reported as a `DataError` with line and column: anything after the value, nesting deeper than
  /// 128, a key given twice, invalid UTF-8, a lone surrogate, a number that overflows Double. A number with a fraction,
  /// an exponent or more digits than Int holds is a `number`, and so is -0. A byte order mark before the text, which
  /// some editors write, is ignored.
  public init(parsing data: Data, file: String) throws {
    var parser = JSONParser(bytes: [UInt8](data.withoutByteOrderMark), file: file)
    self = try parser.parseWhole()
  }

  /// Parses the file at `url`; a missing one is a `MissingError`.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: FileContents.read(url), file: url.path)
  }
}

/// A recursive-descent parser over bytes. The depth limit protects the stack from hostile nesting.
private struct JSONParser {
  let bytes: [UInt8]
  let file: String
  var position = 0

  static let depthLimit = 128

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  mutating func parseWhole() throws -> JSON {
    let value = try parseValue(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault(expected: "the end of the text") }
    return value
  }

  private mutating func parseValue(depth: Int) throws -> JSON {
    guard depth <= Self.depthLimit else {
      throw fault(expected: "at most \(Self.depthLimit) levels of nesting")
    }
    skipSpace()
    guard let first = peek else { throw fault(expected: "a JSON value") }
    switch first {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw fault(expected: "a JSON value")
    }
  }

  private mutating func parseObject(depth: Int) throws -> JSON {
    position += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fault(expected: "a key in quotes") }
      let start = position
      let key = try parseString()
      skipSpace()
      guard take(":") else { throw fault(expected: "':' after the key") }
      let value = try parseValue(depth: depth + 1)
      if members.updateValue(value, forKey: key) != nil {
        throw fault(at: start, found: "the key \"\(key)\" a second time", expected: "each key once")
      }
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw fault(expected: "',' or '}'") }
    }
  }

  private mutating func parseArray(depth: Int) throws -> JSON {
    position += 1
    var values: [JSON] = []
    skipSpace()
    if take("]") { return .array(values) }
    while true {
      values.append(try parseValue(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw fault(expected: "',' or ']'") }
    }
  }

  private mutating func parseWord(_ word: String, _ value: JSON) throws -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw fault(expected: "a JSON value") }
    position += word.utf8.count
    return value
  }

  private mutating func parseNumber() throws -> JSON {
    let start = position
    _ = take("-")
    let leading = position
    let digits = takeDigits()
    guard digits > 0 else { throw fault(expected: "a digit") }
    if digits > 1, bytes[leading] == UInt8(ascii: "0") {
      throw fault(at: leading, found: "a leading zero", expected: "a number without one")
    }
    var whole = true
    if take(".") {
      whole = false
      guard takeDigits() > 0 else { throw fault(expected: "a digit after '.'") }
    }
    if take("e") || take("E") {
      whole = false
      if !take("+") { _ = take("-") }
      guard takeDigits() > 0 else { throw fault(expected: "a digit in the exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if whole, text != "-0", let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw fault(at: start, found: "the number \(text)", expected: "a number within Double's range")
    }
    return .number(value)
  }

  private mutating func takeDigits() -> Int {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func parseString() throws -> String {
    let start = position
    position += 1
    var content: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: content, as: UTF8.self) else {
          throw fault(at: start, found: "a string that is not UTF-8", expected: "UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        content.append(contentsOf: try parseEscape().utf8)
      case 0..<0x20:
        throw fault(expected: "control characters written as escapes")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw fault(at: start, found: "a string without an end", expected: "a closing quote")
  }

  private mutating func parseEscape() throws -> String {
    let start = position
    position += 1
    guard let byte = peek else { throw fault(expected: "an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try parseHex4()
      if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
        let low = try parseHex4()
        if (0xDC00..<0xE000).contains(low) { code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) }
      }
      guard let scalar = Unicode.Scalar(code) else {
        throw fault(at: start, found: "a lone surrogate", expected: "a pair of them")
      }
      return String(Character(scalar))
    default:
      throw fault(at: start, found: "an unknown escape", expected: "one of those of JSON")
    }
  }

  private mutating func parseHex4() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault(expected: "four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private func fault(at place: Int? = nil, found: String? = nil, expected: String) -> DataError {
    let place = place ?? position
    let before = bytes[..<place]
    let line = before.count { $0 == 0x0A } + 1
    let column = place - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    let here: String
    if place >= bytes.count {
      here = "the end of the text"
    } else if (0x21..<0x7F).contains(bytes[place]) {
      here = "'\(Character(Unicode.Scalar(bytes[place])))'"
    } else {
      here = "byte 0x" + String(bytes[place], radix: 16)
    }
    return DataError(
      file: file, place: "line \(line), column \(column)", found: found ?? here, expected: expected)
  }
}
