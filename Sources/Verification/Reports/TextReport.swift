import EscapementDrawing
extension VerificationRecord {
  /// A table for terminals, one row per claim with its statement and numbers, followed by the verdicts that changed.
  ///
  /// `detailed` adds every measured quantity below its claim.
  package func text(detailed: Bool = false, in layout: TextLayout = .wide) -> String {
    let table = TextTable(
      heading: ["claim", "kind", "verdict", "held", "statement and numbers"],
      rows: entries.map { entry in
        let (claim, verdict) = (entry.claim, entry.verdict)
        var words = [claim.statement, verdict.summary]
        if let qualifier = verdict.outcome.qualifier {
          words.append(verdict.outcome.qualifierLead + " " + qualifier)
        }
        if detailed {
          words += verdict.measurements.map { $0.mark + " " + $0.line }
          words += verdict.details.map { "· " + $0 }
        }
        return [
          claim.id, claim.kind.rawValue, verdict.outcome.name, verdict.judgedText,
          words.joined(separator: "\n"),
        ]
      }, rightAligned: [3], outcomes: [2])
    var lines: [String] = []
    lines.append("")
    lines += tallyLines
    lines.append(contractText)
    lines += changes.map { "changed: \($0.text)" }
    lines += unrecorded.map { "not on record: \($0)" }
    if !compared {
      lines.append("not compared with a baseline")
    } else if changes.isEmpty {
      lines.append(unrecorded.isEmpty ? "all as on record" : "all others as on record")
    }
    return table.text(in: layout) + "\n" + layout.wrapped(lines.joined(separator: "\n")) + "\n"
  }

  /// "the papers' claims: 9 supported, 8 conditional, 1 refuted", one line per judged kind.
  var tallyLines: [String] {
    kinds.map { kind in
      "\(kind.title): " + tally(of: kind).map { "\($0.count) \($0.outcome)" }.joined(separator: ", ")
    }
  }
}

extension Outcome {
  /// The words before the qualifier in reports.
  var qualifierLead: String { isConclusive ? "only if" : "because" }
}

extension Verdict {
  /// "held/judged" measured quantities.
  var judgedText: String {
    let judged = measurements.compactMap(\.holds)
    return "\(judged.count { $0 })/\(judged.count)"
  }
}

extension Measurement {
  /// ✓ held, ✗ failed, · observed.
  var mark: String {
    switch holds {
    case true?: "✓"
    case false?: "✗"
    case nil: "·"
    }
  }

  /// "name: value unit (expectation; reason)".
  var line: String {
    "\(name): \(valueText)\(unit.isEmpty ? "" : " \(unit)") (\(expectationText); \(reason))"
  }
}
