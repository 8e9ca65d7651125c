import EscapementGoldens
import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementTraining
import EscapementVerification

/// `escapement golden`: recorded metrics, compared bit for bit.
struct GoldenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "golden", abstract: "Compares short runs with the metrics on record, bit for bit.",
    discussion: "Example: escapement golden check trajectories",
    subcommands: [Check.self, Accept.self, List.self], defaultSubcommand: Check.self)

  /// The name under which `accept` writes the recorded verdicts.
  static let claims = "claims"

  /// The images of the training cases.
  struct Images: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "A fixture written by `fixtures pack`, instead of the embedded one; keep its record in a directory of its own.",
        valueName: "dir"))
    var fixture: FilePath?
    @Option(
      help: ArgumentHelp(
        "CIFAR-10, the published archive or a directory with it or its files, for the suite \(MiniatureCIFAR.suite); the "
          + "value of ESCAPEMENT_CIFAR10 without.", valueName: "path"))
    var data: FilePath?

    func validate() throws {
      guard fixture == nil || data == nil else {
        throw ValidationError("--fixture brings images of its own: leave --data out")
      }
    }

    /// The place of CIFAR-10 that the environment names.
    static var cifar: URL? {
      ProcessInfo.processInfo.environment["ESCAPEMENT_CIFAR10"].flatMap {
        $0.isEmpty ? nil : URL(fileURLWithPath: $0)
      }
    }

    /// The cases on these images.
    func cases() throws -> [GoldenCase] {
      try GoldenCatalog.standard(
        on: fixture.map { try .packed($0.directory) }, cifar: data?.url ?? Self.cifar)
    }

    /// The named cases that can be computed here, and the others. One that was named and cannot be is an error.
    static func parted(_ cases: [GoldenCase], named: Bool) throws -> (
      ready: [GoldenCase], waiting: [GoldenCase]
    ) {
      let waiting = cases.filter { $0.missing != nil }
      if named, let missing = waiting.first?.missing { throw missing }
      return (cases.filter { $0.missing == nil }, waiting)
    }

    /// One line on the cases that cannot be computed here; nil if there are none.
    static func line(_ waiting: [GoldenCase], _ verb: String) -> String? {
      guard let first = waiting.first, let missing = first.missing else { return nil }
      return "\(first.suite): \(waiting.count) cases not \(verb): \(missing)"
    }
  }

  /// `escapement golden check`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Computes the cases again and compares.",
      discussion: """
        Exit code 1 when a value differs, a record is missing, or a file of the record belongs to no case. What a \
        failed case computed is then written beside its record as NAME.received.json, never when the environment \
        variable CI is set.
        """)

    @Argument(
      help: ArgumentHelp(
        "Cases, suites or folders of them (fixture/ldam); all without one.", valueName: "NAME"))
    var names: [String] = []
    @Option(
      name: .customLong("suite"),
      help: ArgumentHelp(
        "Also a whole suite: training, trajectories, fixture or cifar10-lt-mini; several separated by commas.",
        valueName: "list")
    ) var suites: String?
    @OptionGroup var images: Images
    @Option(help: "Directory of the record.") var golden = FilePath("Golden")
    @Flag(help: "Write no .received.json.") var noWrite = false
    @Flag(help: "Print one JSON object.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let all = try images.cases()
      let names = names + (suites?.listed ?? [])
      let selected = try GoldenCatalog.selecting(names, from: all)
      let (cases, waiting) = try Images.parted(selected, named: !names.isEmpty)
      let store = GoldenStore(root: golden.url)
      try store.require()
      let writes = !noWrite && !GoldenStore.isContinuousIntegration(ProcessInfo.processInfo.environment)
      Interruption.catchSignals()
      let meter = ProgressMeter()
      var results: [(golden: GoldenCase, outcome: GoldenOutcome)] = []
      var received: [URL] = []
      for (index, golden) in cases.enumerated() {
        meter.show(golden.path, done: index, total: cases.count)
        if Interruption.isRequested {
          meter.clear()
          throw ToolError.interrupted("interrupted after \(index) of \(cases.count) cases; nothing is kept")
        }
        let examination = try store.examine(golden)
        results.append((golden, examination.outcome))
        if writes, let file = try store.keep(examination, of: golden) { received.append(file) }
      }
      meter.clear()
      let strays =
        names.isEmpty ? try store.unreferenced(by: all, others: ["\(GoldenCommand.claims).json"]) : []
      report(results, strays, waiting)
      for file in received { Console.note("computed values: \(file.path)") }
      guard results.allSatisfy(\.outcome.agrees), strays.isEmpty else {
        throw ExitCode(ExitStatus.differs.rawValue)
      }
    }

    /// One line if records were made under another contract: then the contract differs, and values are not compared.
    static func contractLine(_ outcomes: [GoldenOutcome]) -> String? {
      let recorded = outcomes.compactMap(\.otherContract)
      guard let oldest = recorded.min() else { return nil }
      let names = Set(recorded).sorted().map(\.description).joined(separator: ", ")
      return
        "\(recorded.count) of \(outcomes.count) records were made under contract \(names), this is contract "
        + "\(NumericContract.current): their values are not compared; \(oldest.instruction), or put them on record again "
        + "(golden accept)"
    }

    private func report(
      _ results: [(golden: GoldenCase, outcome: GoldenOutcome)], _ strays: [String], _ waiting: [GoldenCase]
    ) {
      if json {
        return Console.output([
          NumericContract.key: NumericContract.current.json,
          "cases": .array(results.map { $1.json(name: $0.path) }),
          "not_checked": .array(waiting.map { .string($0.path) }),
          "unreferenced": .array(strays.map { .string($0) }),
        ])
      }
      if let line = Self.contractLine(results.map(\.outcome)) { Console.print(line) }
      var table = TextTable(outcomes: [1])
      table.rows =
        results.map { [$0.path, $1.text] }
        + strays.map { [$0, "unreferenced: no case reads this file; remove it or restore its case"] }
      let layout = tables.layout
      Console.print(table, in: layout)
      if let line = Images.line(waiting, "checked") { Console.print(line) }
      for (golden, outcome) in results {
        guard case .differs(let comparison) = outcome, outcome.otherContract == nil else { continue }
        Console.print("\n\(golden.path)\n" + comparison.lines(in: layout).joined(separator: "\n"))
      }
    }
  }

  /// `escapement golden accept NAME… --reason TEXT`.
  struct Accept: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts the values of cases, or the claims' verdicts (\"claims\"), on record with a reason.",
      discussion: """
        --all is for a change of the numeric contract: every case of every suite, then the claims' verdicts. On a fixture \
        of your own it is every case on it.
        """)

    @Argument(
      help: ArgumentHelp(
        "Cases, suites or folders of them (fixture/ldam), or \"claims\" alone.", valueName: "NAME"))
    var names: [String] = []
    @Flag(help: "Everything: all cases, and the claims' verdicts.") var all = false
    @Option(help: "Why the record changes.") var reason: String
    @Option(
      name: .customLong("tier"),
      help: "With \"claims\" and --all: the tiers whose decided verdicts go on record, separated by commas.")
    var tierList =
      "exact,fixture"
    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var images: Images
    @Option(help: "Directory of the record.") var golden = FilePath("Golden")

    func validate() throws {
      guard reason.contains(where: { !$0.isWhitespace }) else { throw ValidationError("the reason is blank") }
      guard all == names.isEmpty else {
        throw ValidationError(
          all
            ? "--all and names exclude each other"
            : "name cases, suites, folders or \"claims\", or give --all")
      }
      guard names == [GoldenCommand.claims] || !names.contains(GoldenCommand.claims) else {
        throw ValidationError("\"claims\" cannot be combined with cases: verdicts need a reason of their own")
      }
      _ = try Tier.set(tierList)
    }

    func run() throws {
      let root = golden.url
      let claims = root.appendingPathComponent("claims.json")
      if names == [GoldenCommand.claims] {
        return try acceptClaims(claims)
      }
      let store = GoldenStore(root: root)
      Interruption.catchSignals()
      let selected = try GoldenCatalog.selecting(names, from: images.cases())
      let (ready, waiting) = try Images.parted(selected, named: !names.isEmpty)
      if let line = Images.line(waiting, "put on record") { Console.print(line) }
      for golden in ready {
        if Interruption.isRequested {
          throw ToolError.interrupted("interrupted before \(golden.path); the cases above are on record")
        }
        let record = try store.accept(golden, reason: reason, who: AuthorName.fromGit())
        Console.print(
          "\(golden.path): \(record.accepted?.what ?? ""); \(record.values.count) values on record, chain "
            + record.chain.hex)
      }
      // Verdicts are computed on the embedded fixture.
      if all, images.fixture == nil { try acceptClaims(claims) }
    }

    private func acceptClaims(_ file: URL) throws {
      let before =
        FileManager.default.fileExists(atPath: file.path)
        ? try Baseline(contentsOf: file) : Baseline(entries: [:], reason: reason)
      let tiers = try Tier.set(tierList)
      let meter = ProgressMeter()
      let context = ClaimContext(runs: try evidence.archive()) {
        meter.show("runs of \($0)", done: $1, total: $2)
      }
      let record = try Verifier(context: context, baseline: before).verify(tiers: tiers)
      meter.clear()
      let accepted = try before.accepting(record, reason: reason)
      try accepted.write(to: file)
      let waiting = record.entries.count { accepted.entries[$0.claim.id] == nil }
      Console.print(
        "\(accepted.entries.count) verdicts on record, \(record.changes.count) of them changed, "
          + "\(record.unrecorded.count) new"
          + (waiting > 0 ? "; \(waiting) claims that wait for runs stay without" : ""))
      for id in record.unrecorded { Console.print("\(id): on record for the first time") }
      for change in record.changes { Console.print(change.text) }
    }
  }

  /// `escapement golden list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The cases, and whether each is on record.")

    @OptionGroup var images: Images
    @Option(help: "Directory of the record.") var golden = FilePath("Golden")
    @Flag(help: "Print one JSON array.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let store = GoldenStore(root: golden.url)
      let rows = try images.cases().map { golden in
        (golden.path, FileManager.default.fileExists(atPath: store.url(of: golden).path))
      }
      if json { return Console.output(.array(rows.map { ["name": .string($0), "recorded": .bool($1)] })) }
      let table = TextTable(
        rows: rows.map { [$0, $1 ? "on record" : "not on record"] }, outcomes: [1])
      Console.print(table, in: tables.layout)
      guard images.fixture == nil else { return }
      var rest = TextTable(heading: ["left out", "because"])
      rest.rows = MethodGrid.leftOut.map { ["\($0.loss) with \($0.optimizer)", $0.reason] }
      Console.print("\n" + rest.text(in: tables.layout))
    }
  }
}

extension GoldenOutcome {
  fileprivate var text: String {
    switch self {
    case .same(let count): "\(count) values agree"
    case .differs(let comparison): "differs: \(comparison.failures.first?.text ?? comparison.first.text)"
    case .missing: "missing: not on record; `escapement golden accept` puts it there"
    }
  }

  fileprivate func json(name: String) -> JSON {
    var members: [String: JSON] = [
      "name": .string(name), "agrees": .bool(agrees), "text": .string(text),
    ]
    if case .differs(let comparison) = self { members["comparison"] = comparison.json }
    return .object(members)
  }
}
