import Foundation

/// The error that a failed expectation throws.
///
/// Swift Testing and XCTest both print the description of an error thrown from a test, so this library depends on
/// neither of them.
public struct ExpectationFailure: Error, Hashable, Sendable, CustomStringConvertible, LocalizedError {
  /// What was expected, in a few words.
  public let expectation: String
  /// What was found, line by line.
  public let findings: [String]

  /// The expectation, then the findings.
  public var description: String { ([expectation] + findings).joined(separator: "\n") }

  /// The description, which XCTest prints on some platforms in this form.
  public var errorDescription: String? { description }
}
