import EscapementArtifacts
import EscapementKernels

extension NumericContract {
  /// The member of a document that says which contract its numbers were computed under.
  public static let key = "contract"

  /// For a document.
  public var json: JSON { .string(description) }

  /// The contract of a document: contract 1 where it states none.
  ///
  /// A `DataError` for a text that is no contract.
  public init(of document: JSONCursor) throws {
    guard let member = try document.optionalField(Self.key) else {
      self = .first
      return
    }
    let text = try member.string()
    guard let contract = NumericContract(text) else {
      throw member.fault(
        found: "\"\(text)\"", expected: "a numeric contract: a number from 1 on, or \"2 direct\"",
        advice: "restore the file from a copy, or read it with the version that wrote it")
    }
    self = contract
  }
}
