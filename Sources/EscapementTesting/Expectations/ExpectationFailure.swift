import Foundation

/// What an expectation throws when it is not met.
///
/// Swift Testing and XCTest both print the description of an error that leaves a test, so this library needs neither of
/// them to be built.
public struct ExpectationFailure: Error, Hashable, Sendable, CustomStringConvertible, LocalizedError {
  /// What was expected, in a few words.
  public let expectation: String
  /// What was found, line by line.
  public let findings: [String]

  /// The expectation, then the findings.
  public var description: String { ([expectation] + findings).joined(separator: "\n") }

  /// The same: what XCTest prints on some platforms.
  public var errorDescription: String? { description }
}
