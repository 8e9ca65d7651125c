import EscapementDrawing
import EscapementGoldens
import Foundation

extension VerificationRecord {
  /// JUnit XML: one test case per claim, one suite per kind of statement and, if goldens were checked, one test case
  /// per golden.
  ///
  /// A claim whose verdict changed (or is refuted without a baseline) and a golden that differs are failures with the
  /// table of their numbers. A golden without a record is also a failure. Claims without a decision are skipped. Times are
  /// wall-clock seconds.
  package func junit(
    goldens: [(name: String, outcome: GoldenOutcome, seconds: Double)] = [], origin: ReportOrigin = .current
  ) -> String {
    let properties = origin.facts(contract: "\(contract)")
    var suites = kinds.map { kind in
      JUnitSuite(
        "claims.\(kind.rawValue)", entries.filter { $0.claim.kind == kind }.map(testCase), origin, properties)
    }
    if !goldens.isEmpty {
      suites.append(JUnitSuite("goldens", goldens.map(Self.testCase), origin, properties))
    }
    let time = JUnitCase.time(suites.reduce(0) { $0 + $1.seconds })
    return
      ([
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        "<testsuites name=\"escapement verify\" time=\"\(time)\">",
      ] + suites.flatMap(\.lines) + ["</testsuites>"]).joined(separator: "\n") + "\n"
  }

  private func testCase(_ entry: Entry) -> JUnitCase {
    let (claim, verdict) = (entry.claim, entry.verdict)
    let heading =
      verdict.outcome.name + (verdict.outcome.qualifier.map { " (\($0))" } ?? "") + ": " + verdict.summary
    let table = ([heading] + verdict.measurements.map { "\($0.mark) \($0.line)" }).joined(separator: "\n")
    let result: JUnitCase.Result
    if fails(entry) {
      result = .failed(changes.first { $0.id == claim.id }?.text ?? "refuted", table)
    } else {
      result = verdict.outcome.isConclusive ? .passed : .skipped(verdict.outcome.qualifier ?? verdict.summary)
    }
    return JUnitCase(
      className: "claims.\(claim.kind.rawValue).\(claim.tier.rawValue)",
      name: "\(claim.id): \(claim.statement)", result: result,
      output: table, seconds: entry.seconds)
  }

  private static func testCase(
    _ golden: (name: String, outcome: GoldenOutcome, seconds: Double)
  ) -> JUnitCase {
    let result: JUnitCase.Result =
      switch golden.outcome {
      case .same: .passed
      case .differs(let comparison):
        .failed("differs from the record", comparison.lines.joined(separator: "\n"))
      case .missing:
        .failed("not on record", "`escapement golden accept \(golden.name) --reason …` puts it there")
      }
    return JUnitCase(
      className: "goldens", name: golden.name, result: result, output: nil, seconds: golden.seconds)
  }

  /// Whether a claim's verdict is not the expected one.
  func fails(_ entry: Entry) -> Bool {
    changes.contains { $0.id == entry.claim.id } || (!compared && entry.verdict.outcome == .refuted)
  }
}

/// A `testsuite` element.
private struct JUnitSuite {
  let lines: [String]
  let seconds: Double

  init(
    _ name: String, _ cases: [JUnitCase], _ origin: ReportOrigin,
    _ properties: [(name: String, value: String)]
  ) {
    seconds = cases.reduce(0) { $0 + ($1.seconds ?? 0) }
    let failures = cases.count { if case .failed = $0.result { true } else { false } }
    let skipped = cases.count { if case .skipped = $0.result { true } else { false } }
    let stated = properties.map {
      "      <property name=\"\(Markup.escape($0.name))\" value=\"\(Markup.escape($0.value))\"/>"
    }
    lines =
      [
        "  <testsuite name=\"\(name)\" tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" "
          + "skipped=\"\(skipped)\" time=\"\(JUnitCase.time(seconds))\" timestamp=\"\(Markup.escape(origin.time))\">",
        "    <properties>",
      ] + stated + ["    </properties>"] + cases.flatMap(\.lines) + ["  </testsuite>"]
  }
}

/// A `testcase` element.
private struct JUnitCase {
  enum Result {
    case passed
    case failed(String, String)
    case skipped(String)
  }

  let className: String
  let name: String
  let result: Result
  let output: String?
  let seconds: Double?

  /// Seconds with three decimals.
  static func time(_ seconds: Double) -> String { String(format: "%.3f", seconds) }

  var lines: [String] {
    let time = seconds.map { " time=\"\(Self.time($0))\"" } ?? ""
    var lines = [
      "    <testcase classname=\"\(Markup.escape(className))\" name=\"\(Markup.escape(name))\"\(time)>"
    ]
    switch result {
    case .passed: break
    case .failed(let message, let table):
      lines.append("      <failure message=\"\(Markup.escape(message))\">\(Markup.escape(table))</failure>")
    case .skipped(let message): lines.append("      <skipped message=\"\(Markup.escape(message))\"/>")
    }
    if let output { lines.append("      <system-out>\(Markup.escape(output))</system-out>") }
    return lines + ["    </testcase>"]
  }
}
