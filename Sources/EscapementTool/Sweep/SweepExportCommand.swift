import ArgumentParser
import Foundation
import EscapementVerification

/// `escapement sweep export`: a plan as another engine's job.
struct SweepExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Prints the Kubernetes Job of a plan.",
    discussion: """
      The volume holds the plan and its record; runs are written beside them. Applying the same manifest again changes \
      nothing; a Job made again goes on where the runs are.
      """)

  @Argument(help: ArgumentHelp("The plan that `sweep plan` wrote.", valueName: "sweep.csv"))
  var manifest: FilePath
  @Flag(help: "An Indexed Job of batch/v1, as YAML.") var kubernetes = false
  @Option(help: "Image with the tool.") var image: String
  @Option(help: "The persistent volume claim with the plan.") var volume: String
  @Option(help: "Where the volume is mounted.") var mount = "/sweep"
  @Option(help: "Folder of the runs, below the mount.") var runs = "runs"
  @Option(help: "Place of the images below the mount; not needed for fixtures.") var data: String?
  @Option(help: "The tool in the image.") var tool = "escapement"
  @Option(help: "The Job's name; escapement and the beginning of the plan's hash without it.") var name:
    String?
  @Option(help: "Pods at a time.") var parallelism = 1
  @Option(help: "Counted failures of an index before it is given up.") var retries = 3
  @Option(help: "Cores of a pod.") var cpus = 1
  @Option(help: "Memory of a pod, as Kubernetes takes it.") var mem: String?

  func validate() throws {
    guard kubernetes else { throw ValidationError("give --kubernetes") }
    try CountRange.check([
      ("--parallelism", parallelism, 1...CountRange.most), ("--retries", retries, 0...CountRange.most),
      ("--cpus", cpus, 1...10_000),
    ])
    guard mount.hasPrefix("/") else {
      throw ValidationError("--mount is \(mount), expected an absolute path")
    }
  }

  func run() throws {
    let url = manifest.url
    let plan = try SweepManifest(contentsOf: url)
    func place(_ path: String) -> String { mount + "/" + path }
    let job = KubernetesJob(
      name: name ?? "escapement-\(plan.digest.hex.prefix(12))", image: image, volume: volume, mount: mount,
      completions: plan.rows.count, parallelism: min(parallelism, plan.rows.count), retries: retries,
      cpus: cpus, memory: mem,
      command: [tool, "sweep", "run", place(url.lastPathComponent), "--runs", place(runs)]
        + (data.map { ["--data", place($0)] } ?? []))
    Console.print(job.yaml, terminator: "")
  }
}
