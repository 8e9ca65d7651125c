import EscapementArtifacts
import Foundation

/// The images that a long-tailed data set keeps, with all data that must agree before two runs can be compared.
public struct DataManifest: Equatable, Sendable {
  /// The most bytes of a manifest's file; one with 50,000 positions needs less than 1 MiB.
  public static let byteLimit = 16 << 20

  /// All members except the list of positions, as `run.json` records them.
  public let summary: JSON
  /// The positions in the full training set, class by class in training order; nil if there is no full set.
  public let positions: [[Int]]?

  /// The manifest of some data.
  public init(_ data: LongTailedData) {
    func describe(_ set: any LabeledImages) -> [String: JSON] {
      [
        "name": .string(set.provenance.name), "kind": .string(set.provenance.kind.rawValue),
        "source_sha256": .string(set.provenance.digest.hex), "pictures": .integer(set.count),
        "counts": .array(set.classCounts.map { .integer($0) }),
      ]
    }
    var train = describe(data.train)
    train["pixels_sha256"] = data.train.pixelsDigest.map { .string($0.hex) } ?? .null
    if let subset = data.subset {
      train["positions_sha256"] = .string(Self.digest(of: subset.positions).hex)
      train["selection"] = .string(subset.selection.description)
    }
    if let profile = data.profile, !profile.snapped.isEmpty {
      train["snapped_classes"] = .array(profile.snapped.map { .integer($0) })
    }
    var test = describe(data.test)
    var members: [String: JSON] = ["data": .string(data.name), "train": .object(train)]
    if let listing = data.listing {
      // The digest of a list's lines says nothing of the pixels.
      test["pixels_sha256"] = data.test.pixelsDigest.map { .string($0.hex) } ?? .null
      members[ImageListing.key] = listing.json
    }
    members["test"] = .object(test)
    summary = .object(members)
    positions = data.subset.map { subset in
      var rest = subset.positions[...]
      return data.counts.map { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
    }
  }

  /// SHA-256 over the positions in decimal, joined by line feeds.
  static func digest(of positions: [Int]) -> Digest {
    Digest(of: positions.map(String.init).joined(separator: "\n"))
  }

  /// The document that `data manifest` writes.
  public var json: JSON {
    let lists = positions.map { JSON.array($0.map { .array($0.map { .integer($0) }) }) }
    return ["schema": 1, "summary": summary, "positions_by_class": lists ?? .null]
  }

  /// Compares the data with a recorded manifest, or with the summary in a run's record.
  ///
  /// - Throws: `DataError` naming the recording's file, the key and, if it can be determined, the likely cause: another
  ///   seed, order, form or copy.
  public static func check(_ data: LongTailedData, against recorded: JSON, file: String) throws {
    let ours = DataManifest(data).summary
    let theirs = recorded["summary"] ?? recorded
    guard ours != theirs else { return }
    func fault(_ place: String, _ found: String, _ cause: String) -> DataError {
      DataError(
        file: file, place: place, found: found, expected: "those of \(data.name) as given", advice: cause)
    }
    func differs(_ path: String...) -> Bool {
      func value(_ json: JSON) -> JSON? { path.reduce(json as JSON?) { $0?[$1] } }
      return value(ours) != value(theirs)
    }
    if differs("data") || differs("train", "name") {
      throw fault("data", "the data set \(theirs["data"]?.string ?? "?")", "give the data of the recording")
    }
    if differs("train", "counts") {
      throw fault(
        "train.counts", "other class counts",
        "the recording has another profile or another form of its powers")
    }
    if differs("train", "positions_sha256") {
      throw fault("train.positions_sha256", "other images kept", cause(data, recorded: theirs))
    }
    if differs("train", "source_sha256") || differs("train", "pixels_sha256") || differs("train", "kind") {
      throw fault(
        "train.pixels_sha256", "other pixels at the same positions",
        "the recording is of another copy of the images, such as one that was compressed and decoded again")
    }
    if differs("test") {
      throw fault("test", "another test set", "the recording is of another copy of the test images")
    }
    throw fault("train", "another description of the training set", "give the data of the recording")
  }

  /// The reason why a recorded list of positions differs from this one, found by trying the other ways of selection.
  private static func cause(_ data: LongTailedData, recorded: JSON) -> String {
    guard let subset = data.subset, let labels = data.fullLabels, let profile = data.profile,
      let wanted = recorded["train"]?["positions_sha256"]?.string
    else { return "give the data of the recording" }
    func matches(_ positions: [Int]) -> Bool { digest(of: positions).hex == wanted }
    if matches(subset.positions.sorted()) {
      return "the recording has the same images in the data set's own order"
    }
    if matches(sortedWithinClasses(subset.positions, counts: profile.counts)) {
      return "the recording has the same images in another order within each class"
    }
    if matches(LongTailedSubset(labels: labels, profile: profile, selection: .firstInOrder).positions) {
      return "the recording takes the first images of each class: that is \(data.name)-first"
    }
    let tried: UInt32 = 32
    for seed in 0..<tried
    where matches(
      LongTailedSubset(labels: labels, profile: profile, selection: .published(seed: seed)).positions)
    {
      return "the recording draws its images with seed \(seed), not as published"
    }
    return
      "the recording has neither our images in another order, nor the first of each class, nor those of a seed"
      + " below \(tried)"
  }

  private static func sortedWithinClasses(_ positions: [Int], counts: [Int]) -> [Int] {
    var rest = positions[...]
    return counts.flatMap { count in
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).sorted()
    }
  }
}
