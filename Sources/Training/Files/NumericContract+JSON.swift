import EscapementArtifacts
import EscapementKernels

extension NumericContract {
  /// The key of the contract under which the numbers in a document were computed.
  public static let key = "contract"

  /// The value for a document.
  public var json: JSON { .string(description) }

  /// The contract of a document; contract 1 if it states none.
  ///
  /// Throws a `DataError` for a text that is not a contract.
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
