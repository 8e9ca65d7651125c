import EscapementDrawing
import EscapementArtifacts
import EscapementKernels

extension GoldenValue {
  /// The value as stored in files: the bits are compared, the decimals are for reading.
  var json: JSON {
    switch content {
    case .bits(let bits, let bytes):
      .object([
        "name": .string(name), "bits": .string(HexFloat.string(bits: bits, bytes: bytes)),
        "decimal": .number(GoldenValue.number(bits, bytes: bytes)),
      ])
    case .integer(let value): .object(["name": .string(name), "integer": .integer(value)])
    case .text(let text): .object(["name": .string(name), "text": .string(text)])
    case .series(let values, let bytes):
      // One line per number, so that a diff shows which numbers changed.
      .object([
        "name": .string(name),
        "series": .array(
          values.map {
            .string(
              "\(HexFloat.string(bits: $0, bytes: bytes)) \(NumberText.short(GoldenValue.number($0, bytes: bytes)))"
            )
          }),
      ])
    case .near(let value, let tolerance, let reason):
      .object([
        "name": .string(name), "near": .string(HexFloat.string(value)), "decimal": .number(value),
        "tolerance": .string(HexFloat.string(tolerance)), "why": .string(reason),
      ])
    case .ulps(let bits, let bytes, let within, let reason):
      .object([
        "name": .string(name), "near": .string(HexFloat.string(bits: bits, bytes: bytes)),
        "decimal": .number(GoldenValue.number(bits, bytes: bytes)), "ulps": .string(String(within)),
        "why": .string(reason),
      ])
    case .relative(let value, let tolerance, let reason):
      .object([
        "name": .string(name), "near": .string(HexFloat.string(value)), "decimal": .number(value),
        "relative": .string(HexFloat.string(tolerance)), "why": .string(reason),
      ])
    case .sample(let values, let level, let reason):
      .object([
        "name": .string(name), "sample": .array(values.map { .string(HexFloat.string($0)) }),
        "decimals": .array(values.map { .number($0) }), "level": .string(HexFloat.string(level)),
        "why": .string(reason),
      ])
    }
  }

  init(json: JSON, place: String, reader: RecordReader) throws {
    let fields = try reader.object(json, place)
    name = try reader.string(fields, "name", at: place)
    if fields["bits"] != nil {
      let (bits, bytes) = try Self.pattern(fields, "bits", place, reader)
      content = .bits(bits, bytes: bytes)
    } else if fields["integer"] != nil {
      content = .integer(try reader.integer(fields, "integer", at: place))
    } else if fields["text"] != nil {
      content = .text(try reader.string(fields, "text", at: place))
    } else if fields["series"] != nil {
      content = try Self.series(fields, place, reader)
    } else if fields["sample"] != nil {
      content = try Self.sample(fields, place, reader)
    } else if fields["ulps"] != nil {
      let text = try reader.string(fields, "ulps", at: place)
      guard let within = UInt64(text) else {
        throw reader.error("\(place).ulps", found: "\"\(text)\"", expected: "a count as text")
      }
      let (bits, bytes) = try Self.pattern(fields, "near", place, reader)
      content = .ulps(bits, bytes: bytes, within: within, reason: try reader.string(fields, "why", at: place))
    } else {
      let key = fields["relative"] != nil ? "relative" : "tolerance"
      let tolerance = try Self.double(fields, key, place, reader)
      guard tolerance >= 0 else {
        throw reader.error("\(place).\(key)", found: "\(tolerance)", expected: "a number of at least 0")
      }
      let value = try Self.double(fields, "near", place, reader)
      let reason = try reader.string(fields, "why", at: place)
      content =
        key == "relative"
        ? .relative(value, tolerance: tolerance, reason: reason)
        : .near(value, tolerance: tolerance, reason: reason)
    }
    try checkDecimals(fields, place, reader)
  }

  /// Throws an error if a decimal is not the number of the bits beside it: people read the one, the other is compared.
  private func checkDecimals(_ fields: [String: JSON], _ place: String, _ reader: RecordReader) throws {
    for key in ["decimal", "decimals", "series"] {
      // An element of a series without a decimal states nothing to contradict.
      func isBitsAlone(_ element: JSON) -> Bool { key == "series" && element.string?.contains(" ") == false }
      guard let stated = fields[key], let own = json[key] else { continue }
      let (found, expected) = (stated.array ?? [stated], own.array ?? [own])
      for (index, pair) in zip(found, expected).enumerated()
      where pair.0.canonical() != pair.1.canonical() && !isBitsAlone(pair.0) {
        throw reader.error(
          "\(place).\(key)" + (stated.array == nil ? "" : "[\(index)]"), found: pair.0.canonical(),
          expected: "\(pair.1.canonical()), the number of its bits")
      }
      guard found.count == expected.count else {
        throw reader.error(
          "\(place).\(key)", found: "\(found.count) numbers", expected: "\(expected.count), one for each bits"
        )
      }
    }
  }

  /// Numbers of one type: the bits, a space, and the readable decimal.
  private static func series(
    _ fields: [String: JSON], _ place: String, _ reader: RecordReader
  ) throws -> Content {
    let patterns = try reader.array(fields, "series", at: place).enumerated().map { index, value in
      let text = value.string.map { String($0.prefix { $0 != " " }) }
      if let number = text.flatMap(HexFloat.float) { return (bits: number.bits, bytes: 4) }
      if let number = text.flatMap(HexFloat.double) { return (bits: number.bits, bytes: 8) }
      throw reader.error(
        "\(place).series[\(index)]", found: value.canonical(),
        expected: "a number as 0x and its hexadecimal bits")
    }
    let bytes = patterns.first?.bytes ?? 8
    guard patterns.allSatisfy({ $0.bytes == bytes }) else {
      throw reader.error("\(place).series", found: "numbers of two types", expected: "one type")
    }
    return .series(patterns.map(\.bits), bytes: bytes)
  }

  /// A sample and the level at which it is tested.
  private static func sample(
    _ fields: [String: JSON], _ place: String, _ reader: RecordReader
  ) throws -> Content {
    let numbers = try reader.array(fields, "sample", at: place).enumerated().map { index, value in
      guard let text = value.string, let number = HexFloat.double(text) else {
        throw reader.error(
          "\(place).sample[\(index)]", found: value.canonical(),
          expected: "a number as 0x and its hexadecimal bits")
      }
      return number
    }
    let level = try double(fields, "level", place, reader)
    guard level > 0, level < 1 else {
      throw reader.error("\(place).level", found: "\(level)", expected: "a number between 0 and 1")
    }
    return .sample(numbers, level: level, reason: try reader.string(fields, "why", at: place))
  }

  /// The bits of a Float or a Double, distinguished by their number of digits.
  private static func pattern(
    _ fields: [String: JSON], _ key: String, _ place: String, _ reader: RecordReader
  ) throws -> (bits: UInt64, bytes: Int) {
    if let value = HexFloat.float(try reader.string(fields, key, at: place)) { return (value.bits, 4) }
    return (try double(fields, key, place, reader).bits, 8)
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
