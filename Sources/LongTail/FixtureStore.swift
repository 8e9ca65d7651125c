import Artifacts
import Foundation

/// The embedded data set `cifar-format-synthetic`: made by `SyntheticImages`, packed as gzip'd CIFAR records.
///
/// The files are a copy for people and for other tools; the generator is the definition. Digests are SHA-256 over the
/// records once inflated (label byte and picture bytes), because gzip's bytes differ between versions of zlib.
public enum FixtureStore {
  /// The data set's name, wherever it appears.
  public static let name = "cifar-format-synthetic"
  /// The seed of its pictures.
  public static let seed: UInt64 = 2022
  /// Training pictures by class: exponential, β = 30, which leaves 10 of class 9.
  public static let profile = ImbalanceProfile(
    kind: .longTailed, ratio: 30, classes: SyntheticImages.classes, perClass: 300)
  /// Test pictures of each class.
  public static let testPerClass = 100
  /// SHA-256 of the training records.
  public static let trainDigest = "97eaaa84c0b1b11262e9ec71e05b8ba4321918c1766c92167d87db0ab7401cb5"
  /// SHA-256 of the test records.
  public static let testDigest = "0dfa857e79d4f13253caf3170f61753022c2d93376295a69632388cc75360ce6"

  static let trainFile = "train.bin.gz"
  static let testFile = "test.bin.gz"
  static let manifestFile = "manifest.json"
  private static let advice = "write it anew with `escapement fixtures make`"

  /// A training and a test part.
  public struct Fixture: Sendable {
    /// The long-tailed training part.
    public let train: ImageSet
    /// The balanced test part.
    public let test: ImageSet
  }

  /// Draws both parts. The digests are those of this version of the generator, checked or not.
  public static func make() -> Fixture {
    let generator = SyntheticImages(seed: seed)
    let balanced = [Int](repeating: testPerClass, count: SyntheticImages.classes)
    return Fixture(
      train: generator.images(.train, counts: profile.counts, name: name),
      test: generator.images(.test, counts: balanced, name: name))
  }

  /// What stands beside the records: generator, seed, knobs, counts and digests.
  public static func manifest(of fixture: Fixture) -> JSON {
    let knobs = SyntheticImages.Difficulty.standard
    func part(_ set: ImageSet, file: String) -> JSON {
      .object([
        "file": .string(file), "counts": .array(set.classCounts.map(JSON.integer)),
        "sha256": .string(set.provenance.digest.hex),
      ])
    }
    return .object([
      "name": .string(name), "format": .string("gzip of CIFAR-10 binary records"),
      "generator": .string("SyntheticImages"), "version": .integer(SyntheticImages.version),
      "seed": .integer(Int(seed)),
      "difficulty": .object([
        "spread": .number(knobs.spread), "contrast": .number(knobs.contrast),
        "clutter": .number(knobs.clutter),
        "noise": .number(knobs.noise), "distractors": .integer(knobs.distractors),
      ]),
      "train": part(fixture.train, file: trainFile), "test": part(fixture.test, file: testFile),
    ])
  }

  /// Writes train.bin.gz, test.bin.gz and, last, manifest.json into an existing directory.
  /// - Throws: `FileError` where the directory cannot be written to.
  public static func pack(_ fixture: Fixture, to directory: URL) throws {
    for (set, file) in [(fixture.train, trainFile), (fixture.test, testFile)] {
      let records = CIFARRecords.serialised(pictures: set.pictures, labels: set.labels)
      try AtomicFile.write(Gzip.deflate(records), to: directory.appendingPathComponent(file))
    }
    try AtomicFile.write(manifest(of: fixture), to: directory.appendingPathComponent(manifestFile))
  }

  /// Reads a packed data set and holds it against the manifest of this version of the generator.
  /// - Throws: `MissingError` for an absent file; `DataError` for files that cannot be read or hold anything else.
  public static func read(_ directory: URL) throws -> Fixture {
    let fixture = Fixture(
      train: try records(trainFile, in: directory, count: profile.total, digest: trainDigest),
      test: try records(
        testFile, in: directory, count: testPerClass * SyntheticImages.classes, digest: testDigest))
    let url = directory.appendingPathComponent(manifestFile)
    let found = try JSON(parsing: FileContents.read(url), file: url.path)
    guard found == manifest(of: fixture) else {
      throw DataError(
        file: url.path, found: "a manifest of other contents",
        expected: "that of version \(SyntheticImages.version) of the generator", advice: advice)
    }
    return fixture
  }

  /// Reads a packed data set and draws it anew; returns when both agree byte for byte.
  /// - Throws: as `read`; `DataError` when this build draws other pictures than it promises.
  public static func check(_ directory: URL) throws -> Fixture {
    let packed = try read(directory)
    _ = try drawn()
    return packed
  }

  /// The directory in which this build keeps the packed data set, or nil when it was moved without it.
  public static func locate() -> URL? {
    let places = [
      Bundle.main.bundleURL, Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent(),
    ]
    return places.compactMap { $0?.appendingPathComponent("escapement_LongTail.resources/\(name)") }
      .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent(manifestFile).path) }
  }

  /// The data set: read from the files beside the executable, or drawn anew where there are none.
  /// - Throws: `DataError` when files or drawing give anything but the promised bytes.
  public static func load() throws -> Fixture {
    if let directory = locate() { return try read(directory) }
    return try drawn()
  }

  private static func drawn() throws -> Fixture {
    let fixture = make()
    for (set, part, digest) in [(fixture.train, "train", trainDigest), (fixture.test, "test", testDigest)] {
      guard set.provenance.digest.hex == digest else {
        throw DataError(
          file: name, place: "\(part) part as drawn", found: "SHA-256 \(set.provenance.digest.hex)",
          expected: digest, advice: "this build breaks the numeric contract; run `escapement doctor`")
      }
    }
    return fixture
  }

  private static func records(
    _ file: String, in directory: URL, count: Int, digest: String
  ) throws -> ImageSet {
    let url = directory.appendingPathComponent(file)
    let bytes = try FileContents.read(url)
    let data = try Gzip.inflate(bytes, limit: count * CIFARRecords.bytes, file: url.path)
    let parsed = try CIFARRecords.parse(
      data, file: url.path, classes: SyntheticImages.classes, expected: count)
    let found = Digest(of: data)
    guard found.hex == digest else {
      throw DataError(
        file: url.path, found: "records of SHA-256 \(found.hex)", expected: digest, advice: advice)
    }
    return ImageSet(
      pictures: parsed.pictures, labels: parsed.labels, classes: SyntheticImages.classes,
      provenance: ImageProvenance(name: name, kind: .synthetic, digest: found))
  }
}
