import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementLongTail

@Suite("Inputs that fuzzing found interesting")
struct HostileInputTests {
  /// The files of one fuzzing target, as the repository keeps them.
  private func corpus(_ target: String) throws -> [(name: String, bytes: Data)] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Fuzz/corpus")
    let directory = root.appendingPathComponent(target)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    #expect(!names.isEmpty)
    return try names.map { ($0, try Data(contentsOf: directory.appendingPathComponent($0))) }
  }

  /// Runs a parser, which may only succeed or throw a `DataError` of one line.
  private func expectNoOtherError(_ name: String, _ body: () throws -> Void) {
    do {
      try body()
    } catch let error as DataError {
      #expect(!error.description.contains("\n"), "\(name)")
      #expect(error.description.utf8.count < 4096, "\(name)")
    } catch {
      Issue.record("\(name): \(error)")
    }
  }

  @Test("archives")
  func archives() throws {
    var members = 0
    for (name, bytes) in try corpus("archive") {
      expectNoOtherError(name) {
        var source: any ByteSource = MemorySource(bytes, file: name)
        if Gzip.isCompressed(bytes) { source = GzipSource(source) }
        var reader = TarReader(source, byteLimit: 1 << 24)
        while let entry = try reader.next() {
          members += 1
          if entry.kind == .file { _ = try reader.contents() }
        }
      }
    }
    #expect(members > 0)
  }

  @Test("pickles and records, of both sets; each cut short at every length leaves an error, not a trap")
  func images() throws {
    var read = 0
    for (name, bytes) in try corpus("pickle") {
      for set in CIFARSet.allCases {
        expectNoOtherError(name) {
          read += try CIFARPickle.records(bytes, file: name, set: set, expected: 1).count
        }
      }
    }
    #expect(read > 0)
    for (name, bytes) in try corpus("records") {
      expectNoOtherError(name) { _ = try CIFARRecords(parsing: bytes, file: name, classes: 10) }
      expectNoOtherError(name) { _ = try CIFARRecords(parsing: bytes, file: name, classes: 100, coarse: 20) }
    }
    var pickle = PickleWriter()
    pickle.open()
    pickle.string("labels")
    pickle.list(3) { $0 }
    pickle.string("data")
    pickle.array(rows: 1, columns: 8, Data(repeating: 1, count: 8))
    pickle.close()
    #expect(throws: Never.self) { try Pickle(pickle.data, file: "whole") }
    for length in 0..<pickle.data.count {
      #expect(throws: DataError.self, "\(length)") { try Pickle(pickle.data.prefix(length), file: "cut") }
    }
  }

  @Test("lists and image files")
  func lists() throws {
    for (name, bytes) in try corpus("list") {
      expectNoOtherError(name) { _ = try ImageList(bytes, file: name) }
    }
    for (name, bytes) in try corpus("ppm") {
      expectNoOtherError(name) { _ = try ImageFile.decode(bytes, file: name) }
    }
    guard CompressedImage.isAvailable else { return }
    var decoded = 0
    for target in ["jpeg", "png"] {
      for (name, bytes) in try corpus(target) {
        expectNoOtherError(name) {
          _ = try ImageFile.decoded(bytes, file: name, orientation: .applied)
          decoded += 1
        }
      }
    }
    #expect(decoded > 0)
  }

  @Test("manifests")
  func manifests() throws {
    let pixels = [UInt8](repeating: 1, count: 4 * ImageSet.imageBytes)
    let set = ImageSet(
      images: pixels, labels: [0, 1, 0, 1], classes: 2,
      provenance: ImageProvenance(name: "tiny", kind: .other, digest: .zero))
    let data = LongTailedData(
      name: "small", full: set, test: set, groups: ClassGroups(byIndex: .longTailed, classes: 2),
      profile: ImbalanceProfile(kind: .longTailed, ratio: 2, classes: 2, perClass: 2))
    for (name, bytes) in try corpus("manifest") {
      expectNoOtherError(name) {
        try DataManifest.check(data, against: JSON(parsing: bytes, file: name), file: name)
      }
    }
  }
}
