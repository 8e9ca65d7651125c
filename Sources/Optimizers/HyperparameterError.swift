import EscapementArtifacts

/// A hyperparameter outside its range.
///
/// Exit code 64: the value came from the command line.
public struct HyperparameterError: ReportedError, Hashable {
  /// The parameter's name.
  public let name: String
  /// The value given, as text.
  public let value: String
  /// The values allowed.
  public let expected: String

  /// Describes one value out of range.
  public init(name: String, value: String, expected: String) {
    self.name = name
    self.value = value
    self.expected = expected
  }

  /// 64: a usage error.
  public var exitCode: Int32 { 64 }

  /// "NAME is VALUE, expected RANGE".
  public var description: String { "\(name) is \(value), expected \(expected)" }

  /// Throws unless `value` is finite and at least zero.
  package static func checkNotNegative(_ value: Double, name: String) throws {
    guard value >= 0, value.isFinite else {
      throw HyperparameterError(name: name, value: "\(value)", expected: "a finite number of at least 0")
    }
  }
}
