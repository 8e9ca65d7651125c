import EscapementArtifacts
import EscapementFixtures
import Foundation

/// A synthetic data set `cifar-format-synthetic`, drawn by `SyntheticImages` and packed as gzip'd CIFAR records.
///
/// The generator is the definition; the files are copies for readers and for other tools. Digests are SHA-256 over the
/// decompressed records (label byte and image bytes), because gzip's bytes differ between versions of zlib. The
/// ten-class set is embedded in the package; the set of a hundred classes is drawn on request.
public struct FixtureStore: Hashable, Sendable {
  /// The name of these data sets, wherever their images appear.
  public static let name = EmbeddedFixture.name

  /// The name in recipes: "fixture", "fixture100".
  public let dataName: String
  /// The generator of the images.
  public let generator: SyntheticImages
  /// The number of training images by class.
  public let profile: ImbalanceProfile
  /// The number of test images of each class.
  public let testPerClass: Int
  /// SHA-256 of the training records.
  public let trainDigest: String
  /// SHA-256 of the test records.
  public let testDigest: String

  /// Ten classes: exponential, β = 30, from 300 images of class 0 to 10 of class 9.
  public static let ten = FixtureStore(
    dataName: "fixture", generator: SyntheticImages(seed: 2022),
    profile: ImbalanceProfile(kind: .longTailed, ratio: 30, classes: 10, perClass: 300), testPerClass: 100,
    trainDigest: "97eaaa84c0b1b11262e9ec71e05b8ba4321918c1766c92167d87db0ab7401cb5",
    testDigest: "0dfa857e79d4f13253caf3170f61753022c2d93376295a69632388cc75360ce6")

  /// A hundred classes: exponential, β = 20, from 100 images of class 0 to 5 of class 99.
  public static let hundred = FixtureStore(
    dataName: "fixture100", generator: SyntheticImages(seed: 2022, classes: 100, difficulty: .hundred),
    profile: ImbalanceProfile(kind: .longTailed, ratio: 20, classes: 100, perClass: 100), testPerClass: 10,
    trainDigest: "da9998e5b5284b3373948584cc33220090e759b7ed4d4f3c5e07983473886b28",
    testDigest: "3dc89fee170708fdbe803cb8f62291b0b47a89b967c0ff5e1b841eb4355c5ca8")

  /// All of these data sets.
  public static let all = [ten, hundred]

  private static let advice = "write it again with `escapement fixtures make`"

  /// Draws both parts. The digests are those of this version of the generator and are not checked.
  public func make() -> FixturePair {
    let balanced = [Int](repeating: testPerClass, count: generator.classes)
    return FixturePair(
      train: generator.images(.train, counts: profile.counts, name: Self.name),
      test: generator.images(.test, counts: balanced, name: Self.name))
  }

  /// The manifest beside the records: generator, seed, settings, counts and digests.
  public func manifest(of fixture: FixturePair) -> JSON {
    let knobs = generator.difficulty
    var members: [String: JSON] = [
      "name": .string(Self.name), "format": .string("gzip of CIFAR-10 binary records"),
      "generator": .string("SyntheticImages"), "version": .integer(SyntheticImages.version),
      "seed": .integer(Int(generator.seed)),
      "difficulty": .object([
        "spread": .number(knobs.spread), "contrast": .number(knobs.contrast),
        "clutter": .number(knobs.clutter),
        "noise": .number(knobs.noise), "distractors": .integer(knobs.distractors),
      ]),
    ]
    members.merge(fixture.description) { $1 }
    return .object(members)
  }

  /// Writes train.bin.gz, test.bin.gz and, last, manifest.json into an existing directory.
  /// - Throws: `FileError` if the directory cannot be written to.
  public func pack(_ fixture: FixturePair, to directory: URL) throws {
    try fixture.write(to: directory, manifest: manifest(of: fixture))
  }

  /// Reads a packed data set and checks it against the manifest of this version of the generator.
  /// - Throws: `MissingError` for an absent file; `DataError` for files that cannot be read or have other contents.
  public func read(_ directory: URL) throws -> FixturePair {
    func part(_ file: String, count: Int, digest: String) throws -> ImageSet {
      try FixturePair.images(
        file, in: directory, classes: generator.classes, count: count, digest: digest,
        name: Self.name, kind: .synthetic, advice: Self.advice)
    }
    let fixture = FixturePair(
      train: try part(FixturePair.trainFile, count: profile.total, digest: trainDigest),
      test: try part(FixturePair.testFile, count: testPerClass * generator.classes, digest: testDigest))
    let url = directory.appendingPathComponent(FixturePair.manifestFile)
    let found = try JSON(parsing: FileContents.read(url, limit: DataManifest.byteLimit), file: url.path)
    guard found == manifest(of: fixture) else {
      throw DataError(
        file: url.path, found: "a manifest of other contents",
        expected: "that of version \(SyntheticImages.version) of the generator", advice: Self.advice)
    }
    return fixture
  }

  /// Reads a packed data set, draws it again and checks that both agree byte for byte.
  /// - Throws: as `read`; `DataError` if this build draws images other than the specified ones.
  public func check(_ directory: URL) throws -> FixturePair {
    let packed = try read(directory)
    _ = try drawn()
    return packed
  }

  /// The data set, read from the files beside the executable, or drawn again if there are none.
  /// - Throws: `DataError` if the files or the drawn images differ from the specified bytes.
  public func load() throws -> FixturePair {
    if self == Self.ten, let directory = EmbeddedFixture.locate() { return try read(directory) }
    return try drawn()
  }

  private func drawn() throws -> FixturePair {
    let fixture = make()
    for (set, part, digest) in [(fixture.train, "train", trainDigest), (fixture.test, "test", testDigest)] {
      guard set.provenance.digest.hex == digest else {
        throw DataError(
          file: Self.name, place: "\(part) part as drawn", found: "SHA-256 \(set.provenance.digest.hex)",
          expected: digest, advice: "this build breaks the numeric contract; run `escapement doctor`")
      }
    }
    return fixture
  }
}
