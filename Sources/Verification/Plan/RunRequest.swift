import EscapementExperiments
import EscapementDrawing
import EscapementCurvature
import EscapementLongTail
import EscapementTraining

/// The runs of one recipe that claims need: how many exist, and the cost of training the others.
package struct RunRequest: Sendable {
  /// The preset.
  package let preset: Preset
  /// The radius that replaces the preset's.
  package let radius: Double?
  /// The claims that need the runs.
  package let claims: [String]
  /// The number of seeds, from 0 on, of the last look of those claims.
  package let seeds: Int
  /// The seeds of runs on the published images in the evidence.
  package let present: [UInt64]
  /// The number of runs in the evidence on other images, which settle nothing.
  package let onOtherImages: Int
  /// The seeds to train: those below `seeds` that are missing.
  package let missing: [UInt64]
  /// The curvature that must be measured during the run; nil if none.
  package let spectra: SpectrumPlan?
  /// The reason why no run can be trained; nil if it can.
  package let obstacle: String?
  /// The number of training images of each class; nil if unknown without the files of the data set.
  package let classCounts: [Int]?
  /// The number of test images of both CIFAR sets.
  private static let testCount = 10_000

  /// The number of test images of the data set.
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
    // A run counts if it provides every figure that is needed.
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

  /// The curvature that quantities need from a run of `epochs`: a measurement at each epoch that they use, and always
  /// at the end.
  private static func spectra(_ quantities: [RunQuantity], epochs: Int) -> SpectrumPlan? {
    var intervals: [Int?: Int?] = [:]
    for quantity in quantities {
      guard let label = quantity.metric.measuredClass else { continue }
      let epoch = quantity.selection.epoch.flatMap { $0 == epochs ? nil : $0 }
      intervals[label] = SpectrumPlan.commonInterval(intervals[label] ?? nil, epoch)
    }
    // The result is nil without a quantity of curvature; classes of a claim are distinct and in range.
    return try? SpectrumPlan(intervals.map { .init($0.key, every: $0.value) })
  }

  /// The number of training images of the data set; nil if unknown without its files.
  package var trainingImages: Int? { classCounts?.reduce(0, +) }

  /// The requested recipe.
  package var recipe: Recipe {
    var recipe = preset.recipe
    if let radius, let optimizer = recipe.optimizer.with(rho: radius) { recipe.optimizer = optimizer }
    return recipe
  }

  /// The number of steps of one run.
  package var steps: Int? {
    trainingImages.map { recipe.steps(samples: $0) * recipe.epochs }
  }

  /// The number of batch gradients that the rule requests in one run: two per step for SAM.
  package var evaluations: Int? { steps.flatMap { recipe.optimizer.evaluations(steps: $0, after: 0) } }

  /// The number of spectra measured in one run: classes, and the loss over all, times the epochs at which they are
  /// measured.
  package var spectrumCount: Int { spectra?.subjects.reduce(0) { $0 + count($1) } ?? 0 }

  /// The number of epochs after which a subject is measured.
  private func count(_ subject: SpectrumPlan.Subject) -> Int {
    (0..<recipe.epochs).count { subject.isDue(after: $0, of: recipe.epochs) }
  }

  /// The number of images that the Hessian products of those spectra read, with repetitions: for each subject the
  /// images of its class (or all), times Lanczos steps plus the products of certificates and checks, times epochs.
  package var spectrumImages: Int? {
    guard let classCounts, let trainingImages else { return nil }
    let images = (spectra?.subjects ?? []).reduce(0) { sum, subject in
      let own =
        subject.label.map { classCounts.indices.contains($0) ? classCounts[$0] : 0 } ?? trainingImages
      return sum + own * count(subject)
    }
    return images * (ClassSpectra.defaultSteps + extremeSpectrumExtraProducts)
  }

  /// The number of training images seen in one run. An image of a step counts once, however many gradients the rule
  /// requests.
  package var images: Int? { trainingImages.map { $0 * recipe.epochs } }

  /// The name of the run: preset, radius and seed.
  func runName(seed: UInt64) -> String {
    preset.name.replacing("/", with: "-") + (radius.map { "-rho\(NumberText.short($0))" } ?? "")
      + "-seed\(seed)"
  }

  /// The command that trains one run; DATA is a placeholder for the location of the images.
  package func command(seed: UInt64) -> String {
    var words = ["escapement train --preset \(preset.name)"]
    if let radius { words.append("--rho \(NumberText.short(radius))") }
    words.append("--seed \(seed) --data DATA")
    if let spectra { words.append("--spectra \(spectra.text)") }
    words.append("--out runs/\(runName(seed: seed))")
    return words.joined(separator: " ")
  }
}

/// The measured costs of the parts of a run of a recipe on a machine.
package struct StepCost: Sendable, Hashable {
  /// CPU seconds of all threads for one batch gradient, with its share of the rest of the step. A step takes as many
  /// gradients as its rule requests.
  package let evaluation: Double
  /// CPU seconds of all threads for classifying one test image.
  package let testImage: Double
  /// CPU seconds of all threads for a Hessian product, per image; nil if it was not measured.
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
  /// CPU seconds of the spectra of one run: 0 without spectra, nil if a product was not measured.
  package func spectrumSeconds(_ cost: StepCost) -> Double? {
    guard let spectrumImages else { return nil }
    if spectrumImages == 0 { return 0 }
    return cost.productImage.map { Double(spectrumImages) * $0 }
  }

  /// CPU seconds of one run: the gradients that its rule requests, the test images after each epoch, and its spectra.
  package func cpuSeconds(_ cost: StepCost) -> Double? {
    guard let evaluations, let testImages, let curvature = spectrumSeconds(cost) else { return nil }
    let passes = preset.testTime == .flip ? 2 : 1
    return Double(evaluations) * cost.evaluation
      + Double(recipe.epochs * testImages * passes) * cost.testImage + curvature
  }
}
