import Foundation

/// Makes directories and reports errors that a user can act on.
package enum Directories {
  /// Creates a directory and those above it, as `mkdir -p` does; one that exists is left as it is.
  ///
  /// Throws a `FileError` with the path and the reason of the first that cannot be created, or that is a file.
  package static func make(_ url: URL) throws {
    var status = stat()
    if stat(url.path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw FileError(operation: "create", path: url.path, code: ENOTDIR)
      }
      return
    }
    let parent = url.deletingLastPathComponent()
    if parent.path != url.path { try make(parent) }
    guard mkdir(url.path, 0o755) == 0 || errno == EEXIST else {
      throw FileError(operation: "create", path: url.path, code: errno)
    }
  }

  /// The names in a directory, in no order. Throws a `FileError` with the reason if it cannot be read.
  package static func names(in url: URL) throws -> [String] {
    guard let directory = opendir(url.path) else {
      throw FileError(operation: "list", path: url.path, code: errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
