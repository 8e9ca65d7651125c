import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementTool

@Suite("sweep, run as processes")
struct SweepCommandTests {
  private static let threads = ["ESCAPEMENT_THREADS": "1"]

  private func sweep(
    _ arguments: [String], in directory: URL, environment: [String: String] = [:],
    whileRunning: ((Process) -> Void)? = nil
  ) throws -> ToolProcess.Result {
    try ToolProcess.run(
      ["sweep"] + arguments, environment: Self.threads.merging(environment) { $1 }, in: directory,
      whileRunning: whileRunning)
  }

  /// A file's lines once it has them; a test that waits in vain ends with what is there.
  private func wait(for text: String, in file: URL) {
    for _ in 0..<2000 {
      if let content = try? String(contentsOf: file, encoding: .utf8), content.contains(text) { return }
      usleep(10_000)
    }
  }

  private func digests(_ directory: URL) throws -> [String: String] {
    let collected = try sweep(["collect", "sweep.csv", "--runs", "runs", "--json"], in: directory)
    let rows = try JSON(parsing: Data(collected.output.utf8), file: "collect")["runs"]?.array ?? []
    return Dictionary(
      uniqueKeysWithValues: rows.compactMap { row in
        row["digest"]?.string.flatMap { digest in row["run"]?.string.map { ($0, digest) } }
      })
  }

  @Test("planned, trained by index and by an engine's variable, collected, read as evidence")
  func throughTheVerbs() throws {
    try ToolProcess.withDirectory { directory in
      let plan = [
        "plan", "--preset", "fixture/ce,fixture/ce-sam", "--rho", "0.05,0.1", "--epochs", "1", "--out",
        "sweep.csv",
      ]
      let planned = try sweep(plan, in: directory)
      #expect(planned.status == 0, "\(planned.errors)")
      #expect(planned.errors.contains("fixture/ce has no rho") && planned.errors.contains("1 rows are runs"))
      #expect(try sweep(plan, in: directory).errors.contains("there already"))
      let other = try sweep(plan + ["--seeds", "1"], in: directory)
      #expect(other.status == 65 && other.errors.contains("never written over"))

      let place = ["sweep.csv", "--runs", "runs"]
      let first = try sweep(["run"] + place + ["--index", "0"], in: directory)
      #expect(first.status == 0, "\(first.errors)")
      let again = try sweep(["run"] + place + ["--index", "0"], in: directory)
      #expect(again.status == 0 && again.errors.contains("done already") && again.output.isEmpty)
      let collected = try sweep(["collect"] + place, in: directory)
      #expect(collected.status == 2 && collected.output.contains("inconclusive (0 of 1)"))
      #expect(try sweep(["status"] + place, in: directory).status == 2)
      let grid = try sweep(["run"] + place, in: directory, environment: ["SGE_TASK_ID": "2"])
      #expect(grid.status == 0, "\(grid.errors)")
      let kubernetes = try sweep(["run"] + place, in: directory, environment: ["JOB_COMPLETION_INDEX": "2"])
      #expect(kubernetes.status == 0, "\(kubernetes.errors)")
      let done = try sweep(["status"] + place + ["--json"], in: directory)
      #expect(done.status == 0)
      // Each is the run that train makes of the same flags.
      let trained = try ToolProcess.run(
        ["train", "--preset", "fixture/ce-sam", "--rho", "0.1", "--epochs", "1", "--out", "single"],
        environment: Self.threads, in: directory)
      let digests = try digests(directory)
      let runs = try JSON(parsing: Data(done.output.utf8), file: "status").array ?? []
      let name = try #require(runs.last?["run"]?.string)
      #expect(trained.errors.contains(try #require(digests[name])))
      let added = try ToolProcess.run(["evidence", "add", "runs/\(name)"], in: directory)
      #expect(added.output.contains("Evidence/\(name)"), "\(added.errors)")
      let out = try sweep(["collect"] + place + ["--out", "results"], in: directory)
      #expect(out.status == 0)
      let written = try FileManager.default.contentsOfDirectory(
        atPath: directory.appendingPathComponent("results").path)
      #expect(written.sorted() == ["groups.csv", "results.json", "runs.csv"])
    }
  }

  @Test("a local sweep that is stopped goes on to the bits of one that is not", arguments: [SIGTERM, SIGHUP])
  func local(signal: Int32) throws {
    try ToolProcess.withDirectory { directory in
      _ = try sweep(
        ["plan", "--preset", "fixture/ce", "--seeds", "0..<2", "--epochs", "2", "--out", "sweep.csv"],
        in: directory)
      let run = ["run", "sweep.csv", "--runs", "runs", "--backend", "local"]
      let log = directory.appendingPathComponent("runs/logs/0.log")
      let stopped = try sweep(run, in: directory) { process in
        wait(for: "epoch 1/2", in: log)
        kill(process.processIdentifier, signal)
      }
      #expect(stopped.status == 75, "\(stopped.errors)")
      #expect(stopped.errors.contains("the same command goes on"))
      let status = try sweep(["status", "sweep.csv", "--runs", "runs"], in: directory)
      #expect(status.output.contains("interrupted after step") && status.output.contains("waiting"))
      let resumed = try sweep(run, in: directory)
      #expect(resumed.status == 0, "\(resumed.errors)")
      let interrupted = try digests(directory)
      try FileManager.default.moveItem(
        at: directory.appendingPathComponent("runs"), to: directory.appendingPathComponent("first"))
      #expect(try sweep(run + ["--jobs", "2"], in: directory).status == 0)
      #expect(try digests(directory) == interrupted && interrupted.count == 2)
    }
  }

  @Test("a batch script is one that bash reads, without a cluster")
  func slurm() throws {
    try ToolProcess.withDirectory { directory in
      _ = try sweep(
        ["plan", "--preset", "fixture/ce", "--seeds", "0..<7", "--out", "sweep.csv"], in: directory)
      let printed = try sweep(
        [
          "run", "sweep.csv", "--runs", "the runs", "--backend", "slurm", "--print", "--chunk", "4",
          "--throttle", "2",
          "--time", "1:00:00", "--partition", "long", "--mem", "2G",
        ], in: directory)
      #expect(printed.status == 0, "\(printed.errors)")
      let scripts = printed.output.components(separatedBy: "#!/bin/bash\n").dropFirst()
      #expect(scripts.count == 2)
      #expect(scripts.first?.contains("#SBATCH --array=0-3%2\n") == true)
      #expect(scripts.last?.contains("#SBATCH --array=0-2%2\n") == true)
      #expect(scripts.last?.contains("row=$((SLURM_ARRAY_TASK_ID + 4))") == true)
      for line in ["--signal=B:USR1@120", "--time=1:00:00", "--partition=long", "--mem=2G", "--requeue"] {
        #expect(scripts.allSatisfy { $0.contains("#SBATCH \(line)\n") }, "\(line)")
      }
      // A signal that comes before its trap ends the shell, which leaves the task without one who waits for it.
      for script in scripts {
        let start = try #require(script.range(of: "--index \"$row\" &\n"))
        let traps = script.ranges(of: "\ntrap ")
        #expect(traps.count == 2 && traps.allSatisfy { $0.upperBound < start.lowerBound })
      }
      let bash = Process()
      bash.executableURL = URL(fileURLWithPath: "/bin/bash")
      bash.arguments = ["-n"]
      let pipe = Pipe()
      bash.standardInput = pipe
      try bash.run()
      pipe.fileHandleForWriting.write(Data(printed.output.utf8))
      try pipe.fileHandleForWriting.close()
      bash.waitUntilExit()
      #expect(bash.terminationStatus == 0)
    }
  }

  @Test(
    "the script's shell: a warning queues a task again, a user's cancellation does not, a crash does so often"
  )
  func batchShell() throws {
    try ToolProcess.withDirectory { directory in
      _ = try sweep(["plan", "--preset", "fixture/ce", "--out", "sweep.csv"], in: directory)
      let printed = try sweep(
        ["run", "sweep.csv", "--runs", "runs", "--backend", "slurm", "--print", "--retries", "1"],
        in: directory)
      // In the tool's place one that ends as it is told, and in scontrol's one that keeps its arguments.
      let tool = directory.appendingPathComponent("tool")
      let stand = """
        #!/bin/bash
        stop=0
        trap stop=1 TERM USR1
        [[ -s code ]] && exit "$(<code)"
        echo ready >ready
        for ((i = 0; i < 1000; i++)); do
          sleep 0.01
          if [ $stop = 1 ]; then exit 75; fi
        done

        """
      try Data(stand.utf8).write(to: tool)
      try Data("#!/bin/bash\necho \"$@\" >>requeued\n".utf8)
        .write(to: directory.appendingPathComponent("scontrol"))
      for name in ["tool", "scontrol"] {
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: directory.appendingPathComponent(name).path)
      }
      let script = printed.output.replacing(ToolProcess.executable.path, with: tool.path)
      try Data(script.utf8).write(to: directory.appendingPathComponent("script"))
      func outcome(code: String, signals: [Int32], restarts: Int = 0) throws -> (Int32, String) {
        for name in ["requeued", "ready"] {
          try? FileManager.default.removeItem(at: directory.appendingPathComponent(name))
        }
        try Data(code.utf8).write(to: directory.appendingPathComponent("code"))
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = directory.path + ":" + (environment["PATH"] ?? "")
        for (name, value) in [
          ("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_JOB_ID", "8"), ("SLURM_JOB_ID", "9"),
          ("SLURM_RESTART_COUNT", "\(restarts)"),
        ] { environment[name] = value }
        // Foundation's Process would hand down a mask that blocks the signals.
        let pid = try ChildProcess.start(
          ["/bin/bash", "-c", "cd '\(directory.path)' && exec bash script"], environment: environment,
          output: directory.appendingPathComponent("output"))
        if !signals.isEmpty { wait(for: "ready", in: directory.appendingPathComponent("ready")) }
        for signal in signals {
          // A cancellation reaches every process of the task, which are one group here.
          kill(signal == SIGTERM ? -pid : pid, signal)
        }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        let requeued = try? String(
          contentsOf: directory.appendingPathComponent("requeued"), encoding: .utf8)
        return (status >> 8 & 0xFF, requeued ?? "")
      }
      let cases: [(code: String, signals: [Int32], restarts: Int, status: Int32, requeued: Bool)] = [
        ("0", [], 0, 0, false), ("65", [], 0, 65, false), ("75", [], 0, 75, true), ("137", [], 0, 137, true),
        ("137", [], 1, 137, false), ("", [SIGUSR1], 0, 75, true), ("", [SIGTERM], 0, 75, false),
        ("", [SIGUSR1, SIGTERM], 0, 75, false),
      ]
      for expected in cases {
        let (status, requeued) = try outcome(
          code: expected.code, signals: expected.signals, restarts: expected.restarts)
        #expect(status == expected.status, "\(expected)")
        #expect(requeued == (expected.requeued ? "requeue 8_3\n" : ""), "\(expected)")
      }
    }
  }

  @Test("wrong use is 64, a changed plan 65, an absent one 69, each in one line")
  func faults() throws {
    try ToolProcess.withDirectory { directory in
      _ = try sweep(["plan", "--preset", "fixture/ce", "--out", "sweep.csv"], in: directory)
      let text = try String(contentsOf: directory.appendingPathComponent("sweep.csv"), encoding: .utf8)
      for name in ["changed.csv", "changed.csv.json"] {
        try FileManager.default.copyItem(
          at: directory.appendingPathComponent(name.replacing("changed", with: "sweep")),
          to: directory.appendingPathComponent(name))
      }
      try Data(text.replacing("\"\"momentum\"\":0.9", with: "\"\"momentum\"\":0.8").utf8)
        .write(to: directory.appendingPathComponent("changed.csv"))
      let place = ["--runs", "runs"]
      let export = ["export", "sweep.csv", "--image", "i", "--volume", "v"]
      let cases: [([String], Int32, String)] = [
        (["run", "sweep.csv"] + place, 64, "SLURM_ARRAY_TASK_ID"),
        (["run", "sweep.csv", "--index", "1"] + place, 64, "row 1"),
        (["run", "sweep.csv", "--index", "0", "--backend", "local"] + place, 64, "not both"),
        (["run", "sweep.csv", "--backend", "pbs"] + place, 64, "pbs"),
        (["run", "sweep.csv", "--backend", "slurm", "--time", "1; rm"] + place, 64, "--time"),
        (["run", "sweep.csv", "--backend", "slurm", "--print", "--runs", "a\"b"], 64, "no path"),
        (["run", "changed.csv", "--index", "0"] + place, 65, "line 2, run"),
        (["status", "none.csv"] + place, 69, "none.csv"),
        (["plan", "--out", "x.csv"], 64, "--preset or --claims"),
        (["plan", "--preset", "fixture/ce", "--rho", "0.1", "--out", "x.csv"], 64, "--rho: no rule"),
        (["plan", "--preset", "fixture/ce-sam", "--rho", "-1", "--out", "x.csv"], 64, "rho"),
        (["plan", "--preset", "fixture/cee", "--out", "x.csv"], 64, "fixture/ce-sam"),
        (["plan", "--preset", "fixture/ce", "--seeds", "2..<1", "--out", "x.csv"], 64, "--seeds"),
        (["plan", "--claims", "P99", "--out", "x.csv"], 64, "P99"),
        (export, 64, "--kubernetes"),
        (export + ["--kubernetes", "--mount", "here"], 64, "--mount"),
      ]
      for (arguments, status, mention) in cases {
        let result = try sweep(arguments, in: directory)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(
          result.errorLines.count == 1 && result.errors.contains(mention), "\(arguments): \(result.errors)")
      }
      let job = try sweep(export + ["--kubernetes", "--parallelism", "5"], in: directory)
      #expect(job.status == 0 && job.output.contains("parallelism: 1\n"), "\(job.errors)")
    }
  }
}
