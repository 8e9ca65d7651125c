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
}
