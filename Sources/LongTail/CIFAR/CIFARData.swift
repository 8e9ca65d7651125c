import EscapementArtifacts
import Foundation

/// CIFAR-10 or CIFAR-100 in memory.
public struct CIFARData: Sendable {
  /// The data set.
  public let set: CIFARSet
  /// The kind of labels in the sets below.
  public let labels: CIFARSet.Labels
  /// The 50,000 training images, in the data set's order.
  public let train: ImageSet
  /// The 10,000 test images.
  public let test: ImageSet

  /// Reads the set at `url`: the published archive (binary or python version, .tar.gz or .tar), or a directory with the
  /// archive or its files, each plain or gzip'd. Nothing is unpacked to disk.
  ///
  /// The images count as `.published` if the records of each file, in the form of the binary version, have the SHA-256
  /// of the published file, whatever the container.
  /// - Throws: `MissingError` for missing files, `DataError` for files with other contents.
  public init(_ set: CIFARSet, at url: URL, labels: CIFARSet.Labels = .fine) throws {
    try self.init(set, at: url, labels: labels, published: (set.trainParts + [set.testPart]).map(\.published))
  }

  /// Reads the set; `published` holds the digests of the published files, with that of the test file last.
  init(_ set: CIFARSet, at url: URL, labels: CIFARSet.Labels, published: [Digest]) throws {
    precondition(set == .cifar100 || labels == .fine, "\(set.rawValue) has no coarse labels")
    self.set = set
    self.labels = labels
    let files = try CIFARFiles(set, at: url)
    // One pass over an archive reads both parts.
    let parts = set.trainParts + [set.testPart]
    var records = try files.records(of: parts)
    func images(_ range: Range<Int>) -> ImageSet {
      let isPublished = range.allSatisfy { records[$0].digest == published[$0] }
      var all = records[range.lowerBound]
      records[range.lowerBound] = CIFARRecords()
      // Reserved at once, because growth by doubling would hold the set twice.
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
