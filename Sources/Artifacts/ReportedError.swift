/// An error that a command-line tool reports as one line and an exit code, without a stack trace.
public protocol ReportedError: Error, CustomStringConvertible {
  /// The process exit code for this kind of error.
  var exitCode: Int32 { get }
}

extension String {
  /// This text on one line and at most `limit` characters long, safe to quote in a message.
  ///
  /// Control characters become "·", so that hostile input cannot break a line or control a terminal.
  public func quotable(limit: Int = 120) -> String {
    var scalars = String.UnicodeScalarView()
    var count = 0
    for scalar in unicodeScalars {
      if count == limit {
        scalars.append(contentsOf: "…".unicodeScalars)
        break
      }
      let printable = scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
      scalars.append(printable ? scalar : "·")
      count += 1
    }
    return String(scalars)
  }
}
