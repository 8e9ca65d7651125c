import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// The run, its checkpoint, and the location of its images.
struct RunOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Run directory, or a file of weights (safetensors, or of torch.save).", valueName: "RUN"))
  var runDirectory: FilePath
  @Option(
    help: ArgumentHelp(
      "The run's images: archive or directory, or for lists the directory of their paths; not needed for fixtures.",
      valueName: "path"))
  var data: FilePath?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The checkpoint after this step, or best: that of the selected epoch (train --select-every). The newest when left out.",
      valueName: "step|best"))
  var checkpoint: CheckpointChoice?

  @OptionGroup(title: "OF A FILE OF WEIGHTS") var weights: WeightsOptions

  /// What the command reads, for the checks of its outputs.
  var inputs: [FilePath?] { [runDirectory, data] }

  /// Reads the run. Throws an error if it, its checkpoint or its images are missing or damaged.
  func load() throws -> LoadedRun {
    try LoadedRun(runDirectory, data: data, checkpoint: checkpoint, weights: weights)
  }
}

extension LoadedRun {
  /// Reads a run directory, or a file of weights of which `weights` says what it is.
  init(_ place: FilePath, data: FilePath?, checkpoint: CheckpointChoice?, weights: WeightsOptions) throws {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: place.path, isDirectory: &isDirectory), !isDirectory.boolValue {
      guard checkpoint == nil else { throw ToolError.usage("--checkpoint: a file of weights has none") }
      try self.init(file: place.url, data: data, weights: weights)
      return
    }
    guard weights.isEmpty else {
      throw ToolError.usage(
        "--preset, --network, --dataset, --key and --prefix are of a file of weights: a run directory says itself"
      )
    }
    let run = RunDirectory(place.directory)
    let record = try run.readRecord()
    let recipe = record.recipe
    let step = try run.step(of: checkpoint)
    let images = try LongTailedData.of(record, at: data)
    // A spectrum on images other than the run's would be mistaken for one of the run.
    try images.check(againstFile: run.record.path)
    let network = recipe.architecture.network(classes: images.train.classes)
    let sidecar = try run.sidecar(of: checkpoint)
    let state = try Checkpoint<Float>(sidecar: sidecar, network: network).state
    try StateDictionary(parameters: state.parameters, statistics: state.statistics).check(file: sidecar.path)
    self.init(
      recipe: recipe, images: images, network: network, step: step, state: state,
      importedFrom: record.origin?.file)
  }

  private init(file: URL, data: FilePath?, weights: WeightsOptions) throws {
    let recipe = try weights.recipe()
    let images = try LongTailedData.named(recipe.data, at: data?.url)
    let network = recipe.architecture.network(classes: images.train.classes)
    let foreign = try ForeignWeights<Float>(
      contentsOf: file, network: network, key: weights.key, prefix: weights.prefix)
    try foreign.state.check(file: file.path)
    // The loss of the last epoch is the one that such weights were trained with.
    self.init(
      recipe: recipe, images: images, network: network, step: 0,
      state: TrainingState(
        parameters: foreign.state.parameters, statistics: foreign.state.statistics, epoch: recipe.epochs),
      importedFrom: file.lastPathComponent)
  }
}

/// A checkpoint of a run: that after a step, or that of the selected epoch.
enum CheckpointChoice: ExpressibleByArgument {
  case step(Int)
  case best

  init?(argument: String) {
    if argument == "best" {
      self = .best
    } else if let step = Int(argument) {
      self = .step(step)
    } else {
      return nil
    }
  }
}

extension RunDirectory {
  /// The step of a checkpoint, the newest without a choice. Throws `MissingError` if it is not there, and a usage error
  /// for the selected epoch of a run that selects none.
  func step(of choice: CheckpointChoice?) throws -> Int {
    let steps = checkpointedSteps()
    guard let newest = steps.last else {
      throw MissingError(
        what: "a checkpoint in \(checkpoints.path)", advice: "train first, or correct the path")
    }
    let step: Int
    switch choice {
    case nil: step = newest
    case .step(let number): step = number
    case .best:
      let run = try RecordedRun(self)
      guard let selected = run.selected else {
        let reason =
          run.selectEvery == 0
          ? "selects no epoch; train with --select-every"
          : "selects one of every \(run.selectEvery) epochs and has \(run.epochs.count)"
        throw ToolError.usage("--checkpoint best: the run \(reason)")
      }
      step = selected.step
    }
    guard steps.contains(step) else {
      throw MissingError(
        what: "the checkpoint after step \(step) in \(checkpoints.path)",
        advice: "there are those after \(steps.map(String.init).joined(separator: ", "))")
    }
    return step
  }

  /// The sidecar of a checkpoint. Throws as `step(of:)` does, and tells on standard error if the newest one, taken
  /// without a choice, is not the end of the run.
  func sidecar(of choice: CheckpointChoice?) throws -> URL {
    let sidecar = sidecar(step: try step(of: choice))
    guard choice == nil else { return sidecar }
    let fields = try CheckpointFiles.fields(sidecar: sidecar)
    let (epoch, epochs) = (
      try fields.field("epoch").integer(atLeast: 0),
      try fields.field("recipe").field("epochs").integer(atLeast: 0)
    )
    if epoch < epochs {
      Console.note(
        "\(sidecar.path): the newest checkpoint is after \(epoch) of \(epochs) epochs: not the run's final weights"
      )
    }
    return sidecar
  }
}

/// A checkpoint of a run with everything specified by its recipe.
struct LoadedRun {
  let recipe: Recipe
  let images: LongTailedData
  let network: Network
  /// The number of steps taken before the checkpoint.
  let step: Int
  var state: TrainingState<Float>
  /// The file of weights that were trained elsewhere; nil for a run that was trained here.
  let importedFrom: String?

  /// How the point was reached: "ce-drw after 200 epochs", or "weights of FILE".
  var origin: String {
    importedFrom.map { "weights of \($0)" } ?? "\(recipe.method) after \(state.epoch) epochs"
  }

  /// The loss of the last epoch trained; nil for a loss that depends on more than a network's output.
  var trainingLoss: (any ClassificationLoss)? {
    recipe.loss.criterion(
      counts: images.train.classCounts, weighting: recipe.weighting,
      epoch: max(0, state.stepInEpoch == 0 ? state.epoch - 1 : state.epoch))
  }
}

/// A selection of training images: one class, each class, one group, or all.
struct ImageSelection: ParsableArguments {
  @Option(name: .customLong("class"), parsing: .unconditional, help: "Only this class's images.") var label:
    Int?
  @Option(
    help: ArgumentHelp("Each of these classes by itself, separated by commas.", valueName: "list"))
  var classes: String?
  @Flag(help: "Each class by itself.") var allClasses = false
  @Option(help: "Only the images of the head, mid or tail classes.") var group: GroupName?
  @Option(parsing: .unconditional, help: "At most this many images, the first of the selection.")
  var samples: Int?

  func validate() throws {
    try CountRange.check([("--samples", samples, 1...CountRange.longestInterval)])
    if [label != nil, classes != nil, allClasses, group != nil].count(where: { $0 }) > 1 {
      throw ValidationError("give one of --class, --classes, --all-classes and --group")
    }
  }

  /// The selected images by name, each selection in the order of the training set.
  func positions(in data: LongTailedData) throws -> [(name: String, positions: [Int])] {
    let set = data.train
    func ofClass(_ label: Int) throws -> (name: String, positions: [Int]) {
      guard (0..<set.classes).contains(label) else {
        throw ToolError.usage("class \(label): expected 0 to \(set.classes - 1)")
      }
      return ("class \(label)", set.positions(ofClass: label))
    }
    let chosen: [(name: String, positions: [Int])]
    if allClasses {
      chosen = try (0..<set.classes).map(ofClass)
    } else if let classes {
      chosen = try classes.listed.map { word in
        guard let label = Int(word) else {
          throw ToolError.usage("--classes: \(word.prefix(40)) is no class; give numbers such as 0,7,9")
        }
        return try ofClass(label)
      }
    } else if let label {
      chosen = [try ofClass(label)]
    } else if let group {
      chosen = [(group.rawValue, group.classes(of: data.groups).flatMap { set.positions(ofClass: $0) })]
    } else {
      chosen = [("all", Array(0..<set.count))]
    }
    for (name, positions) in chosen where positions.isEmpty {
      throw ToolError.usage("\(name): the training set has no such image")
    }
    return chosen.map { ($0.name, Array($0.positions.prefix(samples ?? $0.positions.count))) }
  }
}

/// Groups of classes by name.
enum GroupName: String, ExpressibleByArgument, CaseIterable {
  case head, mid, tail

  func classes(of groups: ClassGroups) -> [Int] {
    switch self {
    case .head: groups.head
    case .mid: groups.mid
    case .tail: groups.tail
    }
  }
}
