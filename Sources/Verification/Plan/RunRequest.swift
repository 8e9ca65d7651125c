import LongTail
import Training

/// Runs of one recipe that claims ask for: how many there are, and what training the others takes.
public struct RunRequest: Sendable {
  /// The preset.
  public let preset: Preset
  /// The radius in place of the preset's.
  public let radius: Double?
  /// The claims that ask for it.
  public let claims: [String]
  /// How many seeds, from 0 on, the last look of those claims takes.
  public let seeds: Int
  /// Seeds of runs on the published pictures that are in the evidence.
  public let present: [UInt64]
  /// Runs in the evidence that are on other pictures and settle nothing.
  public let onOtherPictures: Int
  /// The seeds to train: those below `seeds` that are not there.
  public let missing: [UInt64]
  /// Classes whose curvature must be measured, ascending.
  public let classes: [Int]
  /// Whether that of the loss over all classes must be.
  public let overall: Bool
  /// Epochs between measurements of it.
  public let spectrumEvery: Int?
  /// Why no run can be trained; nil where it can.
  public let obstacle: String?
  /// Training pictures of the data set; nil where its counts are not known without its files.
  public let trainingPictures: Int?
  /// Test pictures of both CIFAR sets.
  private static let testCount = 10_000

  /// Test pictures of it.
  public let testPictures: Int?

  init(
    preset: Preset, radius: Double?, claims: [String], quantities: [RunQuantity], seeds: Int,
    archive: RunArchive
  ) {
    self.seeds = seeds
    self.preset = preset
    self.radius = radius
    self.claims = claims
    let runs = archive.runs(of: RunSelection(preset.name, radius: radius))
    // A run counts if every figure that is asked for can be had from it.
    let complete = quantities.map { quantity in
      Set(archive.runs(of: quantity.selection).filter { $0.last[quantity.metric] != nil }.map(\.seed))
    }
    present = runs.filter { run in run.isPublished && complete.allSatisfy { $0.contains(run.seed) } }
      .map(\.seed).sorted()
    onOtherPictures = runs.count { !$0.isPublished }
    classes = Set(quantities.compactMap { $0.metric.measuredClass ?? nil }).sorted()
    overall = quantities.contains { $0.metric.measuredClass == .some(nil) }
    // A measurement at each epoch that is asked for, and always at the end.
    spectrumEvery =
      classes.isEmpty && !overall
      ? nil : quantities.compactMap(\.selection.epoch).min() ?? preset.recipe.epochs
    var obstacle = preset.notRun
    if let radius, preset.recipe.optimizer.with(rho: radius) == nil { obstacle = "its rule has no radius" }
    self.obstacle = obstacle
    let name = DataName(preset.recipe.data)
    trainingPictures = name?.profile.counts.reduce(0, +)
    testPictures = name.map { _ in Self.testCount }
    missing = obstacle == nil ? (0..<UInt64(seeds)).filter { [present] in !present.contains($0) } : []
  }

  /// The recipe that is asked for.
  public var recipe: Recipe {
    var recipe = preset.recipe
    if let radius, let optimizer = recipe.optimizer.with(rho: radius) { recipe.optimizer = optimizer }
    return recipe
  }

  /// Steps of one run: ⌈pictures/batch⌉ an epoch.
  public var steps: Int? {
    trainingPictures.map { ($0 + recipe.batchSize - 1) / recipe.batchSize * recipe.epochs }
  }

  /// Training pictures seen in one run, each once however often the rule asks for its gradient.
  public var images: Int? { trainingPictures.map { $0 * recipe.epochs } }

  /// The name of the run: preset, radius and seed.
  func runName(seed: UInt64) -> String {
    preset.name.replacing("/", with: "-") + (radius.map { "-rho\(NumberText.short($0))" } ?? "")
      + "-seed\(seed)"
  }

  /// The command that trains one run; DATA stands for the pictures' place.
  public func command(seed: UInt64) -> String {
    var words = ["escapement train --preset \(preset.name)"]
    if let radius { words.append("--rho \(NumberText.short(radius))") }
    words.append("--seed \(seed) --data DATA")
    if let spectrumEvery {
      let subjects = classes.map(String.init) + (overall ? ["all"] : [])
      words.append(
        "--spectrum-every \(spectrumEvery) --spectrum-classes \(subjects.joined(separator: ","))")
    }
    words.append("--out runs/\(runName(seed: seed))")
    return words.joined(separator: " ")
  }
}

/// What a step of a recipe takes on this machine, measured.
public struct StepCost: Sendable, Hashable {
  /// CPU seconds of a training step, of all threads together.
  public let step: Double
  /// CPU seconds of classifying one test picture, of all threads together.
  public let testPicture: Double
  /// The process's largest resident size after such steps, in bytes.
  public let memory: Int

  /// A cost from its parts.
  public init(step: Double, testPicture: Double, memory: Int) {
    (self.step, self.testPicture, self.memory) = (step, testPicture, memory)
  }
}

extension RunRequest {
  /// CPU seconds of one run: its steps, and the test pictures after each epoch. Spectra are not in it.
  public func cpuSeconds(_ cost: StepCost) -> Double? {
    guard let steps, let testPictures else { return nil }
    let passes = preset.testTime == .flip ? 2 : 1
    return Double(steps) * cost.step + Double(recipe.epochs * testPictures * passes) * cost.testPicture
  }
}
