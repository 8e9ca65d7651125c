import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementRandomness
import EscapementTesting
import EscapementTestSupport
import Foundation
import Testing
import EscapementTraining

/// Noise images of several sizes in a directory, with their lists.
private struct ListedNoise {
  let directory: TemporaryDirectory
  var url: URL { directory.url }
  var train: String { url.appendingPathComponent("train.txt").path }
  var test: String { url.appendingPathComponent("test.txt").path }

  /// `counts[k]` training images and `tests` test images of each class.
  init(counts: [Int], tests: Int) throws {
    directory = try TemporaryDirectory()
    try write("train.txt", counts: counts, index: 0)
    try write("test.txt", counts: counts.map { _ in tests }, index: 1)
  }

  func remove() { directory.remove() }

  private func write(_ list: String, counts: [Int], index: UInt64) throws {
    var stream = RandomStream(seed: 5, purpose: .fixture, index: index)
    var lines: [String] = []
    for (label, count) in counts.enumerated() {
      for i in 0..<count {
        let (width, height) = (10 + stream.integer(below: 12), 10 + stream.integer(below: 12))
        let bytes = (0..<(3 * width * height)).map { _ in UInt8(stream.integer(below: 256)) }
        let name = "class \(label) \(index).\(i).ppm"
        try PPM.encode(RGBImage(width: width, height: height, bytes: bytes))
          .write(to: url.appendingPathComponent(name))
        lines.append("\(name) \(label)\n")
      }
    }
    try Data(lines.joined().utf8).write(to: url.appendingPathComponent(list))
  }

  func listing(imbalance: String? = nil, held: Bool = false) -> ImageListing {
    ImageListing(
      train: train, test: held ? nil : test, root: url.path, side: 16,
      imbalance: imbalance.flatMap { ImbalanceProfile.Shape($0) })
  }
}

@Suite("Images of one's own, as lists")
struct ImageListingTests {
  @Test("a listing is read back from its JSON, and wrong members are named")
  func json() throws {
    var listing = ImageListing(
      train: "a b.txt", test: nil, root: ".", classes: 3, side: 64,
      imbalance: ImbalanceProfile.Shape("step50"), onBadImage: .skip)
    #expect(try ImageListing(JSONCursor(listing.json, file: "r")) == listing)
    listing.test = "t"
    listing.classes = nil
    listing.imbalance = nil
    #expect(try ImageListing(JSONCursor(listing.json, file: "r")) == listing)
    for (key, value): (String, JSON) in [
      ("side", 7), ("classes", 0), ("imbalance", "lt"), ("imbalance", "lt0100"), ("on_bad_image", "ask"),
      ("train", .null), ("skipped", .null),
    ] {
      var members = try #require(listing.json.object)
      members[key] = value
      #expect(throws: DataError.self, "\(key)") { try ImageListing(JSONCursor(.object(members), file: "r")) }
    }
  }

  @Test("training and test images, counts, groups, digests and manifest")
  func loading() throws {
    let noise = try ListedNoise(counts: [7, 5, 2], tests: 2)
    defer { noise.remove() }
    var calls: [Int] = []
    let data = try noise.listing().load(name: "images") { done, total in calls.append(done * 100 + total) }
    #expect(calls == [1420, 2020])
    #expect(data.counts == [7, 5, 2] && data.test.classCounts == [2, 2, 2])
    #expect(data.groups == ClassGroups(byRank: [7, 5, 2], head: 1, tail: 1))
    let batch: LabeledBatch<Float> = try data.test.source([0, 5]).batch(0..<2)
    #expect(batch.images.shape == [2, 16, 16, 3] && batch.labels == [0, 2])
    let manifest = DataManifest(data).summary
    #expect(manifest["listing"] == noise.listing().json)
    #expect(manifest["train"]?["pixels_sha256"] != .null && manifest["test"]?["pixels_sha256"] != .null)
    try DataManifest.check(noise.listing().load(name: "images"), against: manifest, file: "r")
    // Another pixel of a test image is another test set.
    let image = noise.url.appendingPathComponent("class 2 1.1.ppm")
    var bytes = try Data(contentsOf: image)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: image)
    #expect(throws: DataError.self) {
      try DataManifest.check(noise.listing().load(name: "images"), against: manifest, file: "r")
    }
  }

  @Test(
    "without a test list every tenth image of a class is held out, from the first; then the profile is cut")
  func heldOut() throws {
    let noise = try ListedNoise(counts: [22, 25, 1], tests: 1)
    defer { noise.remove() }
    let held = try noise.listing(held: true).load(name: "images")
    #expect(held.counts == [19, 22, 1] && held.test.classCounts == [3, 3, 0])
    let test = try #require(held.test as? ListedImageSet)
    #expect(test.list.paths.prefix(3) == ["class 0 0.0.ppm", "class 0 0.10.ppm", "class 0 0.20.ppm"])
    let train = try #require(held.train as? ListedImageSet)
    #expect(Set(train.list.paths).isDisjoint(with: test.list.paths))
    // A class of one image cannot be cut.
    #expect(throws: DataError.self) { try noise.listing(imbalance: "lt4").load(name: "images") }
    let even = try ListedNoise(counts: [12, 13, 12], tests: 1)
    defer { even.remove() }
    let cut = try even.listing(imbalance: "lt4").load(name: "images-lt4")
    #expect(cut.counts == [12, 6, 3])
    let kept = try #require(cut.train as? ListedImageSet)
    let subset = LongTailedSubset(
      labels: [0, 1, 2].flatMap { Array(repeating: $0, count: [12, 13, 12][$0]) },
      profile: ImbalanceProfile(kind: .longTailed, ratio: 4, classes: 3, perClass: 12))
    let all = try ImageList(contentsOf: URL(fileURLWithPath: even.train))
    #expect(kept.list.paths == subset.positions.map { all.paths[$0] })
    #expect(kept.pixelsDigest == (try ImageScan(kept).pixelsDigest()))
  }

  @Test("a broken image stops, or is left out and named; a class without images is an error")
  func broken() throws {
    let noise = try ListedNoise(counts: [4, 1], tests: 2)
    defer { noise.remove() }
    let name = "class 0 0.2.ppm"
    try Data("P6 4 4 255 ".utf8).write(to: noise.url.appendingPathComponent(name))
    try FileManager.default.removeItem(at: noise.url.appendingPathComponent("class 1 1.0.ppm"))
    do {
      _ = try noise.listing().load(name: "images")
      Issue.record("a broken image was read")
    } catch let error as DataError {
      #expect("\(error)".contains("\(name) (line 3 of \(noise.train))"), "\(error)")
    }
    var skipping = noise.listing()
    skipping.onBadImage = .skip
    let data = try skipping.load(name: "images")
    #expect(data.counts == [3, 1] && data.test.classCounts == [2, 1])
    #expect(data.listing?.skipped == [name, "class 1 1.0.ppm"])
    try Data().write(to: noise.url.appendingPathComponent("class 1 0.0.ppm"))
    do {
      _ = try skipping.load(name: "images")
      Issue.record("a class without images was accepted")
    } catch let error as DataError {
      #expect("\(error)".contains("no training image of class 1"), "\(error)")
    }
  }

  /// A thousand small images through a ResNet-50, stopped in the epoch and gone on with.
  @Test("an epoch of ResNet-50 on a list, interrupted and resumed: the same bits, for any number of threads")
  func resumed() throws {
    let noise = try ListedNoise(counts: [500, 300, 150, 50], tests: 10)
    defer { noise.remove() }
    let network = try #require(Architecture(.resNet50, width: 2))
    let recipe = Recipe(
      preset: "test/list", architecture: network, data: "images", epochs: 1, batchSize: 64,
      schedule: .cosine(base: 0.1, epochs: 1), weighting: .deferred(start: 0),
      optimizer: .sgd)
    func trainer() throws -> Trainer<Float> {
      Trainer(recipe: recipe, data: try noise.listing().load(name: "images"))
    }
    let (whole, parts) = (
      RunDirectory(noise.url.appendingPathComponent("whole")),
      RunDirectory(noise.url.appendingPathComponent("parts"))
    )
    let state = try trainer().run(in: whole)
    var steps = 0
    #expect(throws: Interrupted.self) {
      try trainer().run(in: parts, isCancelled: { steps == 7 }) { if case .step = $0 { steps += 1 } }
    }
    let record = try parts.readRecord()
    let again = try #require(record.listing).load(name: record.recipe.data)
    let resumed = try ExecutionPath.all[0].run {
      try Trainer<Float>(recipe: record.recipe, data: again).run(in: parts, resume: true)
    }
    #expect(steps == 7 && resumed.digest == state.digest)
    #expect(resumed.parameters.digest == state.parameters.digest)
  }
}
