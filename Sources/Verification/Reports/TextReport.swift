import EscapementDrawing
extension VerificationRecord {
  /// An aligned table for terminals, one line per claim, followed by the verdicts that changed.
  ///
  /// `detailed` adds every measured quantity below its claim.
  package func text(detailed: Bool = false) -> String {
    var lines: [String] = []
    let idWidth = max(2, entries.map(\.claim.id.count).max() ?? 0)
    let outcomeWidth = max(7, entries.map(\.verdict.outcome.name.count).max() ?? 0)
    let judgedWidth = max(6, entries.map { $0.verdict.judgedText.count }.max() ?? 0)
    let kindWidth = max(4, entries.map(\.claim.kind.rawValue.count).max() ?? 0)
    let header = [
      "id".padded(to: idWidth), "kind".padded(to: kindWidth), "verdict".padded(to: outcomeWidth),
      "judged".padded(to: judgedWidth),
    ]
    lines.append(header.joined(separator: "  ") + "  numbers")
    for entry in entries {
      let verdict = entry.verdict
      let cells = [
        entry.claim.id.padded(to: idWidth), entry.claim.kind.rawValue.padded(to: kindWidth),
        verdict.outcome.name.padded(to: outcomeWidth), verdict.judgedText.padded(to: judgedWidth),
      ]
      lines.append(cells.joined(separator: "  ") + "  " + verdict.summary)
      let indent = String(repeating: " ", count: idWidth + kindWidth + outcomeWidth + judgedWidth + 8)
      if let qualifier = verdict.outcome.qualifier {
        lines.append(indent + verdict.outcome.qualifierLead + " " + qualifier)
      }
      if detailed {
        lines += verdict.measurements.map { indent + $0.mark + " " + $0.line }
        lines += verdict.details.map { indent + "· " + $0 }
      }
    }
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
    return lines.joined(separator: "\n") + "\n"
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
