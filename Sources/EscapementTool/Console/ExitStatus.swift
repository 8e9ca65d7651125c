/// The process exit codes.
enum ExitStatus: Int32, CaseIterable {
  /// Everything is as expected.
  case expected = 0
  /// A claim, golden or comparison differs.
  case differs = 1
  /// Inconclusive, or nothing was selected.
  case inconclusive = 2
  /// The command was used wrongly.
  case usage = 64
  /// Input data is not what its format promises.
  case badData = 65
  /// Something needed is missing, or a place cannot be read or written.
  case missing = 69
  /// An internal failure, or a computation left the finite numbers.
  case internalFailure = 70
  /// Interrupted after a valid checkpoint: safe to run again.
  case interrupted = 75
}
