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
  /// Input data does not conform to its format.
  case badData = 65
  /// Something that is needed is missing, or a file cannot be read or written.
  case missing = 69
  /// An internal failure, or a computation with a non-finite result.
  case internalFailure = 70
  /// Interrupted after a valid checkpoint: safe to run again.
  case interrupted = 75
}
