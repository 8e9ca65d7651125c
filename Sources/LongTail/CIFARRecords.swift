import Artifacts
import Foundation

/// The record of CIFAR-10's binary version: one label byte, then three planes of 32 × 32 bytes.
public enum CIFARRecords {
  /// Bytes of a record.
  public static let bytes = 1 + ImageSet.pictureBytes

  /// The pictures of a sequence of records.
  ///
  /// - Parameter expected: the number of records the file must hold, or nil for any number above zero.
  /// - Throws: `DataError` naming `file` when the size is no whole number of records or another number than
  ///   expected, or when a label is not below `classes`.
  public static func parse(
    _ data: Data, file: String, classes: Int, expected: Int? = nil
  ) throws -> (pictures: [UInt8], labels: [Int]) {
    let count = data.count / bytes
    guard data.count > 0, data.count % bytes == 0, expected == nil || count == expected else {
      let wanted =
        expected.map { "\($0) records, \($0 * bytes) bytes" } ?? "a whole number of \(bytes)-byte records"
      throw DataError(
        file: file, found: "\(data.count) bytes", expected: wanted,
        advice: "the file is truncated or not CIFAR-10's binary version; copy or download it again")
    }
    var labels: [Int] = []
    labels.reserveCapacity(count)
    let pictures = try data.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
      try [UInt8](unsafeUninitializedCapacity: count * ImageSet.pictureBytes) { target, initialized in
        for record in 0..<count {
          let offset = record * bytes
          let label = Int(source[offset])
          guard label < classes else {
            throw DataError(
              file: file, place: "record \(record), byte \(offset)", found: "label \(label)",
              expected: "a label below \(classes)",
              advice: "the file is corrupt or not CIFAR-10's binary version")
          }
          labels.append(label)
          let picture = UnsafeRawBufferPointer(rebasing: source[(offset + 1)..<(offset + bytes)])
          UnsafeMutableRawBufferPointer(target).baseAddress?
            .advanced(by: initialized).copyMemory(from: picture.baseAddress!, byteCount: picture.count)
          initialized += picture.count
        }
      }
    }
    return (pictures, labels)
  }

  /// The records of an image set, as its digest and its files have them.
  public static func serialised(pictures: [UInt8], labels: [Int]) -> Data {
    var data = Data(capacity: labels.count * bytes)
    for (i, label) in labels.enumerated() {
      data.append(UInt8(label))
      data.append(contentsOf: pictures[(i * ImageSet.pictureBytes)..<((i + 1) * ImageSet.pictureBytes)])
    }
    return data
  }
}
