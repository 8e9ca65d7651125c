import Foundation
import EscapementTestSupport
import Testing

/// The built executable, run as a user runs it.
struct ToolProcess {
  /// How a run ended.
  struct Result {
    let status: Int32
    let output: String
    let errors: String

    /// The lines on standard error.
    var errorLines: [Substring] { errors.split(separator: "\n") }
  }

  /// The executable beside the test bundle.
  static let executable: URL = {
    let here = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let bundle = CommandLine.arguments.lazy.map { URL(fileURLWithPath: $0) }.first {
      $0.pathExtension == "xctest"
    }
    let places = [here, bundle?.deletingLastPathComponent(), bundle].compactMap { $0 }
    return places.map { $0.appendingPathComponent("escapement") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
      ?? here.appendingPathComponent("escapement")
  }()

  /// Runs to the end on `input`. `whileRunning` gets the process once it has started; `wrapper` is a program with
  /// arguments that starts the executable with its own.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = "", in directory: URL? = nil,
    through wrapper: [String] = [], whileRunning: ((Process) -> Void)? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = wrapper.isEmpty ? executable : URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = (wrapper.isEmpty ? [] : wrapper + [executable.path]) + arguments
    process.currentDirectoryURL = directory
    // Whole lines, whatever the terminal, unless a test asks for another width.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["COLUMNS": "100000"].merging(environment) { $1 }) { $1 }
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    // Files, not pipes: nothing has to be read while the process runs.
    let (output, errors) = (
      scratch.url.appendingPathComponent("out"), scratch.url.appendingPathComponent("err")
    )
    for file in [output, errors] { try Data().write(to: file) }
    let inputFile = scratch.url.appendingPathComponent("in")
    try Data(input.utf8).write(to: inputFile)
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    whileRunning?(process)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit, "\(arguments) ended by a signal")
    return Result(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Calls `body` with an empty directory that goes afterwards.
  static func withDirectory<R>(_ body: (URL) throws -> R) throws -> R {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try body(directory.url)
  }
}
