import EscapementExperiments
import EscapementDrawing
import EscapementCurvature
import EscapementLongTail
import EscapementTraining

/// Runs of one recipe that claims ask for: how many there are, and what training the others takes.
package struct RunRequest: Sendable {
  /// The preset.
  package let preset: Preset
  /// The radius in place of the preset's.
  package let radius: Double?
  /// The claims that ask for it.
  package let claims: [String]
  /// How many seeds, from 0 on, the last look of those claims takes.
  package let seeds: Int
  /// Seeds of runs on the published images that are in the evidence.
  package let present: [UInt64]
  /// Runs in the evidence that are on other images and settle nothing.
  package let onOtherImages: Int
  /// The seeds to train: those below `seeds` that are not there.
  package let missing: [UInt64]
  /// The curvature that must be measured along it; nil: none.
  package let spectra: SpectrumPlan?
  /// Why no run can be trained; nil where it can.
  package let obstacle: String?
  /// Training images of each class; nil where they are not known without the files of the data set.
  package let classCounts: [Int]?
  /// Test images of both CIFAR sets.
  private static let testCount = 10_000

  /// Test images of it.
  package let testImages: Int?

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
    onOtherImages = runs.count { !$0.isPublished }
    spectra = Self.spectra(quantities, epochs: preset.recipe.epochs)
    var obstacle = preset.notRun
    if let radius, preset.recipe.optimizer.with(rho: radius) == nil { obstacle = "its rule has no radius" }
    self.obstacle = obstacle
    let name = DataName(preset.recipe.data)
    classCounts = name?.profile.counts
    testImages = name.map { _ in Self.testCount }
    missing = obstacle == nil ? (0..<UInt64(seeds)).filter { [present] in !present.contains($0) } : []
  }

  /// The curvature that quantities need of a run of `epochs`: a measurement at each epoch that is asked for, and always at the
  /// end.
  private static func spectra(_ quantities: [RunQuantity], epochs: Int) -> SpectrumPlan? {
    var intervals: [Int?: Int?] = [:]
    for quantity in quantities {
      guard let label = quantity.metric.measuredClass else { continue }
      let epoch = quantity.selection.epoch.flatMap { $0 == epochs ? nil : $0 }
      intervals[label] = SpectrumPlan.commonInterval(intervals[label] ?? nil, epoch)
    }
    // None without a quantity of curvature; classes of a claim are distinct and in range.
    return try? SpectrumPlan(intervals.map { .init($0.key, every: $0.value) })
  }

  /// Training images of the data set; nil where its counts are not known without its files.
  package var trainingImages: Int? { classCounts?.reduce(0, +) }

  /// The recipe that is asked for.
  package var recipe: Recipe {
    var recipe = preset.recipe
    if let radius, let optimizer = recipe.optimizer.with(rho: radius) { recipe.optimizer = optimizer }
    return recipe
  }

  /// Steps of one run: ⌈images/batch⌉ an epoch.
  package var steps: Int? {
    trainingImages.map { ($0 + recipe.batchSize - 1) / recipe.batchSize * recipe.epochs }
  }

  /// Gradients of batches that the rule asks for in one run: two a step for SAM.
  package var evaluations: Int? { steps.flatMap { recipe.optimizer.evaluations(steps: $0, after: 0) } }

  /// Spectra measured along one run: classes, and the loss over all, times the epochs at which they are measured.
  package var spectrumCount: Int { spectra?.subjects.reduce(0) { $0 + count($1) } ?? 0 }

  /// After how many epochs a subject is measured.
  private func count(_ subject: SpectrumPlan.Subject) -> Int {
    (0..<recipe.epochs).count { subject.isDue(after: $0, of: recipe.epochs) }
  }

  /// Images that the Hessian products of those spectra read, each as often as it is read: for each subject the images of
  /// its class (or all), times Lanczos steps and the products of certificates and checks, times epochs.
  package var spectrumImages: Int? {
    guard let classCounts, let trainingImages else { return nil }
    let images = (spectra?.subjects ?? []).reduce(0) { sum, subject in
      let own =
        subject.label.map { classCounts.indices.contains($0) ? classCounts[$0] : 0 } ?? trainingImages
      return sum + own * count(subject)
    }
    return images * (ClassSpectra.defaultSteps + extremeSpectrumExtraProducts)
  }

  /// Training images seen in one run, each once however often the rule asks for its gradient.
  package var images: Int? { trainingImages.map { $0 * recipe.epochs } }

  /// The name of the run: preset, radius and seed.
  func runName(seed: UInt64) -> String {
    preset.name.replacing("/", with: "-") + (radius.map { "-rho\(NumberText.short($0))" } ?? "")
      + "-seed\(seed)"
  }

  /// The command that trains one run; DATA stands for the images' place.
  package func command(seed: UInt64) -> String {
    var words = ["escapement train --preset \(preset.name)"]
    if let radius { words.append("--rho \(NumberText.short(radius))") }
    words.append("--seed \(seed) --data DATA")
    if let spectra { words.append("--spectra \(spectra.text)") }
    words.append("--out runs/\(runName(seed: seed))")
    return words.joined(separator: " ")
  }
}

/// What the parts of a run of a recipe take on a machine, measured.
package struct StepCost: Sendable, Hashable {
  /// CPU seconds of one gradient of a batch that the rule asks for, with its share of the rest of the step, of all threads
  /// together. A step takes as many as its rule asks for.
  package let evaluation: Double
  /// CPU seconds of classifying one test image, of all threads together.
  package let testImage: Double
  /// CPU seconds of a Hessian product, an image, of all threads together; nil where it was not measured.
  package let productImage: Double?
  /// The process's largest resident size after such steps, in bytes.
  package let memory: Int

  /// A cost from its parts.
  package init(evaluation: Double, testImage: Double, productImage: Double? = nil, memory: Int) {
    self.evaluation = evaluation
    self.testImage = testImage
    self.productImage = productImage
    self.memory = memory
  }
}

extension RunRequest {
  /// CPU seconds of the spectra of one run: 0 without any, nil where a product was not measured.
  package func spectrumSeconds(_ cost: StepCost) -> Double? {
    guard let spectrumImages else { return nil }
    if spectrumImages == 0 { return 0 }
    return cost.productImage.map { Double(spectrumImages) * $0 }
  }

  /// CPU seconds of one run: the gradients that its rule asks for, the test images after each epoch, and its spectra.
  package func cpuSeconds(_ cost: StepCost) -> Double? {
    guard let evaluations, let testImages, let curvature = spectrumSeconds(cost) else { return nil }
    let passes = preset.testTime == .flip ? 2 : 1
    return Double(evaluations) * cost.evaluation
      + Double(recipe.epochs * testImages * passes) * cost.testImage + curvature
  }
}
