import EscapementArtifacts

extension VerificationRecord {
  /// GitHub's workflow commands: an error for each verdict that is not as expected, a warning for each procedure that
  /// could not decide, attached to the file with the recorded verdicts.
  ///
  /// Source: github.com/actions/toolkit, packages/core/src/command.ts, for the escaped characters.
  package func annotations(file: String) -> [String] {
    entries.compactMap { entry in
      let title = "Claim \(entry.claim.id)"
      if fails(entry) {
        let change = changes.first { $0.id == entry.claim.id }?.text ?? "\(entry.claim.id): refuted"
        return Self.command("error", file, title, "\(change)\n\(entry.verdict.summary)")
      }
      guard entry.verdict.outcome == .inconclusive else { return nil }
      return Self.command("warning", file, title, "inconclusive: \(entry.verdict.summary)")
    }
  }

  private static func command(_ kind: String, _ file: String, _ title: String, _ message: String) -> String {
    "::\(kind) file=\(property(file)),title=\(property(title))::\(data(message))"
  }

  private static func data(_ text: String) -> String {
    text.replacing(scalars: ["%": "%25", "\r": "%0D", "\n": "%0A"])
  }

  private static func property(_ text: String) -> String {
    data(text).replacing(scalars: [":": "%3A", ",": "%2C"])
  }
}
