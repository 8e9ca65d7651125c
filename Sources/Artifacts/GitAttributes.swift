import Foundation

/// `.gitattributes` of a folder whose files are compared by their bytes.
package enum GitAttributes {
  private static let text = """
    # The files of this folder are compared by their bytes: git must not change line ends.
    * -text
    *.gz binary
    *.safetensors binary

    """

  /// Writes the file into a folder that exists; one that is there stays as it is. Throws a `FileError`.
  package static func write(in folder: URL) throws {
    let file = folder.appendingPathComponent(".gitattributes")
    guard !FileManager.default.fileExists(atPath: file.path) else { return }
    try AtomicFile.write(Data(text.utf8), to: file)
  }
}
