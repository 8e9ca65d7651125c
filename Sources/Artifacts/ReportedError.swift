/// An error that a command-line tool reports as one line and an exit code, without a stack trace.
public protocol ReportedError: Error, CustomStringConvertible {
  /// The process exit code for this kind of error.
  var exitCode: Int32 { get }
}
