import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementRecordedVerdicts
import EscapementTraining

/// The recorded verdicts, one per claim; `Golden/claims.json` in this repository.
///
/// Comparing writes nothing. Only `accept` produces a new file, and it requires a reason.
package struct Baseline: Sendable, Hashable {
  /// The version of the file's layout.
  package static let schema = 1

  /// The recorded verdict of one claim.
  package struct Entry: Sendable, Hashable {
    /// The outcome, with its condition.
    package var outcome: Outcome
    /// The version of the procedure that gave it.
    package var procedureVersion: Int

    /// An entry from its parts.
    package init(outcome: Outcome, procedureVersion: Int) {
      self.outcome = outcome
      self.procedureVersion = procedureVersion
    }
  }

  /// The entries by claim id.
  package var entries: [String: Entry]
  /// The reason for which the file was last written.
  package var reason: String
  /// The numeric contract under which the last accepted verdicts were computed.
  package var contract: NumericContract

  /// A baseline from its parts. The contract in force is the default.
  package init(entries: [String: Entry], reason: String, contract: NumericContract = .current) {
    self.entries = entries
    self.reason = reason
    self.contract = contract
  }

  /// Reads a baseline. For a malformed file, throws an error of one line with its name and the invalid key.
  package init(contentsOf url: URL) throws {
    try self.init(json: JSON(contentsOf: url), file: url.path)
  }

  /// The baseline that is part of this program: that of the version it was built from.
  package static func built() throws -> Baseline {
    let file = "\(RecordedVerdicts.name) of version \(PackageVersion.current)"
    return try Baseline(json: JSON(parsing: RecordedVerdicts.bytes, file: file), file: file)
  }

  /// Reads a baseline from parsed JSON; `file` names it in errors.
  package init(json: JSON, file: String) throws {
    let reader = RecordReader(file: file)
    let top = try reader.object(json, "top level")
    try reader.schema(top, Self.schema)
    reason = try reader.string(top, "reason", at: "top level")
    contract = try NumericContract(of: JSONCursor(json, file: file))
    entries = [:]
    for (id, value) in try reader.object(top, "claims", at: "top level") {
      let place = "claims.\(id)"
      let fields = try reader.object(value, place)
      let name = try reader.string(fields, "outcome", at: place)
      let qualifier = try reader.optionalString(fields, "qualifier", at: place)
      guard let outcome = Outcome(name: name, qualifier: qualifier) else {
        throw reader.error(
          "\(place).outcome", found: "\"\(name)\"\(qualifier == nil ? " without" : " with") a qualifier",
          expected:
            "supported, refuted, consistent or not consistent without one, conditional, inconclusive or not run with one"
        )
      }
      entries[id] = Entry(
        outcome: outcome, procedureVersion: try reader.integer(fields, "procedure", at: place))
    }
  }

  /// The file's content.
  package var json: JSON {
    .object([
      "schema": .integer(Self.schema), "reason": .string(reason), NumericContract.key: contract.json,
      "claims": .object(
        entries.mapValues { entry in
          var fields: [String: JSON] = [
            "outcome": .string(entry.outcome.name), "procedure": .integer(entry.procedureVersion),
          ]
          if let qualifier = entry.outcome.qualifier { fields["qualifier"] = .string(qualifier) }
          return .object(fields)
        }),
    ])
  }

  /// A new baseline with the verdicts of a record; claims that were not judged keep their entries.
  ///
  /// The reason may not be blank. Undecided verdicts are never accepted: a baseline of "inconclusive" would hide a
  /// procedure that stopped working. A verdict that states why nothing can be decided is a finding and is accepted. A
  /// claim that needs runs and is not recorded stays without an entry while it is undecided. A claim that was decided
  /// before and no longer is causes an error.
  package func accepting(_ record: VerificationRecord, reason: String) throws(BaselineRefusal) -> Baseline {
    guard reason.contains(where: { !$0.isWhitespace }) else { throw .noReason }
    var accepted = self
    accepted.reason = reason
    accepted.contract = record.contract
    for entry in record.entries {
      if entry.waitsForRuns, accepted.entries[entry.claim.id] == nil { continue }
      guard entry.verdict.outcome.isOnRecord else {
        throw .undecided(id: entry.claim.id, outcome: entry.verdict.outcome.name)
      }
      accepted.entries[entry.claim.id] = Entry(
        outcome: entry.verdict.outcome, procedureVersion: entry.provenance.procedureVersion)
    }
    return accepted
  }

  /// Writes the file atomically.
  package func write(to url: URL) throws {
    try AtomicFile.write(json, to: url)
  }

  /// Claims whose verdict on finished runs could be recorded and is not. They are new results and contradict nothing.
  package func unrecorded(in entries: [VerificationRecord.Entry]) -> [String] {
    entries.filter {
      $0.claim.tier.waitsForRuns && $0.verdict.outcome.isOnRecord && self.entries[$0.claim.id] == nil
    }.map(\.claim.id)
  }

  /// How the verdicts of a record differ from this baseline, in the record's order.
  ///
  /// An undecided verdict of an unrecorded claim is not a change, because it cannot be recorded. A verdict decided on
  /// finished runs (`unrecorded`) is not a change either: the baseline contains the claims that can be judged without
  /// runs, and those that were added to it.
  package func changes(in entries: [VerificationRecord.Entry]) -> [VerdictChange] {
    entries.compactMap { entry in
      let before = self.entries[entry.claim.id]
      if before == nil && !entry.verdict.outcome.isOnRecord { return nil }
      if before == nil && entry.claim.tier.waitsForRuns { return nil }
      let after = Entry(
        outcome: entry.verdict.outcome, procedureVersion: entry.provenance.procedureVersion)
      return before == after ? nil : VerdictChange(id: entry.claim.id, before: before, after: after)
    }
  }
}

/// A verdict that differs from the recorded one.
package struct VerdictChange: Sendable, Hashable {
  /// The claim.
  package var id: String
  /// The recorded entry; nil for a claim without one.
  package var before: Baseline.Entry?
  /// The entry that corresponds to the verdict.
  package var after: Baseline.Entry

  /// One readable line.
  package var text: String {
    guard let before else { return "\(id): no verdict on record, now \(Self.text(after.outcome))" }
    if before.outcome == after.outcome {
      return "\(id): procedure \(before.procedureVersion) on record, now \(after.procedureVersion)"
    }
    return "\(id): on record \(Self.text(before.outcome)), now \(Self.text(after.outcome))"
  }

  private static func text(_ outcome: Outcome) -> String {
    outcome.qualifier.map { "\(outcome.name) (\($0))" } ?? outcome.name
  }
}
