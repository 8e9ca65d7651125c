import EscapementKernels

/// Runs the procedures of selected claims and compares their verdicts with the baseline.
package struct Verifier: Sendable {
  /// The tiers judged by default, which take seconds.
  package static let defaultTiers: Set<Tier> = [.exact, .fixture]

  /// The claims to choose from.
  package var catalog: ClaimCatalog
  /// The inputs of the procedures.
  package var context: ClaimContext
  /// The recorded verdicts; nil judges without comparing.
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
  /// A claim whose procedure throws an error is inconclusive, with the error in the verdict. `progress` is called after
  /// each verdict. `includes` decides which verdicts are part of the record.
  package func verify(
    ids: [String] = [], tiers: Set<Tier> = Verifier.defaultTiers,
    progress: (VerificationRecord.Entry) -> Void = { _ in },
    includes: (VerificationRecord.Entry) -> Bool = { _ in true }
  ) throws(UnknownClaim) -> VerificationRecord {
    let judged = try catalog.selecting(ids: ids, tiers: tiers).map { claim in
      let start = ContinuousClock.now
      let verdict: Verdict
      do { verdict = try claim.judge(context) } catch {
        verdict = Verdict(
          outcome: .inconclusive, measurements: [], summary: "the procedure stopped: \(error)")
      }
      var entry = VerificationRecord.Entry(
        claim: claim, verdict: verdict,
        provenance: Provenance(
          variant: claim.variant, seed: context.seed, procedureVersion: claim.procedureVersion))
      entry.seconds = (ContinuousClock.now - start) / .seconds(1)
      progress(entry)
      return entry
    }
    let entries = judged.filter(includes)
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
    /// The verdict.
    package var verdict: Verdict
    /// The information needed to repeat it.
    package var provenance: Provenance
    /// The wall-clock time of its procedure, which no other report repeats; nil if it was not measured.
    package var seconds: Double?
    /// Whether the claim is about finished runs and these do not decide it.
    package var waitsForRuns: Bool { claim.tier.waitsForRuns && !verdict.outcome.isOnRecord }
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
  /// Whether the verdicts were compared with a baseline.
  package var compared: Bool

  /// Claims judged on finished runs whose verdict could be recorded and is not.
  package var unrecorded: [String]
  /// The numeric contract of the procedures; runs have their own contracts, which the claims about them state.
  package var contract: NumericContract
  /// The numeric contract of the recorded verdicts; nil without a baseline.
  package var comparedContract: NumericContract?

  /// A record from its parts. The contract in force is the default.
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

  /// "numeric contract 2", and the contract of the recorded verdicts if it differs.
  var contractText: String {
    guard let before = comparedContract, before != contract else { return "numeric contract \(contract)" }
    return "numeric contract \(contract); the verdicts on record were reached under contract \(before)"
  }

  /// 1 if a verdict differs from the baseline, or if a claim is refuted and there was no verdict to compare with; 2 if
  /// nothing was selected or a verdict is undecided; 0 otherwise.
  package var exitCode: Int32 {
    if !changes.isEmpty { return 1 }
    func stands(_ entry: Entry) -> Bool { compared && !unrecorded.contains(entry.claim.id) }
    if entries.contains(where: { !stands($0) && $0.verdict.outcome == .refuted }) { return 1 }
    // A verdict that is recorded as undecidable and was found so again is as expected.
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

  /// The number of verdicts with each outcome for one kind of statement, in a fixed order, without zeros. Outcomes of
  /// different kinds are never added: a refuted claim of a paper is a finding about the paper, a refuted statement of
  /// this package is a fault of the package.
  package func tally(of kind: ClaimKind) -> [(outcome: String, count: Int)] {
    Outcome.names.compactMap { name in
      let count = entries.count { $0.claim.kind == kind && $0.verdict.outcome.name == name }
      return count > 0 ? (name, count) : nil
    }
  }
}
