import EscapementArtifacts

/// The origin of images, for records and verdicts.
public struct ImageProvenance: Hashable, Sendable {
  /// The kinds of origin; only `.published` can settle a claim about the published data.
  public enum Kind: String, Hashable, Sendable {
    /// The published files, verified by their SHA-256.
    case published
    /// Files in the published layout with other contents.
    case other
    /// Images from this package's generator.
    case synthetic
  }

  /// The data set's name, for example "cifar10" or "cifar-format-synthetic".
  public let name: String
  /// Its kind.
  public let kind: Kind
  /// SHA-256 over the records of the files (label bytes and image bytes), in order.
  public let digest: Digest

  /// Creates an origin from its parts.
  public init(name: String, kind: Kind, digest: Digest) {
    self.name = name
    self.kind = kind
    self.digest = digest
  }
}

/// Labeled images in memory: bytes as published, channel-major planes of side × side.
public struct ImageSet: LabeledImages {
  /// The side of the square images, in pixels.
  public static let side = 32
  /// Bytes of one image: three planes.
  public static let imageBytes = 3 * side * side

  /// All images, one after another.
  public let images: [UInt8]
  /// One label in `0..<classes` per image.
  public let labels: [Int]
  /// The number of classes.
  public let classes: Int
  /// The origin of the images.
  public let provenance: ImageProvenance

  /// Images with their labels. The counts must agree and the labels must be in `0..<classes`.
  public init(images: [UInt8], labels: [Int], classes: Int, provenance: ImageProvenance) {
    precondition(
      images.count == labels.count * Self.imageBytes,
      "\(images.count) bytes for \(labels.count) images of \(Self.imageBytes)")
    precondition(labels.allSatisfy { $0 >= 0 && $0 < classes }, "a label lies outside 0..<\(classes)")
    self.images = images
    self.labels = labels
    self.classes = classes
    self.provenance = provenance
  }

  /// The digest of the records.
  public var pixelsDigest: Digest? { recordsDigest }

  /// SHA-256 over all records (a label byte and the image's bytes), in order.
  public var recordsDigest: Digest {
    var records = CIFARRecords()
    records.labels = labels
    records.images = images
    return records.digest
  }

  public func selecting(_ positions: [Int]) -> ImageSet {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(positions.count * Self.imageBytes)
    for position in positions {
      bytes.append(
        contentsOf: images[(position * Self.imageBytes)..<((position + 1) * Self.imageBytes)])
    }
    return ImageSet(
      images: bytes, labels: positions.map { labels[$0] }, classes: classes, provenance: provenance)
  }

  /// The same images as a set of their own: the provenance has the digest of these records, and `name` where one is
  /// given. A selection has the digest of the images that it was taken from.
  package func withOwnDigest(name: String? = nil) -> ImageSet {
    ImageSet(
      images: images, labels: labels, classes: classes,
      provenance: ImageProvenance(
        name: name ?? provenance.name, kind: provenance.kind, digest: recordsDigest))
  }
}
