/// Input that violates its format: the file, the place, what was found, what was expected and what to do.
///
/// Exit code 65. The description is always one line, whatever the input contains.
public struct DataError: ReportedError, Hashable {
  /// The file or stream that holds the fault.
  public let file: String
  /// The place in the file: a byte offset, a line or a key; nil for the whole file.
  public let place: String?
  /// What was found.
  public let found: String
  /// What was expected.
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
    let (found, expected) = String.quotable(found, expected, limits: (120, 400))
    return line + ": found \(found), expected \(expected)"
  }

  /// "FILE: PLACE: found X, expected Y; ADVICE".
  public var description: String { advice.map { "\(reason); \($0.quotable(limit: 400))" } ?? reason }
}
