import Foundation

/// JSON documents that contain the SHA-256 of their own content, so that any changed bit is detected.
///
/// The seal is the member `sha256`: the digest of the canonical compact text of the object without that member. On disk
/// a sealed document is its canonical pretty text and a final newline. Reading requires exactly these bytes, so that a
/// change that leaves every value the same (a space, another spelling of a number) is detected too. Only what git and
/// editors do to whole files is permitted: line ends of CR LF, and a byte order mark.
public enum SealedJSON {
  /// The member that holds the digest.
  public static let key = "sha256"

  /// The object with its seal added.
  public static func sealed(_ document: JSON) -> JSON {
    guard var members = document.object, members[key] == nil else {
      preconditionFailure("a document to seal must be an object without \(key)")
    }
    members[key] = .string(Digest(of: document.canonical()).hex)
    return .object(members)
  }

  /// Checks that these bytes are a sealed document exactly as it was written; throws a `DataError` with `advice` if
  /// not.
  ///
  /// `document` is the parsed bytes; `file` names them in errors.
  public static func check(_ document: JSON, bytes: Data, file: String, advice: String) throws {
    let root = JSONCursor(document, file: file)
    guard var members = document.object else { throw root.fault(expected: "an object", advice: advice) }
    let stated = try root.field(key).digest()
    members[key] = nil
    let found = Digest(of: JSON.object(members).canonical())
    guard found == stated else {
      throw DataError(
        file: file, found: "content of SHA-256 \(found)", expected: "\(stated), as it says of itself",
        advice: advice)
    }
    guard Data((document.canonical(pretty: true) + "\n").utf8) == bytes.withPlainLineEnds else {
      throw DataError(
        file: file, found: "bytes that were not written so", expected: "the canonical text of its values",
        advice: advice)
    }
  }
}
