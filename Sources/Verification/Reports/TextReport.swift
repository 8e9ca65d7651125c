extension VerificationRecord {
  /// An aligned table for terminals, one line a claim, and below it the verdicts that changed.
  ///
  /// `detailed` adds every measured quantity under its claim.
  public func text(detailed: Bool = false) -> String {
    var lines: [String] = []
    let idWidth = max(2, entries.map(\.claim.id.count).max() ?? 0)
    let outcomeWidth = max(7, entries.map(\.verdict.outcome.name.count).max() ?? 0)
    let judgedWidth = max(6, entries.map { $0.verdict.judgedText.count }.max() ?? 0)
    let header = [
      "id".padded(to: idWidth), "verdict".padded(to: outcomeWidth), "judged".padded(to: judgedWidth),
    ]
    lines.append(header.joined(separator: "  ") + "  numbers")
    for entry in entries {
      let verdict = entry.verdict
      let cells = [
        entry.claim.id.padded(to: idWidth), verdict.outcome.name.padded(to: outcomeWidth),
        verdict.judgedText.padded(to: judgedWidth),
      ]
      lines.append(cells.joined(separator: "  ") + "  " + verdict.summary)
      let indent = String(repeating: " ", count: idWidth + outcomeWidth + judgedWidth + 6)
      if let qualifier = verdict.outcome.qualifier {
        lines.append(indent + (verdict.outcome.isConclusive ? "only if " : "because ") + qualifier)
      }
      if detailed {
        lines += verdict.measurements.map { indent + $0.mark + " " + $0.line }
        lines += verdict.details.map { indent + "· " + $0 }
      }
    }
    lines.append("")
    lines.append(tallyText)
    lines.append(contractText)
    lines += changes.map { "changed: \($0.text)" }
    lines += unrecorded.map { "not on record: \($0)" }
    if !compared { lines.append("not compared with a baseline") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// "18 claims: 9 supported, 8 conditional, 1 refuted".
  var tallyText: String {
    let parts = tally.map { "\($0.count) \($0.outcome)" }.joined(separator: ", ")
    return "\(entries.count) \(entries.count == 1 ? "claim" : "claims")" + (parts.isEmpty ? "" : ": \(parts)")
  }
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

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
