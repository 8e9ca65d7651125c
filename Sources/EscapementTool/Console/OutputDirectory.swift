import EscapementArtifacts
import Foundation

/// A directory for results, which is created if it does not exist and whose files are written atomically.
struct OutputDirectory {
  let url: URL

  /// Creates the directory; throws a `FileError` if that fails.
  init(path: String) throws {
    url = URL(fileURLWithPath: path, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      throw FileError(operation: "create", path: path, code: Int32(underlying?.code ?? Int(EIO)))
    }
    guard access(url.path, W_OK) == 0 else { throw FileError(operation: "write to", path: path, code: errno) }
  }

  /// Writes a text as a file.
  func write(_ text: String, as name: String) throws {
    try AtomicFile.write(Data(text.utf8), to: url.appendingPathComponent(name))
  }

  /// Writes a JSON document as a file.
  func write(_ json: JSON, as name: String) throws {
    try AtomicFile.write(json, to: url.appendingPathComponent(name))
  }
}
