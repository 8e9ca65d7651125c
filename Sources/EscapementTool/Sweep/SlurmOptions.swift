import ArgumentParser

/// Flags of `--backend slurm`; an omitted flag has the cluster's default.
struct SlurmOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Time limit of a task, as sbatch takes it.", valueName: "limit")) var time:
    String?
  @Option(help: ArgumentHelp("Partition.", valueName: "name")) var partition: String?
  @Option(help: ArgumentHelp("Account.", valueName: "name")) var account: String?
  @Option(help: ArgumentHelp("Memory of a task, as sbatch takes it.", valueName: "size")) var mem: String?
  @Option(help: "Cores of a task.") var cpus = 1
  @Option(help: "Tasks that run at a time at most, over all arrays.") var throttle: Int?
  @Option(help: "Tasks an array at most; the cluster's MaxArraySize where that is smaller.") var chunk: Int?
  @Option(help: "Seconds before the time limit at which a task receives the signal to write its checkpoint.")
  var warning = 120
  @Option(help: "How often a task that was killed (out of memory, a crash) is queued again.") var retries = 3
  @Flag(name: .customLong("print"), help: "Print the batch scripts; submit nothing.") var printsOnly = false

  func validate() throws {
    try CountRange.check([
      ("--cpus", cpus, 1...10_000), ("--throttle", throttle, 1...CountRange.most),
      ("--chunk", chunk, 1...CountRange.most), ("--warning", warning, 1...CountRange.most),
      ("--retries", retries, 0...CountRange.most),
    ])
    for (flag, value) in [
      ("--time", time), ("--partition", partition), ("--account", account), ("--mem", mem),
    ] {
      if let value,
        value.isEmpty
          || !value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_:.,+/".contains($0)) })
      {
        throw ValidationError("\(flag) is \"\(value)\", expected letters, digits and -_:.,+/")
      }
    }
  }
}
