import EscapementArtifacts
import Foundation
import EscapementVerification

extension SweepEngine {
  /// Slurm's MaxArraySize if the cluster does not state it: the default of slurm.conf.
  private static let standardArraySize = 1001

  /// Submits every open row as a task of Slurm job arrays; rows already in the queue are not submitted again.
  func submit(_ options: SlurmOptions) throws {
    // The batch script puts the path between double quotes, and Slurm replaces patterns that begin with %.
    guard !logs.url.path.contains(where: { "\"\\%\n$`".contains($0) }) else {
      throw ToolError.usage("--runs \(folder.url.path): Slurm takes no path with \" \\ % $ or ` for its logs")
    }
    // With --print there may be no cluster; then the default array size is used.
    let largest = options.printsOnly ? (try? arraySize()) ?? Self.standardArraySize : try arraySize()
    let size = min(options.chunk ?? largest, largest)
    var previous: String?
    var submitted = 0
    var scripts: [SlurmScript] = []
    let indices = open
    // Other plans, and this plan in another folder, have other job names.
    let prefix = "escapement-\(Digest(of: manifest.digest.hex + folder.url.path).hex.prefix(12))-"
    let queued = options.printsOnly ? [] : try rowsInQueue(prefix)
    if !queued.isEmpty { Console.note("\(queued.count) tasks are in the queue already") }
    for offset in Set(indices.map { $0 / size * size }).sorted() {
      let tasks = indices.filter { $0 / size * size == offset && !queued.contains($0) }.map { $0 - offset }
      guard !tasks.isEmpty else { continue }
      scripts.append(
        SlurmScript(
          name: prefix + String(offset), command: command, logs: logs.url.path, offset: offset, tasks: tasks,
          options: options))
    }
    if options.printsOnly {
      for script in scripts { Console.print(script.text, terminator: "") }
      return
    }
    for script in scripts {
      // A throttle applies within an array, so with a throttle the arrays run one after another.
      let after = options.throttle == nil ? nil : previous.map { "--dependency=afterany:\($0)" }
      let job = try Self.slurm(["sbatch", "--parsable"] + (after.map { [$0] } ?? []), input: script.text)
      let number = String(job.prefix { $0 != ";" && !$0.isWhitespace })
      previous = number
      submitted += script.tasks.count
      Console.print("\(number) \(script.name) \(script.tasks.count) tasks")
    }
    Console.note("\(submitted) tasks submitted; logs in \(logs.url.path)")
    Console.note(found.summary)
  }

  /// The largest array, from `scontrol show config`.
  private func arraySize() throws -> Int {
    let config = try Self.slurm(["scontrol", "show", "config"])
    let line = config.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }
    let size = line?.split(separator: "=").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard let size else { return Self.standardArraySize }
    guard size > 1 else {
      throw MissingError(what: "a cluster with job arrays", advice: "its MaxArraySize is \(size)")
    }
    return size
  }

  /// The rows whose tasks are waiting or running, in arrays whose names are the prefix and the row of their task 0.
  private func rowsInQueue(_ prefix: String) throws -> Set<Int> {
    let lines = try Self.slurm(["squeue", "--me", "--noheader", "--array", "--format", "%j %K"])
    var rows: Set<Int> = []
    for line in lines.split(whereSeparator: \.isNewline) where line.hasPrefix(prefix) {
      let words = line.dropFirst(prefix.count).split(separator: " ")
      guard words.count == 2, let offset = Int(words[0]), let tasks = SlurmScript.numbers(words[1]) else {
        throw DataError(file: "squeue", found: String(line), expected: "\(prefix)ROW TASK")
      }
      rows.formUnion(tasks.map { offset + $0 })
    }
    return rows
  }

  /// The output of a Slurm program.
  private static func slurm(_ words: [String], input: String = "") throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
    do { try process.run() } catch { throw MissingError(what: "/usr/bin/env", advice: "install coreutils") }
    // A script fits into a pipe's buffer, but a program that ends early must not end this process.
    signal(SIGPIPE, SIG_IGN)
    try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? stdin.fileHandleForWriting.close()
    let output = String(decoding: stdout.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let errors = String(decoding: stderr.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus == 127 {
      throw MissingError(
        what: "the program \(words[0])", advice: "run this on a machine of the Slurm cluster")
    }
    guard process.terminationStatus == 0 else {
      throw MissingError(
        what: "an answer of \(words[0]) (exit code \(process.terminationStatus))",
        advice: Failure.oneLine(errors))
    }
    return output
  }
}
