import EscapementArtifacts
import Foundation

/// A directory for results, which is created if it does not exist and whose files are written atomically.
struct OutputDirectory {
  let url: URL
  private let outputs: OutputGuard

  /// Creates the directory; throws a `FileError` if that fails. None of `inputs` is written over.
  init(_ url: URL, apartFrom inputs: [FilePath?] = []) throws {
    self.url = url
    outputs = OutputGuard(inputs: inputs)
    try Directories.make(url)
    guard access(url.path, W_OK) == 0 else {
      throw FileError(operation: "write to", path: url.path, code: errno)
    }
  }

  /// The place of a file, after the checks of `OutputGuard`.
  private func place(_ name: String) throws -> URL {
    let file = url.appendingPathComponent(name)
    try outputs.check(file)
    return file
  }

  /// Writes a text as a file.
  func write(_ text: String, as name: String) throws {
    try OutputFile.write(Data(text.utf8), to: place(name))
  }

  /// Writes a JSON document as a file.
  func write(_ json: JSON, as name: String) throws {
    let file = try place(name)
    try AtomicFile.write(json, to: file)
    Console.wrote(file)
  }
}
