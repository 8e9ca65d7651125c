import EscapementGoldens
import ArgumentParser
import EscapementArtifacts
import Foundation
import Synchronization
import EscapementVerification

extension Tier: ExpressibleByArgument {
  /// The tiers of a list such as "exact,fixture"; throws `ValidationError` for another name.
  static func set(_ list: String) throws -> Set<Tier> {
    Set(
      try list.listed.map { name in
        guard let tier = Tier(rawValue: name) else {
          throw ValidationError(UnknownName("tier", name, known: allCases.map(\.rawValue)).description)
        }
        return tier
      })
  }
}

/// `escapement verify`: judges claims and compares the verdicts with the recorded ones.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Judges the papers' claims and compares the verdicts with those on record.",
    discussion: """
      Exit codes: 0 every verdict is the one on record; 1 a verdict changed (or, without a record, a claim was \
      refuted), or a claim keeps its verdict under its own null; 2 nothing was selected or a claim stayed undecided.

      Example: escapement verify T3 D1 --detailed
      """)

  /// The help for the words with which commands select claims.
  static let wordsHelp: String =
    "Claims: an id (T3), the beginning of ids (P4*), or a place in the papers (\"supplement/Table 3\", poster, §D, "
    + "\"Algorithm 1\"); all of the tiers without one."

  @Argument(help: ArgumentHelp(VerifyCommand.wordsHelp, valueName: "ID or PLACE"))
  var ids: [String] = []
  @Option(
    name: .customLong("claims"), help: ArgumentHelp("The same as one list.", valueName: "T1,T2,P4*"))
  var list: String?
  @Option(
    help: ArgumentHelp("Only claims whose source names this table or other place.", valueName: "Table 3"))
  var rows: String?
  @Option(
    name: .customLong("tier"),
    help:
      "Tiers to judge, separated by commas; else exact, fixture and what the evidence decides, or those of the claims or rows that are named. Tier contrast trains for minutes."
  )
  var tierList: String?
  @OptionGroup var evidence: EvidenceOptions
  @OptionGroup var record: RecordOptions
  @Option(help: "Also write record.json, report.html, report.md and junit.xml into this directory.")
  var out: FilePath?
  @OptionGroup var spectra: SpectrumExhibits
  @Flag(help: "Also compare the goldens, for junit.xml.") var goldens = false
  @Flag(help: "Also print GitHub's annotations on standard error.") var annotations = false
  @Flag(help: "Print every measured quantity.") var detailed = false
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions
  @Flag(help: "Print what would be judged, the runs it takes and what they cost; judge nothing.") var plan =
    false
  @Flag(name: .customLong("no-timing"), help: "With --plan: count only, measure nothing on this machine.")
  var untimed = false
  @Flag(help: "With --plan: time the steps again, not those remembered from the last seven days.")
  var measureAgain = false

  @Option(
    name: .customLong("null"),
    help: "Judge the claims in a world without the effect: each must lose its verdict under its own null.")
  var null: NullHypothesis?

  func validate() throws {
    _ = try tiers()
    if plan && null != nil { throw ValidationError("--plan and --null exclude each other") }
    if !plan && (untimed || measureAgain) {
      throw ValidationError("--no-timing and --measure-again need --plan")
    }
    if untimed && measureAgain {
      throw ValidationError("--no-timing and --measure-again exclude each other")
    }
  }

  func run() throws {
    var tiers = try tiers()
    var selected = try ClaimCatalog.standard.selecting(ids: words, rows: rows, tiers: tiers)
    guard !selected.isEmpty else {
      let names = tiers.sorted().map(\.rawValue).joined(separator: ", ")
      Console.error("no claim of tier \(names) is selected; `escapement claims list` shows all")
      throw ExitCode(ExitStatus.inconclusive.rawValue)
    }
    if let null { return try NullReport(selected, under: null).write(json: json, in: tables.layout) }
    if plan {
      let plan = try VerificationPlan(selected, archive: evidence.archive())
      let report =
        try untimed
        ? PlanReport(plan) : PlanReport(plan, timedBy: StepCalibration.remembered(again: measureAgain))
      if json { Console.output(report.json) } else { Console.print(report.text(in: tables.layout)) }
      return
    }
    // Create it before the computation, so that a location that cannot be written is reported at once.
    let directory = try out.map { try OutputDirectory($0.directory) }
    let archive = try evidence.archive()
    let baseline = try self.record.baseline()
    let takesWhatRunsDecide = selectsNothing && !archive.counted.isEmpty
    if takesWhatRunsDecide {
      tiers.formUnion(Tier.allCases.filter(\.waitsForRuns))
      selected = try ClaimCatalog.standard.selecting(ids: [], tiers: tiers)
    }
    if self.record.isBuiltIn {
      Console.note("compared with the verdicts on record in this program, version \(PackageVersion.current)")
    }
    // Likewise for a spectrum that cannot be drawn.
    let exhibits = try ReportExhibits(runs: archive.counted, spectra: spectra.series())
    let (meter, runMeter) = (ProgressMeter(), ProgressMeter())
    // The claim that is judged, for the line about the runs that it needs.
    let current = Mutex(selected[0].id)
    let verifier = Verifier(
      catalog: ClaimCatalog(selected),
      context: ClaimContext(runs: archive) { preset, trained, total in
        runMeter.show("\(current.withLock { $0 }): runs of \(preset)", done: trained, total: total)
      },
      baseline: baseline)
    var judged = 0
    meter.show(selected[0].id, done: 0, total: selected.count)
    let record = try verifier.verify(tiers: tiers) { _ in
      judged += 1
      guard judged < selected.count else { return }
      current.withLock { $0 = selected[judged].id }
      meter.show(selected[judged].id, done: judged, total: selected.count)
    } includes: { entry in
      // A verdict on record that the runs beside the record no longer give stays, as a change; other runs need not
      // decide it.
      let isHeld =
        evidence.folders.isEmpty && !self.record.isBuiltIn && baseline.entries[entry.claim.id] != nil
      return !takesWhatRunsDecide || !entry.waitsForRuns || isHeld
    }
    meter.clear()
    runMeter.clear()
    if json {
      Console.output(record.json())
    } else {
      Console.print(record.text(detailed: detailed, in: tables.layout), terminator: "")
    }
    let compared = goldens ? try goldenOutcomes() : []
    if let directory {
      try directory.write(record.json(), as: "record.json")
      let origin = ReportOrigin.current
      try directory.write(record.html(with: exhibits, origin: origin), as: "report.html")
      try directory.write(record.markdown(origin: origin), as: "report.md")
      try directory.write(record.junit(goldens: compared, origin: origin), as: "junit.xml")
    }
    if annotations {
      for line in record.annotations(file: "\(self.record.directory)/claims.json") { Console.note(line) }
    }
    for change in record.changes { Console.error("verdict changed: \(change.text)") }
    let differing = compared.filter { !$0.outcome.agrees }
    if let line = GoldenCommand.Check.contractLine(compared.map(\.outcome)) { Console.error(line) }
    for golden in differing where golden.outcome.otherContract == nil {
      Console.error("golden \(golden.name): not as on record")
    }
    guard differing.isEmpty else { throw ExitCode(ExitStatus.differs.rawValue) }
    if record.exitCode != 0 { throw ExitCode(record.exitCode) }
  }

  /// The goldens, compared with the record; those on CIFAR-10 only where it is at hand.
  private func goldenOutcomes() throws -> [(name: String, outcome: GoldenOutcome, seconds: Double)] {
    let store = GoldenStore(root: record.directory.url)
    try store.require()
    let meter = ProgressMeter()
    defer { meter.clear() }
    let cases = try GoldenCatalog.standard(cifar: GoldenCommand.Images.cifar).filter { $0.missing == nil }
    return try cases.enumerated().map { index, golden in
      meter.show(golden.path, done: index, total: cases.count)
      let start = ContinuousClock.now
      let outcome = try store.check(golden)
      return (golden.path, outcome, (ContinuousClock.now - start) / .seconds(1))
    }
  }

  private func tiers() throws -> Set<Tier> {
    if let tierList { return try Tier.set(tierList) }
    return selectsNothing ? Verifier.defaultTiers : Set(Tier.allCases)
  }

  /// Whether neither claims nor a place nor tiers are given.
  private var selectsNothing: Bool { tierList == nil && rows == nil && words.isEmpty }

  /// The words of the arguments and of --claims.
  private var words: [String] { ids + (list.map(ClaimCatalog.words) ?? []) }
}
