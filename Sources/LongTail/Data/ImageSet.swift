import EscapementArtifacts

/// Where pictures come from, for records and verdicts.
public struct ImageProvenance: Hashable, Sendable {
  /// The kinds of origin; only `.published` can settle a claim about the published data.
  public enum Kind: String, Hashable, Sendable {
    /// The published files, proven by their SHA-256.
    case published
    /// Files in the published layout with other bytes.
    case other
    /// Made by this package's generator.
    case synthetic
  }

  /// The data set's name, for example "cifar10" or "cifar-format-synthetic".
  public let name: String
  /// Its kind.
  public let kind: Kind
  /// SHA-256 over the records of the files (label bytes and picture bytes), in order.
  public let digest: Digest

  /// Names an origin.
  public init(name: String, kind: Kind, digest: Digest) {
    self.name = name
    self.kind = kind
    self.digest = digest
  }
}

/// Labelled pictures in memory: bytes as published, channel-major planes of side × side.
public struct ImageSet: Sendable {
  /// The side of the square pictures, in pixels.
  public static let side = 32
  /// Bytes of one picture: three planes.
  public static let pictureBytes = 3 * side * side

  /// All pictures, one after another.
  public let pictures: [UInt8]
  /// One label in `0..<classes` per picture.
  public let labels: [Int]
  /// The number of classes.
  public let classes: Int
  /// Where they come from.
  public let provenance: ImageProvenance

  /// Pictures with their labels; counts must agree and labels lie in `0..<classes`.
  public init(pictures: [UInt8], labels: [Int], classes: Int, provenance: ImageProvenance) {
    precondition(
      pictures.count == labels.count * Self.pictureBytes,
      "\(pictures.count) bytes for \(labels.count) pictures of \(Self.pictureBytes)")
    precondition(labels.allSatisfy { $0 >= 0 && $0 < classes }, "a label lies outside 0..<\(classes)")
    self.pictures = pictures
    self.labels = labels
    self.classes = classes
    self.provenance = provenance
  }

  /// The number of pictures.
  public var count: Int { labels.count }

  /// The number of pictures of each class.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
  }

  /// SHA-256 over all records (a label byte and the picture's bytes), in order.
  public var recordsDigest: Digest {
    var records = CIFARRecords()
    records.labels = labels
    records.pictures = pictures
    return records.digest
  }

  /// The pictures at the given positions, in that order.
  public func selecting(_ positions: [Int]) -> ImageSet {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(positions.count * Self.pictureBytes)
    for position in positions {
      bytes.append(
        contentsOf: pictures[(position * Self.pictureBytes)..<((position + 1) * Self.pictureBytes)])
    }
    return ImageSet(
      pictures: bytes, labels: positions.map { labels[$0] }, classes: classes, provenance: provenance)
  }

  /// The positions of the pictures of one class, ascending.
  public func positions(ofClass label: Int) -> [Int] { labels.indices.filter { labels[$0] == label } }
}
