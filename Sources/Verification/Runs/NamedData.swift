import EscapementArtifacts
import EscapementLongTail

/// The properties of a data set that follow from its name, without its files: counts, groups, and known digests.
struct NamedData {
  /// The number of training images of each class.
  let classCounts: [Int]
  /// The number of test images of each class.
  let testCounts: [Int]
  /// Head, mid and tail classes.
  let groups: ClassGroups
  /// The name of the full set from which it is selected.
  let source: String
  /// The kind of its images; nil if it depends on the files.
  let kind: ImageProvenance.Kind?
  /// SHA-256 of the training records: of the published files, or of the generator's; nil if unknown.
  let trainDigest: String?
  /// SHA-256 of the test records, likewise.
  let testDigest: String?

  /// The properties of a name; nil for packed fixtures and for user-defined names.
  init?(_ name: String) {
    if let fixture = FixtureStore.all.first(where: { $0.dataName == name }) {
      classCounts = fixture.profile.counts
      testCounts = Array(repeating: fixture.testPerClass, count: classCounts.count)
      groups = ClassGroups(byIndex: .longTailed, classes: classCounts.count)
      (source, kind) = (FixtureStore.name, .synthetic)
      (trainDigest, testDigest) = (fixture.trainDigest, fixture.testDigest)
      return
    }
    guard let name = DataName(name) else { return nil }
    classCounts = name.profile.counts
    testCounts = Array(
      repeating: name.set.testPart.records / classCounts.count, count: classCounts.count)
    groups = name.groups
    (source, kind) = (name.set.rawValue, nil)
    // The digest covers all files of a part. For CIFAR-10's five training files, only the digest of each file is
    // published.
    trainDigest = name.set.trainParts.count == 1 ? name.set.trainParts[0].published.hex : nil
    testDigest = name.set.testPart.published.hex
  }
}
