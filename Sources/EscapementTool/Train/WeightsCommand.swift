import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// `escapement weights`: exchange of networks with other frameworks.
struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Exchanges weights with PyTorch, and evaluates networks on given images.",
    discussion: """
      Weights are safetensors files with the names and arrangements of PyTorch's state dictionaries: parameters and \
      running statistics.
      """,
    subcommands: [Export.self, Evaluate.self])

  /// `escapement weights export RUN|CHECKPOINT FILE`.
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Writes a run's weights as a PyTorch state dictionary.")

    @Argument(
      help: ArgumentHelp(
        "Run directory, whose newest checkpoint is taken, or a checkpoint's JSON file.",
        valueName: "RUN|CHECKPOINT")) var source: String
    @Argument(help: ArgumentHelp("The safetensors file to write.", valueName: "FILE")) var file: String

    func run() throws {
      try AtomicFile.write(
        Checkpoint<Float>.weights(sidecar: sidecar()).encoded(), to: URL(fileURLWithPath: file))
    }

    private func sidecar() throws -> URL {
      if source.hasSuffix(".json") { return URL(fileURLWithPath: source) }
      let run = RunDirectory(URL(fileURLWithPath: source, isDirectory: true))
      guard let step = run.checkpointedSteps().last else {
        throw MissingError(
          what: "a checkpoint in \(run.checkpoints.path)", advice: "train first, or correct the path")
      }
      return run.sidecar(step: step)
    }
  }

  /// `escapement weights evaluate --network NAME --classes C --weights FILE --images FILE --out FILE`.
  struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate",
      abstract: "Writes a network's logits for images and, with labels, the loss and its gradient.",
      discussion: """
        The images' file holds `images` (F32 or F64, n×3×height×width) and perhaps `labels` (I64, n). The result holds \
        `logits` under running statistics and, with labels, `loss`, the plain mean cross-entropy, and `gradient.NAME` \
        for every parameter.
        """)

    @Option(
      help: ArgumentHelp("For example resnet32-w16, resnet32-w16-cosine, resnet34-w64.", valueName: "name"))
    var network: String
    @Option(parsing: .unconditional, help: "Classes.") var classes: Int
    @Option(help: ArgumentHelp("State dictionary.", valueName: "file")) var weights: String
    @Option(help: ArgumentHelp("Images and labels.", valueName: "file")) var images: String
    @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file")) var out: String
    @Option(help: ArgumentHelp("What precedes every name in the state dictionary.", valueName: "text"))
    var prefix = ""
    @Flag(help: "Compute in Double; F32 weights and images are widened.") var double = false
    @Flag(help: "Loss and gradient under the batch's own statistics.") var batchStatistics = false

    func validate() throws {
      // As many as the largest of the published data sets, with room.
      guard (2...100_000).contains(classes) else {
        throw ValidationError("--classes is \(classes), expected 2 to 100000")
      }
      guard Architecture(network) != nil else {
        throw ValidationError(
          "--network is \"\(network)\", expected a name like resnet32-w16, resnet32-w16-cosine, resnet34-w64 or "
            + "resnet50-bottleneck-w64")
      }
    }

    func run() throws {
      guard let architecture = Architecture(network) else { throw ToolError.usage("no network \(network)") }
      let network = architecture.network(classes: classes)
      if double { try evaluate(network, Double.self) } else { try evaluate(network, Float.self) }
    }

    private func evaluate<Element: Real>(_ network: Network, _ type: Element.Type) throws {
      let state = try StateDictionary<Element>(
        contentsOf: URL(fileURLWithPath: weights), network: network, prefix: prefix)
      let batch = try InterchangeBatch<Element>(contentsOf: URL(fileURLWithPath: images), classes: classes)
      let result = try InterchangeEvaluation(
        network, state, on: batch, normalization: batchStatistics ? .batch : .running)
      try result.write(to: URL(fileURLWithPath: out))
    }
  }
}
