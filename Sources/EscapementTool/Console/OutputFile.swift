import ArgumentParser
import EscapementArtifacts
import EscapementTraining
import Foundation

/// A file on the command line that the command writes; "-" is standard output.
struct OutputFile: ExpressibleByArgument, CustomStringConvertible {
  /// What an output is to its command.
  enum Role {
    /// All that the command has to say, so that it may go to standard output.
    case result
    /// Written beside what the command prints on standard output.
    case addition
    /// A file that the command also reads, to go on from it or to compare.
    case record
  }

  static var defaultCompletionKind: CompletionKind { .file() }

  /// The path as it was given.
  let path: String

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    path = argument
  }

  var description: String { path }
  /// Whether the result goes to standard output, where nothing else may be printed then.
  var isStandardOutput: Bool { path == "-" }

  /// The place as a URL.
  var url: URL { URL(fileURLWithPath: isStandardOutput ? "/dev/stdout" : path) }

  /// The file's URL, after the checks of `OutputGuard`. Call it before the computation, so that a place that cannot be
  /// written to is reported at once.
  func checked(as role: Role = .result, apartFrom inputs: [FilePath?] = []) throws -> URL {
    if isStandardOutput, role != .result {
      throw ToolError.usage("- is standard output, which has other results: give a file")
    }
    try OutputGuard(inputs: inputs).check(url)
    if role == .record {
      guard case .file = try OutputPlace(of: url.path) else {
        throw ToolError.usage("\(path) is no regular file, and this command also reads it: give a file")
      }
    }
    return url
  }

  /// Throws a usage error if two outputs of a command, by their flags, are one file.
  static func checkDistinct(_ outputs: KeyValuePairs<String, OutputFile?>) throws {
    var flags: [String: String] = [:]
    for (flag, output) in outputs {
      guard let place = output?.url.resolvingSymlinksInPath().path else { continue }
      if let other = flags.updateValue(flag, forKey: place) {
        throw ToolError.usage("\(other) and \(flag) are one file")
      }
    }
  }
}

extension OutputFile {
  /// Writes a result whose place was checked, and tells so.
  static func write(_ data: Data, to url: URL) throws {
    try AtomicFile.write(data, to: url)
    Console.wrote(url)
  }
}

/// The checks of every output of every command: a place that can be written to, and whose content is not lost to the
/// user.
struct OutputGuard {
  /// The files and directories that the command reads. Runs need not be among them: no command writes over their files.
  var inputs: [FilePath?] = []

  /// Throws `FileError` for a place that cannot be written to, and a usage error for an existing file that the command
  /// reads or that belongs to a run.
  func check(_ url: URL) throws {
    let place = try OutputPlace(of: url.path)
    guard case .file(let path, let status) = place else { return }
    let target = URL(fileURLWithPath: path)
    let folder = target.deletingLastPathComponent()
    guard access(folder.path, W_OK) == 0 else {
      throw FileError(operation: "write", path: url.path, code: errno)
    }
    guard let status else { return }
    func refuse(_ reason: String) -> ToolError { .usage("\(url.path) \(reason): choose another file") }
    for input in inputs.compactMap(\.self) {
      var read = stat()
      guard stat(input.path, &read) == 0 else { continue }
      if read.st_ino == status.st_ino, read.st_dev == status.st_dev { throw refuse("is an input") }
      let isRun = FileManager.default.fileExists(atPath: RunDirectory(input.directory).record.path)
      if !isRun, read.st_mode & S_IFMT == S_IFDIR, Self.isInside(folder, input.directory) {
        throw refuse("lies in the input \(input.path)")
      }
    }
    if Self.belongsToRun(target) { throw refuse("belongs to a run") }
  }

  private static func isInside(_ folder: URL, _ directory: URL) -> Bool {
    let (inner, outer) = (folder.resolvingSymlinksInPath().path, directory.resolvingSymlinksInPath().path)
    return inner == outer || inner.hasPrefix(outer.hasSuffix("/") ? outer : outer + "/")
  }

  /// Whether an existing file is one that `train` writes.
  private static func belongsToRun(_ file: URL) -> Bool {
    let folder = file.deletingLastPathComponent().resolvingSymlinksInPath()
    let (own, parent) = (RunDirectory(folder), RunDirectory(folder.deletingLastPathComponent()))
    func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    let files = [own.record, own.metrics, own.compactMetrics, own.lockFile]
    return exists(own.record) && (own.hasMetrics || exists(own.checkpoints))
      && files.contains { $0.lastPathComponent == file.lastPathComponent }
      || exists(parent.record) && folder.lastPathComponent == parent.checkpoints.lastPathComponent
  }
}
