import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementKernels
import EscapementTraining

/// A comparison of two run directories: their records, steps and checkpoints.
package struct RunComparison: Sendable {
  /// The numeric contracts of the two runs. If they differ, they can explain every other difference.
  package let contracts: (left: NumericContract, right: NumericContract)
  /// Members of `run.json` that differ: recipe, data, then the rest.
  package let records: [RecordDifference]
  /// The comparison of the steps, rung by rung.
  package let trace: TraceComparison
  /// The comparison of the tensors.
  package let checkpoints: CheckpointComparison

  /// Compares two runs.
  ///
  /// - Throws: `MissingError` if there is no run; `DataError` if a record, a line of the metrics or a checkpoint is
  ///   damaged.
  package init(_ left: RunDirectory, _ right: RunDirectory) throws {
    let (leftRecord, rightRecord) = (try left.readRecord(), try right.readRecord())
    contracts = (leftRecord.contract, rightRecord.contract)
    records = RecordDifference.all(
      between: leftRecord.document.value, and: rightRecord.document.value)
    trace = TraceComparison(try Trace(of: left), try Trace(of: right))
    checkpoints = try CheckpointComparison(left, right)
  }

  /// Whether contract, recipe, data, all steps and all tensors agree, as far as they are recorded.
  ///
  /// How often something was written, and how long it took, is not compared.
  package var agrees: Bool {
    guard records.allSatisfy(\.isOfRecording), trace.agrees, contracts.left == contracts.right else {
      return false
    }
    if case .differs = checkpoints { return false }
    return true
  }

  /// Whether the two are one training: everything agrees but what was measured, and what follows from that.
  package var isSameTraining: Bool {
    guard records.allSatisfy({ $0.isOfRecording || $0.isOfMeasurement }), contracts.left == contracts.right,
      trace.endsAlike
    else { return false }
    if case .differs = checkpoints { return false }
    let testedDifferently = records.contains { $0.place == RecordDifference.testTime }
    return trace.ladder.allSatisfy { $0.difference == nil || $0.rung == .evaluation && testedDifferently }
  }

  /// The comparison in words, one line as a whole each.
  package var lines: [String] { lines(in: .wide) }

  /// The comparison in words.
  package func lines(in layout: TextLayout) -> [String] {
    var lines: [String] = []
    if contracts.left != contracts.right {
      lines.append(
        "contracts: A was computed under \(contracts.left), B under \(contracts.right): that alone makes their bits differ"
      )
    }
    lines.append("records:")
    lines +=
      records.isEmpty
      ? ["  recipe, data and all else agree"]
      : [
        TextTable(
          rows: records.map { difference in
            ["  \(difference.place)"]
              + [difference.left, difference.right].map { $0.map(Self.short) ?? "(none)" }
          }
        ).text(in: layout)
      ]
    lines.append("")
    lines += trace.lines(in: layout)
    lines += ["", layout.wrapped(checkpoints.text)]
    lines.append(
      agrees ? "the same" : isSameTraining ? "the same training; measured differently" : "different")
    return lines
  }

  /// The comparison as JSON.
  package var json: JSON {
    [
      "same": .bool(agrees), "same_training": .bool(isSameTraining),
      "contracts": [contracts.left.json, contracts.right.json],
      "records": .array(
        records.map { difference in
          [
            "place": .string(difference.place), "left": .optional(difference.left),
            "right": .optional(difference.right),
          ]
        }),
      "trace": trace.json, "checkpoints": checkpoints.json,
    ]
  }

  private static func short(_ text: String) -> String { text.count > 40 ? "\(text.prefix(40))…" : text }
}
