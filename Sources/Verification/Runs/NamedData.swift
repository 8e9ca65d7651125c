import EscapementArtifacts
import EscapementLongTail

/// What the name of a data set says of it before its files are read: counts, groups, and the digests that are known.
struct NamedData {
  /// Training images of each class.
  let classCounts: [Int]
  /// Test images of each class.
  let testCounts: [Int]
  /// Head, mid and tail classes.
  let groups: ClassGroups
  /// The name of the full set that it is cut from.
  let source: String
  /// The kind that its images always have; nil where it depends on the files.
  let kind: ImageProvenance.Kind?
  /// SHA-256 of the training records: of the published files, or of the generator's; nil where it is not on record.
  let trainDigest: String?
  /// Likewise of the test records.
  let testDigest: String?

  /// What is known of a name; nil for packed fixtures and for names that are somebody's own.
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
    // The digest runs over all files of a part: of CIFAR-10's five only those of each are published.
    trainDigest = name.set.trainParts.count == 1 ? name.set.trainParts[0].published.hex : nil
    testDigest = name.set.testPart.published.hex
  }
}
