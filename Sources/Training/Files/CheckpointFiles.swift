import EscapementArtifacts
import Foundation

/// The two files of a checkpoint. Every byte has been compared with the digest that covers it.
public struct CheckpointFiles: Sendable {
  /// The schema of the sidecars that are written.
  public static let schema = 2

  /// The sidecar's members.
  public let fields: JSONCursor
  /// The tensors.
  public let tensors: Safetensors
  /// The file of the tensors.
  public let tensorFile: URL

  /// Reads a sidecar and the tensor file beside it.
  ///
  /// Throws a `DataError` if one is absent or does not match its digest: the checkpoint is damaged. Throws
  /// `CheckpointSchemaError` if it is intact but has an unknown schema, and `FileError` if the system refuses.
  public init(sidecar: URL) throws {
    tensorFile = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
    fields = try Self.fields(sidecar: sidecar)
    let bytes = try Self.read(tensorFile)
    let expected = try fields.field("tensors_sha256").digest()
    let found = Digest(of: bytes)
    guard found == expected else {
      throw DataError(
        file: tensorFile.path, found: "SHA-256 \(found)", expected: "\(expected), as its sidecar says",
        advice: Self.advice)
    }
    tensors = try Safetensors(parsing: bytes, file: tensorFile.path)
  }

  /// Reads a sidecar alone. Throws as `init(sidecar:)` does.
  package static func fields(sidecar: URL) throws -> JSONCursor {
    let text = try read(sidecar)
    let fields = JSONCursor(try JSON(parsing: text, file: sidecar.path), file: sidecar.path)
    // One flipped bit cannot turn a 2 into a 1, so damage cannot look like the older schema.
    if try fields.field("schema").integer() != 1 {
      try SealedJSON.check(fields.value, bytes: text, file: sidecar.path, advice: advice)
    }
    _ = try schema(of: fields)
    return fields
  }

  /// The damage of a checkpoint's files; nil if they are intact. Throws errors other than damage.
  public static func damage(sidecar: URL) throws -> DataError? {
    do {
      _ = try CheckpointFiles(sidecar: sidecar)
      return nil
    } catch let damage as DataError {
      return damage
    }
  }

  static let advice = "`train --resume` goes on from the checkpoint before it"

  static func schema(of fields: JSONCursor) throws -> Int {
    let schema = try fields.field("schema")
    guard (1...Self.schema).contains(try schema.integer()) else {
      throw CheckpointSchemaError(file: schema.file, found: try schema.integer())
    }
    return try schema.integer()
  }

  private static func read(_ url: URL) throws -> Data {
    do {
      return try FileContents.read(url)
    } catch is MissingError {
      throw DataError(
        file: url.path, found: "no such file", expected: "one half of a checkpoint", advice: advice)
    }
  }
}

/// A checkpoint that is intact but was written by a version with an unknown schema.
///
/// Exit code 65.
public struct CheckpointSchemaError: ReportedError, Hashable {
  /// The sidecar.
  public let file: String
  /// Its schema.
  public let found: Int

  /// 65: this version cannot read the input.
  public var exitCode: Int32 { 65 }

  /// One line with both schemas.
  public var description: String {
    DataError(
      file: file, place: "schema", found: "\(found)", expected: "1 or \(CheckpointFiles.schema)",
      advice: "go on with the version that wrote it"
    ).description
  }
}
