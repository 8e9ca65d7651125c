import Foundation

/// A place inside a JSON document. It reads typed members and reports faults with file and key path.
public struct JSONCursor: Sendable {
  /// The value at this place.
  public let value: JSON
  /// The document's file, for errors.
  public let file: String
  /// The keys from the root to this place, joined by dots; nil at the root.
  public let path: String?

  /// The root of a document.
  public init(_ value: JSON, file: String) {
    self.init(value, file: file, path: nil)
  }

  private init(_ value: JSON, file: String, path: String?) {
    self.value = value
    self.file = file
    self.path = path
  }

  /// The member of that key, which must exist.
  public func field(_ key: String) throws -> JSONCursor {
    guard let field = try optionalField(key) else {
      throw DataError(file: file, place: place(of: key), found: "nothing", expected: "a value for this key")
    }
    return field
  }

  /// The member of that key; nil when it is absent or null.
  public func optionalField(_ key: String) throws -> JSONCursor? {
    guard let member = try members()[key], member != .null else { return nil }
    return JSONCursor(member, file: file, path: place(of: key))
  }

  /// The members of an object.
  public func members() throws -> [String: JSON] {
    guard let members = value.object else { throw fault(expected: "an object") }
    return members
  }

  /// The elements of an array.
  public func elements() throws -> [JSONCursor] {
    guard let values = value.array else { throw fault(expected: "an array") }
    return values.enumerated().map {
      JSONCursor($0.element, file: file, path: "\(path ?? "")[\($0.offset)]")
    }
  }

  /// The string at this place.
  public func string() throws -> String {
    guard let string = value.string else { throw fault(expected: "a string") }
    return string
  }

  /// The integer at this place, at least `minimum`.
  public func integer(atLeast minimum: Int = .min) throws -> Int {
    guard let integer = value.integer else { throw fault(expected: "an integer") }
    guard integer >= minimum else {
      throw fault(found: String(integer), expected: "an integer of at least \(minimum)")
    }
    return integer
  }

  /// The number at this place.
  public func double() throws -> Double {
    guard let double = value.double else { throw fault(expected: "a number") }
    return double
  }

  /// The truth value at this place.
  public func bool() throws -> Bool {
    guard let bool = value.bool else { throw fault(expected: "true or false") }
    return bool
  }

  /// The digest at this place, as 64 hexadecimal digits.
  public func digest() throws -> Digest {
    let text = try string()
    guard let digest = Digest(hex: text) else {
      throw fault(found: "\"\(text)\"", expected: "a SHA-256 as 64 hexadecimal digits")
    }
    return digest
  }

  /// An error about this place; `found` defaults to the kind of its value.
  public func fault(found: String? = nil, expected: String, advice: String? = nil) -> DataError {
    DataError(file: file, place: path, found: found ?? value.kind, expected: expected, advice: advice)
  }

  private func place(of key: String) -> String { path.map { "\($0).\(key)" } ?? key }
}
