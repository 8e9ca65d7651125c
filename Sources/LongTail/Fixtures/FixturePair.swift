import EscapementArtifacts
import Foundation

/// The training and the test part of a fixture, and its files: train.bin.gz, test.bin.gz and manifest.json.
public struct FixturePair: Sendable {
  /// The long-tailed training part.
  public let train: ImageSet
  /// The balanced test part.
  public let test: ImageSet

  static let trainFile = "train.bin.gz"
  static let testFile = "test.bin.gz"
  static let manifestFile = "manifest.json"

  /// Pairs two parts.
  public init(train: ImageSet, test: ImageSet) {
    self.train = train
    self.test = test
  }

  /// File, counts and digest of both parts, as in manifests.
  var description: [String: JSON] {
    func part(_ set: ImageSet, file: String) -> JSON {
      .object([
        "file": .string(file), "counts": .array(set.classCounts.map(JSON.integer)),
        "sha256": .string(set.recordsDigest.hex),
      ])
    }
    return ["train": part(train, file: Self.trainFile), "test": part(test, file: Self.testFile)]
  }

  /// Writes the records and, last, the manifest.
  func write(to directory: URL, manifest: JSON) throws {
    for (set, file) in [(train, Self.trainFile), (test, Self.testFile)] {
      let records = CIFARRecords.serialized(images: set.images, labels: set.labels)
      try AtomicFile.write(Gzip.deflate(records), to: directory.appendingPathComponent(file))
    }
    try AtomicFile.write(manifest, to: directory.appendingPathComponent(Self.manifestFile))
  }

  /// The images in one of the files, checked against their digest.
  static func images(
    _ file: String, in directory: URL, classes: Int, count: Int, digest: String, name: String,
    kind: ImageProvenance.Kind, advice: String
  ) throws -> ImageSet {
    let url = directory.appendingPathComponent(file)
    // Incompressible records become slightly longer when compressed.
    let bytes = try FileContents.read(url, limit: count * CIFARRecords.bytes + 1 << 20)
    let data = try Gzip.inflate(bytes, limit: count * CIFARRecords.bytes, file: url.path)
    let parsed = try CIFARRecords(parsing: data, file: url.path, classes: classes, expected: count)
    let found = Digest(of: data)
    guard found.hex == digest else {
      throw DataError(
        file: url.path, found: "records of SHA-256 \(found.hex)", expected: digest, advice: advice)
    }
    return ImageSet(
      images: parsed.images, labels: parsed.labels, classes: classes,
      provenance: ImageProvenance(name: name, kind: kind, digest: found))
  }
}
