extension VerificationRecord {
  /// JUnit XML: a claim whose verdict changed (or is refuted without a baseline) is a failure, an undecided
  /// one is skipped.
  public func junit() -> String {
    let failing = entries.filter(fails)
    let skipped = entries.filter { !fails($0) && !$0.verdict.outcome.isConclusive }
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      "<testsuite name=\"escapement verify\" tests=\"\(entries.count)\" failures=\"\(failing.count)\" "
        + "skipped=\"\(skipped.count)\">",
    ]
    for entry in entries {
      let attributes =
        "classname=\"claims.\(entry.claim.tier.rawValue)\" "
        + "name=\"\(Markup.escape(entry.claim.id + ": " + entry.claim.statement))\""
      lines.append("  <testcase \(attributes)>")
      if fails(entry) {
        let change = changes.first { $0.id == entry.claim.id }?.text ?? "refuted"
        lines.append(
          "    <failure message=\"\(Markup.escape(change))\">\(Markup.escape(entry.verdict.summary))</failure>"
        )
      } else if !entry.verdict.outcome.isConclusive {
        lines.append("    <skipped message=\"\(Markup.escape(entry.verdict.summary))\"/>")
      }
      let numbers = entry.verdict.measurements.map { "\($0.mark) \($0.line)" }.joined(separator: "\n")
      let heading =
        entry.verdict.outcome.name + (entry.verdict.outcome.qualifier.map { " (\($0))" } ?? "") + ": "
        + entry.verdict.summary
      lines.append("    <system-out>\(Markup.escape(heading + "\n" + numbers))</system-out>")
      lines.append("  </testcase>")
    }
    lines.append("</testsuite>")
    return lines.joined(separator: "\n") + "\n"
  }

  private func fails(_ entry: Entry) -> Bool {
    changes.contains { $0.id == entry.claim.id } || (!compared && entry.verdict.outcome == .refuted)
  }
}

/// Text inside XML and HTML.
enum Markup {
  /// Escapes the five special characters; control characters that XML forbids become "·".
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20: escaped += "·"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
