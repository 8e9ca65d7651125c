@testable import EscapementGoldens
import EscapementArtifacts
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementRandomness
import Testing
import EscapementTestSupport
import EscapementTraining

@testable import EscapementVerification

@Suite struct TrainingGoldenTests {
  /// A few noise images in four classes: enough to run the whole path.
  static func images(_ counts: [Int], index: UInt64) -> ImageSet {
    var stream = RandomStream(seed: 5, purpose: .fixture, index: index)
    let labels = counts.enumerated().flatMap { Array(repeating: $0, count: $1) }
    let images = (0..<(labels.count * ImageSet.imageBytes)).map { _ in
      UInt8(truncatingIfNeeded: stream.nextWord())
    }
    return ImageSet(
      images: images, labels: labels, classes: counts.count,
      provenance: ImageProvenance(name: "noise", kind: .synthetic, digest: Digest(of: images)))
  }

  static let data = LongTailedData(
    name: "noise", train: images([6, 3, 2, 1], index: 0), test: images([2, 2, 2, 2], index: 1),
    groups: ClassGroups(byIndex: .longTailed, classes: 4))

  static func golden(_ optimizer: OptimizerChoice, drwEpoch: Int? = 1, steps: Int = 5) -> GoldenCase {
    var recipe = Recipe(
      preset: "test/golden", architecture: Architecture(.cifarResNet(depth: 8), width: 2)!, data: "noise",
      epochs: 3, batchSize: 4,
      schedule: LearningRateSchedule(base: 0.1, warmupEpochs: 1, milestones: []),
      weighting: drwEpoch.map { .deferred(start: $0) })
    recipe.optimizer = optimizer
    return .training(
      name: "tiny", recipe: recipe, data: data, steps: steps, curvatureSamples: 1, lanczosSteps: 3)
  }

  @Test func sameBitsOnEveryPath() throws {
    let golden = Self.golden(.sam(rho: .constant(0.5), variant: .released))
    let reference = try golden.compute()
    let record = GoldenRecord(reason: "here", provenance: golden.provenance, values: reference)
    for path in ExecutionPath.each(turn: 0) + ExecutionPath.each(turn: 1) {
      let values = try path.run(golden.compute)
      let outcome = GoldenStore.compare(values, provenance: golden.provenance, with: record)
      #expect(outcome.agrees, "\(path): \(outcome)")
    }
  }

  @Test func everyPartIsOnRecord() throws {
    let names = try Self.golden(.sgd).compute().map(\.name)
    #expect(names.count == 5 * 9 + 2 + 2 + 2 + 7 + 3 && Set(names).count == names.count)
    #expect(
      names.contains("step 5 digest") && names.contains("tail correct")
        && names.contains("smallest Ritz value"))
  }

  /// One value of a recipe changes, and the comparison names the first step that sees it.
  @Test func aChangeIsFoundAtItsFirstStep() throws {
    func first(_ golden: GoldenCase, against other: GoldenCase) throws -> String? {
      let record = GoldenRecord(reason: "r", provenance: golden.provenance, values: try golden.compute())
      guard
        case .differs(let comparison) = GoldenStore.compare(
          try other.compute(), provenance: golden.provenance, with: record)
      else { return nil }
      return comparison.first.name
    }
    let sam = Self.golden(.sam(rho: .constant(0.5), variant: .released))
    #expect(try first(sam, against: sam) == nil)
    #expect(try first(sam, against: Self.golden(.sgd)) == "step 1 rho")
    #expect(
      try first(sam, against: Self.golden(.sam(rho: .constant(0.5), variant: .recommended)))
        == "step 1 digest")
    // Three steps an epoch: re-weighting begins with step 4.
    #expect(
      try first(sam, against: Self.golden(.sam(rho: .constant(0.5), variant: .released), drwEpoch: nil))
        == "step 4 loss"
    )
  }
}
