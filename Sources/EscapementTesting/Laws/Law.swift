import EscapementKernels

/// Something that every update rule of some kind keeps, and a way to see whether one does.
public protocol Law: Sendable {
  /// The name, for the command line and records.
  var name: String { get }
  /// What is kept, in one sentence.
  var statement: String { get }
  /// Why there is nothing to judge for a rule of these claims; nil where there is.
  func exemption(for claims: RuleClaims) -> String?
  /// Judges a rule; what it throws is a failure.
  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws
}

extension Law {
  /// Judges a rule, or says why the law does not apply to it.
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
  /// All of them: first what is kept to the bit, then what is kept to a derived bound, then what any rule owes
  /// a run.
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
