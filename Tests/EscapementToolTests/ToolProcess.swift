import Foundation
import Synchronization
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

  /// Numbers the runs: tests run side by side, and two may use the same arguments.
  private static let serial = Atomic<Int>(0)

  /// Runs to the end. `whileRunning` gets the process once it has started.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], in directory: URL? = nil,
    whileRunning: ((Process) -> Void)? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent(
        "escapement-tool-\(getpid())-\(serial.wrappingAdd(1, ordering: .relaxed).newValue)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files, not pipes: nothing has to be read while the process runs.
    let (output, errors) = (scratch.appendingPathComponent("out"), scratch.appendingPathComponent("err"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
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

  /// A directory for one test, empty; the caller's closure gets it, and it goes afterwards.
  static func withDirectory<R>(_ name: String = #function, _ body: (URL) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(getpid())-\(name.filter(\.isLetter))")
    try? FileManager.default.removeItem(at: url)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
  }
}
