import EscapementArtifacts

/// The reason why verdicts were not accepted as a baseline.
package enum BaselineRefusal: ReportedError, Hashable {
  /// The reason is blank.
  case noReason
  /// A verdict is undecided.
  case undecided(id: String, outcome: String)

  /// 64: a request that cannot be met.
  package var exitCode: Int32 { 64 }
  /// One line.
  package var description: String {
    switch self {
    case .noReason: "a baseline is accepted only with a reason; got a blank one"
    case .undecided(let id, let outcome): "\(id) is \(outcome): only decided verdicts go on record"
    }
  }
}
