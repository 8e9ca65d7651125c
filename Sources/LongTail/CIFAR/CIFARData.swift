import EscapementArtifacts
import Foundation

/// CIFAR-10 or CIFAR-100 in memory.
public struct CIFARData: Sendable {
  /// Which of the two.
  public let set: CIFARSet
  /// Which labels the sets below have.
  public let labels: CIFARSet.Labels
  /// The 50,000 training images, in the data set's order.
  public let train: ImageSet
  /// The 10,000 test images.
  public let test: ImageSet

  /// Reads the set at `url`: the published archive (binary or python version, .tar.gz or .tar) or a directory with the
  /// archive or its files, each plain or gzip'd. Nothing is unpacked to disk.
  ///
  /// The images count as `.published` when each file's records, written as the binary version has them, have the
  /// SHA-256 of the published file; whatever container they came in.
  /// - Throws: `MissingError` for what is not there, `DataError` for files of other contents.
  public init(_ set: CIFARSet, at url: URL, labels: CIFARSet.Labels = .fine) throws {
    try self.init(set, at: url, labels: labels, published: (set.trainParts + [set.testPart]).map(\.published))
  }

  /// Reads the set; `published` holds the digests of the published files, the test file's last.
  init(_ set: CIFARSet, at url: URL, labels: CIFARSet.Labels, published: [Digest]) throws {
    precondition(set == .cifar100 || labels == .fine, "\(set.rawValue) has no coarse labels")
    self.set = set
    self.labels = labels
    let files = try CIFARFiles(set, at: url)
    // One pass over an archive brings both.
    let parts = set.trainParts + [set.testPart]
    var records = try files.records(of: parts)
    func images(_ range: Range<Int>) -> ImageSet {
      let isPublished = range.allSatisfy { records[$0].digest == published[$0] }
      var all = records[range.lowerBound]
      records[range.lowerBound] = CIFARRecords()
      // Room at once: growing by doubling would hold the set twice over.
      all.images.reserveCapacity(all.images.count + range.reduce(0) { $0 + records[$1].images.count })
      for index in range.dropFirst() {
        all.append(records[index])
        records[index] = CIFARRecords()
      }
      return ImageSet(
        images: all.images, labels: labels == .fine ? all.labels : all.coarseLabels,
        classes: set.classes(labels),
        provenance: ImageProvenance(
          name: set.rawValue, kind: isPublished ? .published : .other, digest: all.digest))
    }
    test = images((parts.count - 1)..<parts.count)
    train = images(0..<(parts.count - 1))
  }
}
