import Artifacts
import Foundation

/// CIFAR-10 in the published binary layout: data_batch_1…5.bin and test_batch.bin of 10,000 records each.
public struct CIFAR10: Sendable {
  /// The 50,000 training pictures, data_batch_1…5 one after another.
  public let train: ImageSet
  /// The 10,000 test pictures.
  public let test: ImageSet

  private static let recordsPerFile = 10_000

  /// Reads the files from `directory` or its subdirectory cifar-10-batches-bin, plain or gzip'd (told by their
  /// content; a name may end in .gz).
  ///
  /// Pictures count as `.other` whatever their digest: the published archive's SHA-256 is not known to this package,
  /// so no file can prove itself the published one.
  /// - Throws: `MissingError` for an absent directory or file, `DataError` for files of other contents.
  public init(directory: URL) throws {
    let folder = try Self.locate(directory)
    func read(_ names: [String]) throws -> ImageSet {
      var pictures: [UInt8] = []
      var labels: [Int] = []
      // Room at once: growing by doubling would hold the set twice over.
      pictures.reserveCapacity(names.count * Self.recordsPerFile * ImageSet.pictureBytes)
      let digest = DigestStream()
      for name in names {
        let (file, data) = try Self.contents(of: name, in: folder)
        let records = try CIFARRecords.parse(data, file: file, classes: 10, expected: Self.recordsPerFile)
        data.withUnsafeBytes { digest.update($0) }
        pictures += records.pictures
        labels += records.labels
      }
      return ImageSet(
        pictures: pictures, labels: labels, classes: 10,
        provenance: ImageProvenance(name: "cifar10", kind: .other, digest: digest.finish()))
    }
    train = try read((1...5).map { "data_batch_\($0).bin" })
    test = try read(["test_batch.bin"])
  }

  private static func locate(_ directory: URL) throws -> URL {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory),
      isDirectory.boolValue
    else {
      throw MissingError(
        what: "the data directory \(directory.path)",
        advice: "give the directory that holds CIFAR-10's binary version (data_batch_1.bin and so on)")
    }
    let nested = directory.appendingPathComponent("cifar-10-batches-bin")
    return FileManager.default.fileExists(atPath: nested.path) ? nested : directory
  }

  private static func contents(of name: String, in folder: URL) throws -> (file: String, data: Data) {
    for candidate in [name, name + ".gz"] {
      let url = folder.appendingPathComponent(candidate)
      guard FileManager.default.fileExists(atPath: url.path) else { continue }
      let data = try FileContents.read(url)
      guard Gzip.isCompressed(data) else { return (url.path, data) }
      let limit = recordsPerFile * CIFARRecords.bytes
      return (url.path, try Gzip.inflate(data, limit: limit, file: url.path))
    }
    throw MissingError(
      what: folder.appendingPathComponent(name).path,
      advice: "CIFAR-10's binary version has data_batch_1.bin to data_batch_5.bin and test_batch.bin")
  }
}
