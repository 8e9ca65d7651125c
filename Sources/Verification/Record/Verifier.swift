import EscapementKernels

/// Runs the procedures of selected claims and compares their verdicts with the baseline.
package struct Verifier: Sendable {
  /// The tiers judged where none are named: those that take seconds.
  package static let defaultTiers: Set<Tier> = [.exact, .fixture]

  /// The claims to choose from.
  package var catalog: ClaimCatalog
  /// What the procedures work with.
  package var context: ClaimContext
  /// The verdicts on record; nil judges without comparing.
  package var baseline: Baseline?

  /// A verifier of the package's own catalog and code.
  package init(
    catalog: ClaimCatalog = .standard, context: ClaimContext = ClaimContext(), baseline: Baseline?
  ) {
    self.catalog = catalog
    self.context = context
    self.baseline = baseline
  }

  /// Judges the claims of the given ids (all when empty) among the given tiers, in catalog order.
  ///
  /// A procedure that throws leaves its claim inconclusive, with the error in the verdict. `progress` hears
  /// of each verdict as it falls.
  package func verify(
    ids: [String] = [], tiers: Set<Tier> = Verifier.defaultTiers,
    progress: (VerificationRecord.Entry) -> Void = { _ in }
  ) throws(UnknownClaim) -> VerificationRecord {
    let entries = try catalog.selecting(ids: ids, tiers: tiers).map { claim in
      let verdict: Verdict
      do { verdict = try claim.judge(context) } catch {
        verdict = Verdict(
          outcome: .inconclusive, measurements: [], summary: "the procedure stopped: \(error)")
      }
      let entry = VerificationRecord.Entry(
        claim: claim, verdict: verdict,
        provenance: Provenance(
          variant: claim.variant, seed: context.seed, procedureVersion: claim.procedureVersion))
      progress(entry)
      return entry
    }
    return VerificationRecord(
      entries: entries, changes: baseline?.changes(in: entries) ?? [], compared: baseline != nil,
      unrecorded: baseline?.unrecorded(in: entries) ?? [], comparedContract: baseline?.contract)
  }
}

/// All verdicts of one verification; every report is a rendering of it.
package struct VerificationRecord: Sendable {
  /// One claim and its verdict.
  package struct Entry: Sendable {
    /// The claim.
    package var claim: Claim
    /// How it ended.
    package var verdict: Verdict
    /// What repeats it.
    package var provenance: Provenance
    /// The command that repeats it.
    package var command: String { "escapement verify \(claim.id)" }

    /// An entry from its parts.
    package init(claim: Claim, verdict: Verdict, provenance: Provenance) {
      self.claim = claim
      self.verdict = verdict
      self.provenance = provenance
    }
  }

  /// The entries, in catalog order.
  package var entries: [Entry]
  /// Verdicts that differ from the baseline.
  package var changes: [VerdictChange]
  /// Whether there was a baseline to compare with.
  package var compared: Bool

  /// Claims judged on finished runs whose verdict could stand on record and does not.
  package var unrecorded: [String]
  /// The numeric contract that the procedures computed under; runs have their own, which the claims about them name.
  package var contract: NumericContract
  /// That of the verdicts on record; nil where there was no baseline.
  package var comparedContract: NumericContract?

  /// A record from its parts, judged under the contract in force unless another is named.
  package init(
    entries: [Entry], changes: [VerdictChange], compared: Bool, unrecorded: [String] = [],
    contract: NumericContract = .current, comparedContract: NumericContract? = nil
  ) {
    self.entries = entries
    self.changes = changes
    self.compared = compared
    self.unrecorded = unrecorded
    self.contract = contract
    self.comparedContract = comparedContract
  }

  /// "numeric contract 2", and that of the verdicts on record where it is another.
  var contractText: String {
    guard let before = comparedContract, before != contract else { return "numeric contract \(contract)" }
    return "numeric contract \(contract); the verdicts on record were reached under contract \(before)"
  }

  /// 1 when a verdict differs from the baseline, or a claim is refuted and there was no verdict to compare with;
  /// 2 when nothing was selected or a verdict is undecided; 0 otherwise.
  package var exitCode: Int32 {
    if !changes.isEmpty { return 1 }
    func stands(_ entry: Entry) -> Bool { compared && !unrecorded.contains(entry.claim.id) }
    if entries.contains(where: { !stands($0) && $0.verdict.outcome == .refuted }) { return 1 }
    // What is on record as undecidable, and was found so again, is as expected.
    let undecided = entries.filter {
      !$0.verdict.outcome.isConclusive && !(stands($0) && $0.verdict.outcome.isOnRecord)
    }
    if entries.isEmpty || !undecided.isEmpty { return 2 }
    return 0
  }

  /// The kinds of statement that were judged, in the order of tallies.
  package var kinds: [ClaimKind] {
    ClaimKind.allCases.filter { kind in entries.contains { $0.claim.kind == kind } }
  }

  /// How many verdicts on statements of a kind have each outcome, in a fixed order, zeros left out. Outcomes of different kinds
  /// are never added: a refuted claim of a paper is a finding about the paper, a refuted statement of this package a fault of ours.
  package func tally(of kind: ClaimKind) -> [(outcome: String, count: Int)] {
    Outcome.names.compactMap { name in
      let count = entries.count { $0.claim.kind == kind && $0.verdict.outcome.name == name }
      return count > 0 ? (name, count) : nil
    }
  }
}
