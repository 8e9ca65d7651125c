import EscapementArtifacts
import Foundation

/// Records of the binary version: the bytes of the labels, then three planes of 32 × 32 bytes.
public struct CIFARRecords: Sendable {
  /// The images, one after another.
  public var images: [UInt8] = []
  /// The class of each image: the fine one if there are two.
  public var labels: [Int] = []
  /// The superclass of each image, if a record has two labels.
  public var coarseLabels: [Int] = []

  /// Bytes of a record with one label.
  public static let bytes = 1 + ImageSet.imageBytes

  init() {}

  /// The records in `data`.
  ///
  /// - Parameters:
  ///   - classes: the upper bound of the labels.
  ///   - coarse: the number of superclasses, whose label comes before the other one; nil if there is one label.
  ///   - expected: the number of records that the file must contain, or nil for any number above zero.
  /// - Throws: `DataError` naming `file` if the size is not a whole number of records, if the number of records is not
  ///   the expected one, or if a label is out of range.
  public init(parsing data: Data, file: String, classes: Int, coarse: Int? = nil, expected: Int? = nil) throws
  {
    let labelBytes = coarse == nil ? 1 : 2
    let bytes = labelBytes + ImageSet.imageBytes
    let count = data.count / bytes
    guard data.count > 0, data.count % bytes == 0, expected == nil || count == expected else {
      let wanted =
        expected.map { "\($0) records, \($0 * bytes) bytes" } ?? "a whole number of \(bytes)-byte records"
      throw DataError(
        file: file, found: "\(data.count) bytes", expected: wanted,
        advice: "the file is truncated or of another data set; copy or download it again")
    }
    labels.reserveCapacity(count)
    try data.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
      func label(_ record: Int, _ place: Int, below limit: Int) throws -> Int {
        let offset = record * bytes + place
        guard source[offset] < limit else {
          throw DataError(
            file: file, place: "record \(record), byte \(offset)", found: "label \(source[offset])",
            expected: "a label below \(limit)", advice: "the file is corrupt or of another data set")
        }
        return Int(source[offset])
      }
      images = try [UInt8](unsafeUninitializedCapacity: count * ImageSet.imageBytes) { target, filled in
        for record in 0..<count {
          if let coarse { coarseLabels.append(try label(record, 0, below: coarse)) }
          labels.append(try label(record, labelBytes - 1, below: classes))
          let start = record * bytes + labelBytes
          UnsafeMutableRawBufferPointer(target).baseAddress!.advanced(by: filled)
            .copyMemory(from: source.baseAddress! + start, byteCount: ImageSet.imageBytes)
          filled += ImageSet.imageBytes
        }
      }
    }
  }

  /// The number of records.
  public var count: Int { labels.count }

  /// Appends the records, in the form of the binary version, to a digest.
  func update(_ digest: DigestStream) {
    images.withUnsafeBytes { bytes in
      for i in 0..<count {
        let head = coarseLabels.isEmpty ? [UInt8(labels[i])] : [UInt8(coarseLabels[i]), UInt8(labels[i])]
        head.withUnsafeBytes { digest.update($0) }
        let image = (i * ImageSet.imageBytes)..<((i + 1) * ImageSet.imageBytes)
        digest.update(UnsafeRawBufferPointer(rebasing: bytes[image]))
      }
    }
  }

  /// SHA-256 over the records in the form of the binary version.
  var digest: Digest {
    let stream = DigestStream()
    update(stream)
    return stream.finish()
  }

  /// Appends other records.
  mutating func append(_ other: CIFARRecords) {
    images += other.images
    labels += other.labels
    coarseLabels += other.coarseLabels
  }

  /// Records with one label byte, as in the files and digests of fixtures.
  public static func serialized(images: [UInt8], labels: [Int]) -> Data {
    var data = Data(capacity: labels.count * bytes)
    for (i, label) in labels.enumerated() {
      data.append(UInt8(label))
      data.append(contentsOf: images[(i * ImageSet.imageBytes)..<((i + 1) * ImageSet.imageBytes)])
    }
    return data
  }
}
