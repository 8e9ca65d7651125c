import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementVerification

/// The data common to all engines: the open rows, the command of a task, and the logs of tasks.
struct SweepEngine {
  let manifest: SweepManifest
  let manifestPath: String
  let folder: SweepFolder
  let jobs: Int
  /// The words of a task's command before its index.
  let command: [String]
  /// The directory of the tasks' logs.
  let logs: OutputDirectory
  /// The results at the start.
  let found: SweepResults

  init(
    manifest: SweepManifest, place: SweepPlace, data: FilePath?, jobs: Int, checkpointEvery: Int?,
    keepEvery: Int?
  ) throws {
    self.manifest = manifest
    manifestPath = place.manifestURL.path
    folder = place.folder
    self.jobs = jobs
    logs = try OutputDirectory(folder.url.appendingPathComponent("logs", isDirectory: true))
    command =
      [Self.executable, "sweep", "run", manifestPath, "--runs", folder.url.path]
      + (data.map { ["--data", $0.url.path] } ?? [])
      + (checkpointEvery.map { ["--checkpoint-every", String($0)] } ?? [])
      + (keepEvery.map { ["--keep-every", String($0)] } ?? [])
    found = SweepResults(manifest, in: folder)
  }

  /// The path of this program, so that tasks run the same version.
  static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

  /// The rows with work left; the others are named on standard error.
  var open: [Int] {
    for row in found.rows where !row.finding.state.isOpen && row.finding.state != .done {
      Console.note("run \(row.index), \(row.row.id): \(row.finding.state.text); left out")
    }
    return found.rows.filter(\.finding.state.isOpen).map(\.index)
  }

  /// The environment of tasks on this machine: each gets its share of the cores, unless the number of threads is
  /// already set. A thread pool that shares its cores with others waits for them at every step.
  var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment
    if environment["ESCAPEMENT_THREADS"] == nil {
      environment["ESCAPEMENT_THREADS"] = String(max(1, Int(ek_threads_current()) / jobs))
    }
    return environment
  }

  /// The log of a row's task.
  func log(_ index: Int) -> URL { logs.url.appendingPathComponent("\(index).log") }

  /// Reports the current results; exits with 75 after an interruption, and with 2 if a run is not done.
  func conclude() throws {
    let results = SweepResults(manifest, in: folder)
    Console.note(results.summary)
    if Interruption.isRequested {
      throw ToolError.interrupted("interrupted, every task after a checkpoint; the same command goes on")
    }
    try results.checkComplete()
  }

  /// From now on this process ends only after its children, also if its terminal or the reader of its messages is gone.
  private func catchSignals() {
    Interruption.catchSignals()
    signal(SIGPIPE, SIG_IGN)
  }

  /// Runs every open row as a child process, `jobs` at a time.
  func runHere() throws {
    var queue = open[...]
    var running: [pid_t: Int] = [:]
    var isStopping = false
    var progress = SweepProgress(Array(queue), of: manifest, in: folder)
    catchSignals()
    while true {
      if Interruption.isRequested, !isStopping {
        isStopping = true
        queue = []
        for pid in running.keys { kill(pid, SIGTERM) }
      }
      while running.count < jobs, let index = queue.popFirst() {
        let pid = try ChildProcess.start(
          command + ["--index", String(index)], environment: environment, output: log(index))
        running[pid] = index
      }
      if running.isEmpty { break }
      guard let ended = ChildProcess.ended(of: running.keys) else {
        progress.show(running: Set(running.values))
        usleep(20_000)
        continue
      }
      let index = running.removeValue(forKey: ended.pid)!
      progress.clear()
      if ended.status != 0, !isStopping {
        Console.note(
          "run \(index), \(manifest.rows[index].id): exit code \(ended.status); see \(log(index).path)")
      }
    }
    progress.clear()
    try conclude()
  }

  /// Runs every open row by GNU parallel, which keeps a record of them in `logs/parallel.joblog`.
  func runByParallel() throws {
    let indices = open
    guard !indices.isEmpty else { return try conclude() }
    // Do not use parallel's default {}, because a path may contain it. Use exec, because a separate shell process would
    // receive the signals intended for the task.
    let place = "{index}"
    let template =
      "exec " + (command + ["--index"]).map(ShellWord.quoted).joined(separator: " ") + " \(place)"
      + " >>\(ShellWord.quoted(logs.url.path))/\(place).log 2>&1"
    let words =
      [
        "/usr/bin/env", "parallel", "--will-cite", "--jobs", String(jobs), "-I", place,
        // Start no further task after half of them failed: then the cause is the environment, not a run.
        "--halt", "soon,fail=50%", "--joblog", "+" + logs.url.appendingPathComponent("parallel.joblog").path,
        // A task that receives the signal finishes a step and writes a checkpoint.
        "--termseq", "TERM,600000,KILL,25", template, ":::",
      ] + indices.map(String.init)
    var environment = environment
    environment["PARALLEL_SHELL"] = "/bin/sh"
    catchSignals()
    let pid = try ChildProcess.start(words, environment: environment, output: nil)
    var isStopping = false
    var status: Int32?
    while status == nil {
      if Interruption.isRequested, !isStopping {
        isStopping = true
        kill(pid, SIGTERM)
      }
      status = ChildProcess.ended(of: [pid])?.status
      if status == nil { usleep(20_000) }
    }
    if status == 127 {
      throw MissingError(
        what: "GNU parallel", advice: "install it (apt-get install parallel) or use --backend local")
    }
    if let status, status != 0, !isStopping {
      Console.note("parallel ended with \(status); what tasks printed is in \(logs.url.path)")
    }
    try conclude()
  }
}
