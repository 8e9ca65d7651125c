import EscapementArtifacts
import Foundation

/// A small data set of your own images, packed as gzip'd records with a manifest: a long-tailed part of CIFAR, or the
/// images of a listing. It makes goldens possible for real images that cannot be redistributed.
public struct PackedFixture: Sendable {
  /// The selection from the full set.
  public struct Plan: Hashable, Sendable {
    /// The full set.
    public var set: CIFARSet
    /// The number of training images of class 0.
    public var perClass: Int
    /// β = n_max / n_min of the exponential profile.
    public var ratio: Double
    /// The number of test images of each class.
    public var testPerClass: Int

    /// Sets the selection; the defaults are 300 images of class 0 and β = 30, as in the embedded set.
    public init(set: CIFARSet, perClass: Int = 300, ratio: Double = 30, testPerClass: Int = 100) {
      self.set = set
      self.perClass = perClass
      self.ratio = ratio
      self.testPerClass = testPerClass
    }

    /// The profile, or nil if the full set has too few images or a class would have none.
    public var profile: ImbalanceProfile? {
      let classes = set.classes()
      guard (1...(set.trainingCount / classes)).contains(perClass), ratio.isFinite, ratio >= 1,
        ratio <= Double(perClass), (1...(10_000 / classes)).contains(testPerClass)
      else { return nil }
      return ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: classes, perClass: perClass)
    }
  }

  /// The images.
  public let pair: FixturePair
  /// The manifest of the images.
  public let manifest: JSON

  /// Selects a fixture: of each class the first images of the published draw for training, and the first of the test
  /// set in its order. The plan's profile must exist.
  public init(_ plan: Plan, from full: CIFARData) {
    guard let profile = plan.profile else { preconditionFailure("no such fixture: \(plan)") }
    let kept = LongTailedSubset(labels: full.train.labels, profile: profile)
    let tested = (0..<full.test.classes).flatMap {
      full.test.positions(ofClass: $0).prefix(plan.testPerClass)
    }
    func byClass(_ set: ImageSet, _ positions: [Int]) -> [[Int]] {
      (0..<set.classes).map { label in positions.filter { set.labels[$0] == label } }
    }
    self.init(
      full, train: byClass(full.train, kept.positions), test: byClass(full.test, tested),
      profile: [
        "kind": "lt", "ratio": .number(plan.ratio), "per_class": .integer(plan.perClass),
        "test_per_class": .integer(plan.testPerClass),
      ])
  }

  /// Selects the images again that a manifest of a part of CIFAR lists, from the set at `place`.
  ///
  /// `Fixtures/cifar10-lt-mini` is such a manifest: real images for goldens, of which the package holds no pixel.
  /// - Throws: the errors of reading the manifest and CIFAR; `DataError` if the manifest lists no images of CIFAR, a
  ///   position that the set does not have, or images with another digest.
  public init(listedIn manifest: URL, from place: URL) throws {
    let document = try Self.document(manifest)
    let named = try document.field("source").field("set")
    guard let set = CIFARSet(rawValue: try named.string()) else {
      throw named.fault(expected: "cifar10 or cifar100: images of a listing are packed with --images")
    }
    let full = try CIFARData(set, at: place)
    func positions(_ key: String, in part: ImageSet) throws -> [[Int]] {
      let classes = try document.field("positions").field(key).elements()
      guard classes.count == part.classes else {
        throw try document.field("positions").field(key).fault(
          expected: "a list for each of \(part.classes) classes")
      }
      return try classes.enumerated().map { label, list in
        let entries = try list.elements()
        guard entries.count <= part.classCounts[label] else {
          throw list.fault(
            found: "\(entries.count) positions",
            expected: "at most the \(part.classCounts[label]) of class \(label)")
        }
        return try entries.map { entry in
          let position = try entry.integer(atLeast: 0)
          guard position < part.count, part.labels[position] == label else {
            throw entry.fault(expected: "a position of class \(label) in \(set.rawValue)")
          }
          return position
        }
      }
    }
    self.init(
      full, train: try positions("train", in: full.train), test: try positions("test", in: full.test),
      profile: try document.field("profile").value)
    for (key, part) in [("train", pair.train), ("test", pair.test)] {
      let recorded = try document.field(key).field("sha256").string()
      guard recorded == part.recordsDigest.hex else {
        throw DataError(
          file: place.path, place: "the \(key) images that \(manifest.path) lists",
          found: "records of SHA-256 \(part.recordsDigest.hex)", expected: recorded,
          advice: "give the published files: `escapement data check \(set.rawValue) --data PATH` tells")
      }
    }
  }

  /// The images of a part of CIFAR by their positions, class by class.
  private init(_ full: CIFARData, train: [[Int]], test: [[Int]], profile: JSON) {
    func json(_ positions: [[Int]]) -> JSON { .array(positions.map { .array($0.map(JSON.integer)) }) }
    func part(_ all: ImageSet, _ positions: [[Int]]) -> ImageSet {
      all.selecting(positions.flatMap(\.self)).withOwnDigest(name: Self.name(of: full.set.rawValue))
    }
    self.init(
      FixturePair(train: part(full.train, train), test: part(full.test, test)),
      source: [
        "set": .string(full.set.rawValue), "kind": .string(full.train.provenance.kind.rawValue),
        "train_sha256": .string(full.train.provenance.digest.hex),
        "test_sha256": .string(full.test.provenance.digest.hex),
      ], profile: profile, positions: ["train": json(train), "test": json(test)])
  }

  /// The images of a listing, each one's middle square reduced to 32 × 32 pixels. `data` must come from a listing.
  /// - Throws: the errors of reading an image; `DataError` for more classes than a label's byte holds.
  public init(listed data: LongTailedData) throws {
    guard let train = data.train as? ListedImageSet, let test = data.test as? ListedImageSet,
      let listing = data.listing
    else { preconditionFailure("\(data.name) is no listing") }
    guard (2...Self.classLimit).contains(train.classes) else {
      throw DataError(
        file: listing.train, found: "\(train.classes) classes", expected: "2 to \(Self.classLimit)",
        advice: "leave some out")
    }
    self.init(
      FixturePair(train: try train.reduced(), test: try test.reduced()),
      source: ["set": "images", "listing": listing.json], profile: .null, positions: .null)
  }

  private init(_ pair: FixturePair, source: JSON, profile: JSON, positions: JSON) {
    self.pair = pair
    var members: [String: JSON] = [
      "name": "packed", "format": "gzip of CIFAR-10 binary records",
      "classes": .integer(pair.train.classes), "source": source, "profile": profile,
      "positions": positions,
    ]
    members.merge(pair.description) { $1 }
    manifest = .object(members)
  }

  /// The name of the images in records of runs and goldens.
  private static func name(of source: String) -> String { "packed \(source.prefix(20))" }

  /// The most classes: a record's label is a byte.
  private static let classLimit = 256

  /// Writes train.bin.gz, test.bin.gz and, last, manifest.json into an existing directory.
  public func write(to directory: URL) throws { try pair.write(to: directory, manifest: manifest) }

  private static func document(_ manifest: URL) throws -> JSONCursor {
    let bytes = try FileContents.read(manifest, limit: DataManifest.byteLimit)
    return JSONCursor(try JSON(parsing: bytes, file: manifest.path), file: manifest.path)
  }

  /// Reads a packed fixture and checks its images against its own manifest.
  /// - Throws: `MissingError` for an absent file; `DataError` for files that cannot be read or do not agree.
  public static func read(_ directory: URL) throws -> FixturePair {
    let url = directory.appendingPathComponent(FixturePair.manifestFile)
    let document = try document(url)
    let classes = try document.field("classes").integer(atLeast: 2)
    guard classes <= classLimit else {
      throw try document.field("classes").fault(expected: "at most \(classLimit)")
    }
    let source = try document.field("source").field("set").string()
    func part(_ key: String, _ file: String) throws -> ImageSet {
      let counts = try document.field(key).field("counts").elements().map { try $0.integer(atLeast: 0) }
      guard counts.count == classes, counts.allSatisfy({ $0 <= 50_000 }) else {
        throw DataError(
          file: url.path, place: "\(key).counts", found: "\(counts.count) counts", expected: "\(classes)",
          advice: "write the fixture again with `escapement fixtures pack`")
      }
      let set = try FixturePair.images(
        file, in: directory, classes: classes, count: counts.reduce(0, +),
        digest: document.field(key).field("sha256").string(), name: name(of: source),
        kind: .other,
        advice: "the file is not the manifest's; write the fixture again with `escapement fixtures pack`")
      guard set.classCounts == counts else {
        throw DataError(
          file: url.path, place: "\(key).counts", found: "other counts than the file has",
          expected: "\(set.classCounts.prefix(10))", advice: "write the fixture again")
      }
      return set
    }
    return FixturePair(
      train: try part("train", FixturePair.trainFile), test: try part("test", FixturePair.testFile))
  }
}
