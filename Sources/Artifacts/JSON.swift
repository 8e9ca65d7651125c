/// A JSON value with one canonical text: equal values give equal bytes in files and digests.
///
/// An `integer` is written without a fraction or exponent, and a `number` always with one, so that both keep their kind
/// when read. JSON has no non-finite numbers: they are written as the strings "nan", "inf" and "-inf", which `double`
/// reads back.
public enum JSON: Sendable, Hashable {
  /// The null value.
  case null
  /// true or false.
  case bool(Bool)
  /// A number written without fraction and exponent.
  case integer(Int)
  /// Any other number.
  case number(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Values by key.
  case object([String: JSON])

  /// Whether both have the same canonical text, except that zeros of either sign are equal. Strings and keys are
  /// compared by their bytes, not by canonical equivalence.
  public static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.isIdentical(to: b)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)):
      a.count == b.count
        && a.allSatisfy { key, value in
          guard let place = b.index(forKey: key) else { return false }
          return b[place].key.isIdentical(to: key) && b[place].value == value
        }
    default: false
    }
  }

  /// Equal values have equal hashes.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(value)
    case .number(let value): hasher.combine(value)
    case .string(let value): hasher.combine(value)
    case .array(let values): hasher.combine(values)
    case .object(let members): hasher.combine(members)
    }
  }

  /// The canonical text: keys sorted by their UTF-8 bytes, shortest decimals that round-trip, no final newline.
  ///
  /// Compact text is one line without spaces; pretty text has one member a line, two spaces a level.
  public func canonical(pretty: Bool = false) -> String {
    var text = ""
    write(to: &text, indent: pretty ? 0 : nil)
    return text
  }

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value):
      if value.isFinite {
        text += value.description
      } else {
        text += value.isNaN ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\""
      }
    case .string(let value): JSON.quote(value, to: &text)
    case .array(let values):
      JSON.writeMembers(values, brackets: ("[", "]"), to: &text, indent: indent) { value, text, inner in
        value.write(to: &text, indent: inner)
      }
    case .object(let members):
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      JSON.writeMembers(sorted, brackets: ("{", "}"), to: &text, indent: indent) { member, text, inner in
        JSON.quote(member.key, to: &text)
        text += inner == nil ? ":" : ": "
        member.value.write(to: &text, indent: inner)
      }
    }
  }

  private static func writeMembers<Member>(
    _ members: [Member], brackets: (String, String), to text: inout String, indent: Int?,
    _ body: (Member, inout String, Int?) -> Void
  ) {
    text += brackets.0
    let inner = indent.map { $0 + 2 }
    for (index, member) in members.enumerated() {
      if index > 0 { text += "," }
      if let inner { text += "\n" + String(repeating: " ", count: inner) }
      body(member, &text, inner)
    }
    if let indent, !members.isEmpty { text += "\n" + String(repeating: " ", count: indent) }
    text += brackets.1
  }

  private static func quote(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

// Typed access; nil if the value is of another kind.
extension JSON {
  /// A number, or null for nil.
  package static func optional(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
  /// An integer, or null for nil.
  package static func optional(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }
  /// A text, or null for nil.
  package static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
}

extension JSON {
  /// The member with that key; nil if there is none or this value is not an object.
  public subscript(key: String) -> JSON? { object?[key] }
  /// The truth value.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The integer.
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The number: a number, an integer, or one of the three strings for non-finite values.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .string("nan"): .nan
    case .string("inf"): .infinity
    case .string("-inf"): -.infinity
    default: nil
    }
  }
  /// The text.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The values of an array.
  public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The members of an object.
  public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

  /// The kind of value, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A truth value written as a literal.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer written as a literal.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A number written as a literal.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A text written as a literal.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An array written as a literal.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object written as a literal; its keys must differ.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}
