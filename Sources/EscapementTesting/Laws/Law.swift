import EscapementKernels

/// A property of every update rule of some kind, and a procedure that checks it.
public protocol Law: Sendable {
  /// The name, for the command line and records.
  var name: String { get }
  /// The property, in one sentence.
  var statement: String { get }
  /// The reason why the law does not apply to a rule with these claims; nil if it applies.
  func exemption(for claims: RuleClaims) -> String?
  /// Judges a rule; a thrown error is a failure.
  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws
}

extension Law {
  /// Judges a rule, or states why the law does not apply to it.
  func outcome<Element: Real>(_ subject: String, _ trial: RuleTrial<Element>) -> LawOutcome {
    func outcome(_ result: LawOutcome.Result) -> LawOutcome {
      LawOutcome(subject: subject, law: name, element: Element.dtypeName, result: result)
    }
    if let reason = exemption(for: trial.claims) { return outcome(.doesNotApply(reason: reason)) }
    var evidence = LawEvidence()
    do { try judge(trial, &evidence) } catch { return outcome(.stopped("stopped by: \(error)")) }
    guard let decisive = evidence.decisive else { return outcome(.stopped("nothing was compared")) }
    return outcome(decisive.holds ? .holds(decisive, comparisons: evidence.count) : .fails(decisive))
  }
}

/// The laws of update rules.
public enum Laws {
  /// All laws: first those that compare bits, then those with a derived bound, then those that every rule in a run must
  /// keep.
  public static let all: [any Law] = [
    ZeroRadiusLaw(), TinyRadiusLaw(), StageLimitLaw(), TwoPartSumLaw(), AllTailLaw(),
    QuerySequenceLaw(), FiringLaw(), RadiusLaw(), AscentLaw(), LossScaleLaw(), ClosedFormLaw(), NoiseLaw(),
    DescentOrderLaw(), UntouchedParametersLaw(), StatisticsLaw(), EmptyPartLaw(), RecordLaw(),
    DivergenceLaw(), PathLaw(), ResumeLaw(),
  ]

  /// The outcomes of laws for a rule, each in Float and in Double.
  public static func check(_ subject: RuleSubject, laws: [any Law] = all) -> [LawOutcome] {
    laws.flatMap { [$0.outcome(subject.name, subject.float), $0.outcome(subject.name, subject.double)] }
  }
}
