import EscapementArtifacts
import Foundation

/// The finished parts of a measurement of hours. They stand in `measurement.json` of the run until the measurement is
/// in the metrics, so that an interruption costs the part in progress alone.
public struct MeasurementParts {
  private let file: URL
  /// The state that is measured.
  private let point: JSON
  private var parts: [String: JSON] = [:]

  /// The parts that were finished at this state before an interruption. A damaged file and parts of another state are
  /// ignored: they are measured again.
  init<Element>(of state: TrainingState<Element>, in directory: RunDirectory) {
    file = directory.measurement
    point = [
      "step": .integer(state.step), "parameters": .string(state.parameters.digest.hex),
      "statistics": .string(state.statistics.digest.hex),
    ]
    guard let bytes = try? FileContents.read(file, limit: RunDirectory.recordLimit),
      let kept = try? JSON(parsing: bytes, file: file.path),
      (try? SealedJSON.check(kept, bytes: bytes, file: file.path, advice: "")) != nil,
      kept["point"] == point, let parts = kept["parts"]?.object
    else { return }
    self.parts = parts
  }

  /// The part of this name; nil if it is not finished.
  public subscript(_ name: String) -> JSON? { parts[name] }

  /// Keeps a finished part. Throws a `FileError` if it cannot be written.
  public mutating func keep(_ part: JSON, as name: String) throws {
    parts[name] = part
    try AtomicFile.write(SealedJSON.sealed(["point": point, "parts": .object(parts)]), to: file)
  }

  /// Removes the file. Throws a `FileError` if there is one that cannot be removed.
  func remove() throws {
    guard unlink(file.path) == 0 || errno == ENOENT else {
      throw FileError(operation: "remove", path: file.path, code: errno)
    }
  }
}
