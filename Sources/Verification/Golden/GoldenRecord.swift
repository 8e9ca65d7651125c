import Artifacts
import Foundation

/// The recorded values of one golden case, as a file holds them.
public struct GoldenRecord: Hashable, Sendable {
  /// The layout of the file.
  public static let schema = 1

  /// Why these values were accepted.
  public var reason: String
  /// What produced them, by name: variant, data, seed.
  public var provenance: [String: String]
  /// The values, in the order in which they came about.
  public var values: [GoldenValue]

  /// A record from its parts.
  public init(reason: String, provenance: [String: String], values: [GoldenValue]) {
    self.reason = reason
    self.provenance = provenance
    self.values = values
  }

  /// SHA-256 chained over every value in order: an edited, dropped or exchanged value changes it.
  public var chain: Digest {
    values.reduce(Digest.zero) { previous, value in
      let stream = DigestStream()
      stream.update(previous)
      stream.update(value.name)
      switch value.content {
      case .bits(let bits, let bytes):
        stream.update("bits")
        stream.update(HexFloat.string(bits: bits, bytes: bytes))
      case .integer(let number):
        stream.update("integer")
        stream.update(number)
      case .text(let text):
        stream.update("text")
        stream.update(text)
      case .near(let number, let tolerance, let reason):
        stream.update("near")
        stream.update(HexFloat.string(number))
        stream.update(HexFloat.string(tolerance))
        stream.update(reason)
      }
      return stream.finish()
    }
  }

  /// The file's content.
  public var json: JSON {
    .object([
      "schema": .integer(Self.schema), "reason": .string(reason),
      "provenance": .object(provenance.mapValues { .string($0) }), "chain": .string(chain.hex),
      "values": .array(values.map(\.json)),
    ])
  }

  /// Reads a record; a malformed or edited file throws one line with its name and the key at fault.
  public init(contentsOf url: URL) throws {
    try self.init(json: JSON(contentsOf: url), file: url.path)
  }

  /// Reads a record from parsed JSON; `file` names it in errors.
  public init(json: JSON, file: String) throws {
    let reader = RecordReader(file: file)
    let top = try reader.object(json, "top level")
    try reader.schema(top, Self.schema)
    reason = try reader.string(top, "reason", at: "top level")
    provenance = [:]
    let origin = try reader.object(top, "provenance", at: "top level")
    for key in origin.keys { provenance[key] = try reader.string(origin, key, at: "provenance") }
    values = try reader.array(top, "values", at: "top level").enumerated().map { index, value in
      try GoldenValue(json: value, place: "values[\(index)]", reader: reader)
    }
    let recorded = try reader.string(top, "chain", at: "top level")
    if recorded != chain.hex {
      throw reader.error("chain", found: recorded, expected: "\(chain.hex), the digest of the values")
    }
  }
}

extension GoldenValue {
  /// The value as files hold it: bits decide, decimals are for people.
  var json: JSON {
    switch content {
    case .bits(let bits, let bytes):
      .object([
        "name": .string(name), "bits": .string(HexFloat.string(bits: bits, bytes: bytes)),
        "decimal": .number(GoldenValue.number(bits, bytes: bytes)),
      ])
    case .integer(let value): .object(["name": .string(name), "integer": .integer(value)])
    case .text(let text): .object(["name": .string(name), "text": .string(text)])
    case .near(let value, let tolerance, let reason):
      .object([
        "name": .string(name), "near": .string(HexFloat.string(value)), "decimal": .number(value),
        "tolerance": .string(HexFloat.string(tolerance)), "why": .string(reason),
      ])
    }
  }

  init(json: JSON, place: String, reader: RecordReader) throws {
    let fields = try reader.object(json, place)
    name = try reader.string(fields, "name", at: place)
    if fields["bits"] != nil {
      let text = try reader.string(fields, "bits", at: place)
      if let value = HexFloat.float(text) {
        content = .bits(value.bits, bytes: 4)
      } else {
        content = .bits(try Self.double(fields, "bits", place, reader).bits, bytes: 8)
      }
    } else if fields["integer"] != nil {
      content = .integer(try reader.integer(fields, "integer", at: place))
    } else if fields["text"] != nil {
      content = .text(try reader.string(fields, "text", at: place))
    } else {
      let tolerance = try Self.double(fields, "tolerance", place, reader)
      guard tolerance >= 0 else {
        throw reader.error("\(place).tolerance", found: "\(tolerance)", expected: "a number of at least 0")
      }
      content = .near(
        try Self.double(fields, "near", place, reader), tolerance: tolerance,
        reason: try reader.string(fields, "why", at: place))
    }
  }

  private static func double(
    _ fields: [String: JSON], _ key: String, _ place: String, _ reader: RecordReader
  ) throws -> Double {
    let text = try reader.string(fields, key, at: place)
    guard let value = HexFloat.double(text) else {
      throw reader.error(
        "\(place).\(key)", found: "\"\(text)\"", expected: "a number as 0x and its hexadecimal bits")
    }
    return value
  }
}
