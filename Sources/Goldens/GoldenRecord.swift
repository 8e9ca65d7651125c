import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// The recorded values of one golden case, as stored in a file.
package struct GoldenRecord: Hashable, Sendable {
  /// The version of the file's layout.
  package static let schema = 1

  /// Who accepted values, and what changed; the record's `reason` states why.
  package struct Acceptance: Hashable, Sendable {
    /// A person's name, or "unknown".
    package var who: String
    /// What changed, for example "first record of 192 values".
    package var what: String

    /// An acceptance from its parts.
    package init(who: String, what: String) {
      self.who = who
      self.what = what
    }
  }

  /// Why these values were accepted.
  package var reason: String
  /// Who accepted them, and what that changed; nil in records older than this entry.
  package var accepted: Acceptance?
  /// What produced the values, by name: variant, data, seed.
  package var provenance: [String: String]
  /// The numeric contract under which the values were computed.
  package var contract: NumericContract
  /// The values, in the order of their computation.
  package var values: [GoldenValue]

  /// A record from its parts. The contract in force is the default.
  package init(
    reason: String, provenance: [String: String], values: [GoldenValue], accepted: Acceptance? = nil,
    contract: NumericContract = .current
  ) {
    self.reason = reason
    self.accepted = accepted
    self.provenance = provenance
    self.contract = contract
    self.values = values
  }

  /// SHA-256 chained over every value in order: it changes if a value is edited, dropped or exchanged.
  package var chain: Digest {
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
      case .series(let numbers, let bytes):
        stream.update("series")
        stream.update(numbers.count)
        for bits in numbers { stream.update(HexFloat.string(bits: bits, bytes: bytes)) }
      case .near(let number, let tolerance, let reason):
        stream.update("near")
        stream.update(HexFloat.string(number))
        stream.update(HexFloat.string(tolerance))
        stream.update(reason)
      case .ulps(let bits, let bytes, let within, let reason):
        stream.update("ulps")
        stream.update(HexFloat.string(bits: bits, bytes: bytes))
        stream.update(String(within))
        stream.update(reason)
      case .relative(let number, let tolerance, let reason):
        stream.update("relative")
        stream.update(HexFloat.string(number))
        stream.update(HexFloat.string(tolerance))
        stream.update(reason)
      case .sample(let numbers, let level, let reason):
        stream.update("sample")
        stream.update(numbers.count)
        for number in numbers { stream.update(HexFloat.string(number)) }
        stream.update(HexFloat.string(level))
        stream.update(reason)
      }
      return stream.finish()
    }
  }

  /// The file's content.
  package var json: JSON {
    var members: [String: JSON] = [
      "schema": .integer(Self.schema), "reason": .string(reason), NumericContract.key: contract.json,
      "provenance": .object(provenance.mapValues { .string($0) }), "chain": .string(chain.hex),
      "values": .array(values.map(\.json)),
    ]
    if let accepted {
      members["accepted"] = ["who": .string(accepted.who), "what": .string(accepted.what)]
    }
    return .object(members)
  }

  /// Reads a record; for a malformed or edited file, throws an error of one line with its name and the invalid key.
  package init(contentsOf url: URL) throws {
    try self.init(json: JSON(contentsOf: url), file: url.path)
  }

  /// Reads a record from parsed JSON; `file` names it in errors.
  package init(json: JSON, file: String) throws {
    let reader = RecordReader(file: file)
    let top = try reader.object(json, "top level")
    try reader.schema(top, Self.schema)
    reason = try reader.string(top, "reason", at: "top level")
    contract = try NumericContract(of: JSONCursor(json, file: file))
    if top["accepted"] != nil {
      let fields = try reader.object(top, "accepted", at: "top level")
      accepted = Acceptance(
        who: try reader.string(fields, "who", at: "accepted"),
        what: try reader.string(fields, "what", at: "accepted"))
    }
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
