import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import Foundation

/// `escapement weights`: exchange of networks with other frameworks.
struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Exchanges weights with PyTorch, and evaluates networks.",
    discussion: """
      Weights are state dictionaries with the names and arrangements of PyTorch: parameters and running statistics. Read \
      are safetensors files and what torch.save writes (.pth, .pt, .pth.tar), without executing anything; written are \
      safetensors files.

      Example: escapement weights export runs/a weights.safetensors
      """,
    subcommands: [Import.self, Export.self, Evaluate.self])

  /// `escapement weights import FILE --preset NAME --out RUN`.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract:
        "Makes a run directory of weights that were trained elsewhere, and counts what they get right.",
      discussion: """
        spectrum, amplification, escape, report and weights evaluate take the directory like a run. It shows what the \
        point is, never how it was reached, so that no claim is judged by it. F64 is rounded to F32; F16 and BF16 are \
        widened exactly.
        """)

    @Argument(help: ArgumentHelp("The file of weights.", valueName: "FILE")) var file: FilePath
    @OptionGroup var weights: WeightsOptions
    @Option(
      help: ArgumentHelp("The images: archive or directory; not needed for fixtures.", valueName: "path"))
    var data: FilePath?
    @OptionGroup(title: "IMAGES OF YOUR OWN") var listing: ListingOptions
    @Option(help: ArgumentHelp("Run directory: empty or absent.", valueName: "dir")) var out: FilePath

    func run() throws {
      var recipe = try weights.recipe()
      let listing = listing.apply(to: &recipe)
      let images = try LongTailedData.named(recipe.data, at: data, listing: listing)
      let (accuracy, origin) = try RunDirectory(out.directory).importWeights(
        from: file.url, recipe: recipe, data: images, key: weights.key,
        prefix: weights.prefix)
      Console.print(
        "\(origin.format)"
          + (origin.key.isEmpty ? "" : ", dictionary \(origin.key)")
          + (origin.prefix.isEmpty ? "" : ", names behind \"\(origin.prefix)\"")
          + ": the weights of \(recipe.architecture.description)")
      if origin.rounded > 0 { Console.print("rounded from F64 to F32: \(origin.rounded) elements changed") }
      Console.print(AccuracyLine(accuracy).text)
      Console.print("written to \(out)")
    }
  }

  /// `escapement weights export RUN|CHECKPOINT FILE`.
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Writes a run's weights as a PyTorch state dictionary.")

    @Argument(
      help: ArgumentHelp(
        "Run directory, or a checkpoint's JSON file.", valueName: "RUN|CHECKPOINT")) var source: FilePath
    @Argument(help: ArgumentHelp("The safetensors file to write.", valueName: "FILE")) var file: OutputFile
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "The run's checkpoint after this step, or best: that of the selected epoch. The newest when left out.",
        valueName: "step|best"))
    var checkpoint: CheckpointChoice?

    func run() throws {
      let target = try file.checked(apartFrom: [source])
      let sidecar = try sidecar()
      let weights = try Checkpoint<Float>.weights(sidecar: sidecar)
      try weights.checkUsable(file: sidecar.path)
      try OutputFile.write(weights.encoded(), to: target)
    }

    private func sidecar() throws -> URL {
      if source.path.hasSuffix(".json") {
        guard checkpoint == nil else { throw ToolError.usage("--checkpoint: \(source) is one itself") }
        return source.url
      }
      return try RunDirectory(source.directory).sidecar(of: checkpoint)
    }
  }

  /// `escapement weights evaluate RUN|FILE`, on a data set's test images or on a file of images.
  struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate",
      abstract: "The accuracy of weights by class and group, or logits and gradient for images of your own.",
      discussion: """
        Without --images the test images of the run's or the named data set are classified. With --images FILE (a \
        safetensors file with `images`, F32 or F64, n×3×height×width, and perhaps `labels`, I64) --out FILE gets \
        `logits` under running statistics and, with labels, `loss`, the plain mean cross-entropy, and `gradient.NAME` \
        for every parameter.
        """)

    @Argument(help: ArgumentHelp("Run directory, or a file of weights.", valueName: "RUN|FILE"))
    var place: FilePath?
    @Option(name: .customLong("weights"), help: .hidden) var weightsFile: FilePath?
    @OptionGroup var weights: WeightsOptions
    @Option(
      help: ArgumentHelp("The images: archive or directory; not needed for fixtures.", valueName: "path"))
    var data: FilePath?
    @Option(help: ArgumentHelp("Also write the test images' `logits` and `labels`.", valueName: "file"))
    var logits: OutputFile?
    @Option(
      name: [.customLong("images"), .customLong("pictures")],
      help: ArgumentHelp("Evaluate these images in place of a data set's.", valueName: "file"))
    var images: FilePath?
    @Option(help: ArgumentHelp("With --images: the safetensors file to write.", valueName: "file")) var out:
      OutputFile?
    @Option(parsing: .unconditional, help: "With --images and a file of weights: classes.") var classes: Int?
    @Flag(help: "With --images: compute in Double; narrower weights and images are widened.") var double =
      false
    @Flag(help: "With --images: loss and gradient under the batch's own statistics.") var batchStatistics =
      false
    @Flag(help: "Without --images: print the accuracies as one JSON object.") var json = false
    @OptionGroup var tables: TableOptions

    func validate() throws {
      // The limit exceeds the number of classes of the largest published data set.
      if let classes, !(2...100_000).contains(classes) {
        throw ValidationError("--classes is \(classes), expected 2 to 100000")
      }
      guard (place == nil) != (weightsFile == nil) else {
        throw ValidationError("give a run directory or a file of weights")
      }
      guard images == nil || !json else { throw ValidationError("--json goes without --images") }
      guard images == nil || out != nil else { throw ValidationError("--images needs --out FILE") }
      guard images != nil || (out == nil && !double && !batchStatistics && classes == nil) else {
        throw ValidationError("--out, --classes, --double and --batch-statistics go with --images")
      }
    }

    private var source: FilePath { place ?? weightsFile ?? FilePath("") }

    func run() throws {
      if let images, let out {
        let target = try out.checked(apartFrom: [source, images])
        if double {
          try evaluate(images, target, Double.self)
        } else {
          try evaluate(images, target, Float.self)
        }
        return
      }
      let table = try logits?.checked(as: .addition, apartFrom: [source, data])
      let run = try LoadedRun(source, data: data, checkpoint: nil, weights: weights)
      let test: ImageSource<Float> = run.images.test.source(Array(0..<run.images.test.count))
      let accuracy = try ClassAccuracy(
        network: run.network, parameters: run.state.parameters, statistics: run.state.statistics, over: test)
      let record = EpochRecord.Accuracy(accuracy, groups: run.images.groups)
      if json { Console.output(record.json) } else { show(record) }
      guard let table else { return }
      try InterchangeEvaluation(
        run.network, StateDictionary(parameters: run.state.parameters, statistics: run.state.statistics),
        logitsOf: test.batch(0..<test.count)
      ).write(to: table)
      Console.wrote(table)
    }

    /// The accuracies of the groups, and of each class.
    private func show(_ record: EpochRecord.Accuracy) {
      Console.print(AccuracyLine(record).text)
      let rows = record.classes.enumerated().map { label, counts in
        [String(label), String(counts.samples), String(counts.correct), AccuracyLine.percent(counts)]
      }
      let table = TextTable(
        heading: ["class", "images", "correct", "accuracy"], rows: rows, rightAligned: [0, 1, 2, 3])
      Console.print(table, in: tables.layout)
    }

    /// Logits, loss and gradient for the images of a file.
    private func evaluate<Element: Real>(_ images: FilePath, _ out: URL, _ type: Element.Type) throws {
      let (network, state): (Network, StateDictionary<Element>)
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: source.path, isDirectory: &isDirectory), isDirectory.boolValue
      {
        let run = RunDirectory(source.directory)
        let record = try run.readRecord()
        let sidecar = try run.sidecar(of: nil)
        network = record.recipe.architecture.network(classes: record.classCounts.count)
        state = try StateDictionary(
          Checkpoint<Float>.weights(sidecar: sidecar), network: network, file: sidecar.path)
      } else {
        guard
          let name = try weights.network
            ?? weights.preset.map({ try Recipe.preset($0).architecture.description }),
          let architecture = Architecture(name), let classes
        else {
          throw ToolError.usage("--images with a file of weights needs --network (or --preset) and --classes")
        }
        network = architecture.network(classes: classes)
        state = try ForeignWeights(
          contentsOf: source.url, network: network, key: weights.key, prefix: weights.prefix
        ).state
      }
      try state.check(file: source.path)
      let batch = try InterchangeBatch<Element>(
        contentsOf: images.url, classes: network.classes)
      let result = try InterchangeEvaluation(
        network, state, on: batch, normalization: batchStatistics ? .batch : .running)
      guard result.isFinite else {
        throw ToolError.nonFinite(
          "\(source): the logits, loss or gradient of \(images) are not finite: nothing is written")
      }
      try result.write(to: out)
      Console.wrote(out)
    }
  }
}

/// "test 86.20 %  head 90.33 %  mid 84.10 %  tail 82.00 %".
struct AccuracyLine {
  let text: String

  init(_ accuracy: EpochRecord.Accuracy) {
    text = [
      ("test", accuracy.all), ("head", accuracy.head), ("mid", accuracy.mid), ("tail", accuracy.tail),
    ].filter { $0.1.samples > 0 }.map { "\($0.0) \(Self.percent($0.1))" }.joined(separator: "  ")
  }

  /// The accuracy with two decimals.
  static func percent(_ counts: EpochRecord.Counts) -> String {
    counts.percent.map { EpochLine.fixed($0, 2) + " %" } ?? "-"
  }
}
