/// Input that is not what its format promises: a file, a key, what was found and what to do.
///
/// Exit code 65. The description is one line whatever the input holds.
public struct DataError: ReportedError, Hashable {
  /// The file (or stream) with the fault.
  public let file: String
  /// Where in it: a byte offset, a line, a key; nil for the whole file.
  public let place: String?
  /// What was there.
  public let found: String
  /// What should have been there.
  public let expected: String
  /// What the user can do about it.
  public let advice: String?

  /// Describes one fault.
  public init(file: String, place: String? = nil, found: String, expected: String, advice: String? = nil) {
    self.file = file
    self.place = place
    self.found = found
    self.expected = expected
    self.advice = advice
  }

  /// 65: the input is at fault.
  public var exitCode: Int32 { 65 }

  /// "FILE: PLACE: found X, expected Y".
  public var reason: String {
    var line = file.quotable(limit: 1024)
    if let place { line += ": " + place.quotable() }
    return line + ": found \(found.quotable()), expected \(expected.quotable(limit: 400))"
  }

  /// "FILE: PLACE: found X, expected Y; ADVICE".
  public var description: String { advice.map { "\(reason); \($0.quotable(limit: 400))" } ?? reason }
}
