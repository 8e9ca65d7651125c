import ArgumentParser
import EscapementArtifacts
import Foundation

/// A file or directory on the command line.
///
/// An empty path, as of a variable that is not set, is refused: it would be the current directory.
struct FilePath: ExpressibleByArgument, CustomStringConvertible {
  static var defaultCompletionKind: CompletionKind { .file() }

  /// The path as it was given.
  let path: String

  /// A path that is not empty.
  init(_ path: String) { self.path = path }

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    path = argument
  }

  var description: String { path }
  /// The path as a file's URL.
  var url: URL { URL(fileURLWithPath: path) }
  /// The path as a directory's URL.
  var directory: URL { URL(fileURLWithPath: path, isDirectory: true) }
}
