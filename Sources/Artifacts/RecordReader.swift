/// Reads typed values from parsed JSON. Its errors name the file and the key that is missing or of another kind.
package struct RecordReader {
  package var file: String

  package init(file: String) {
    self.file = file
  }

  package func error(_ place: String, found: String, expected: String) -> DataError {
    DataError(
      file: file, place: place, found: found, expected: expected,
      advice: "restore the file from version control or accept it again")
  }

  package func object(_ value: JSON, _ place: String) throws -> [String: JSON] {
    guard case .object(let fields) = value else {
      throw error(place, found: kind(value), expected: "an object")
    }
    return fields
  }

  package func object(_ fields: [String: JSON], _ key: String, at place: String) throws -> [String: JSON] {
    try object(field(fields, key, at: place), "\(place).\(key)")
  }

  package func array(_ fields: [String: JSON], _ key: String, at place: String) throws -> [JSON] {
    let value = try field(fields, key, at: place)
    guard case .array(let values) = value else {
      throw error("\(place).\(key)", found: kind(value), expected: "an array")
    }
    return values
  }

  package func string(_ fields: [String: JSON], _ key: String, at place: String) throws -> String {
    let value = try field(fields, key, at: place)
    guard case .string(let text) = value else {
      throw error("\(place).\(key)", found: kind(value), expected: "a string")
    }
    return text
  }

  package func optionalString(_ fields: [String: JSON], _ key: String, at place: String) throws -> String? {
    fields[key] == nil ? nil : try string(fields, key, at: place)
  }

  package func integer(_ fields: [String: JSON], _ key: String, at place: String) throws -> Int {
    let value = try field(fields, key, at: place)
    guard case .integer(let number) = value else {
      throw error("\(place).\(key)", found: kind(value), expected: "an integer")
    }
    return number
  }

  package func schema(_ fields: [String: JSON], _ expected: Int) throws {
    let found = try integer(fields, "schema", at: "top level")
    if found != expected {
      throw error("schema", found: "\(found)", expected: "\(expected)")
    }
  }

  private func field(_ fields: [String: JSON], _ key: String, at place: String) throws -> JSON {
    guard let value = fields[key] else {
      throw error("\(place).\(key)", found: "nothing", expected: "a value")
    }
    return value
  }

  private func kind(_ value: JSON) -> String {
    switch value {
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
