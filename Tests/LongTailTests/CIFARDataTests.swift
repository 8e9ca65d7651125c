import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing

@testable import EscapementLongTail

/// A directory of files that goes with the test.
struct DataDirectory {
  private let directory: TemporaryDirectory
  var url: URL { directory.url }

  init() throws { directory = try TemporaryDirectory() }
  func remove() { directory.remove() }

  func write(_ data: Data, as name: String) throws {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }
}

@Suite("CIFAR files")
struct CIFARDataTests {
  private static let ten = SyntheticCIFAR(.cifar10)
  private static let binaries = (0..<6).map(ten.binary)

  /// Runs `body` with an empty directory.
  private func withDirectory(_ body: (DataDirectory) throws -> Void) throws {
    let directory = try DataDirectory()
    defer { directory.remove() }
    try body(directory)
  }

  /// The one line that reading fails with.
  private func expectFailure(
    _ url: URL, set: CIFARSet = .cifar10, code: Int32, mentions parts: [String],
    _ location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try CIFARData(set, at: url)
      Issue.record("reading succeeded", sourceLocation: location)
    } catch let error as any ReportedError {
      #expect(error.exitCode == code, sourceLocation: location)
      #expect(!error.description.contains("\n"), sourceLocation: location)
      for part in parts {
        #expect(
          error.description.contains(part), "\(error.description) lacks \(part)", sourceLocation: location)
      }
    } catch {
      Issue.record("an unreported error: \(error)", sourceLocation: location)
    }
  }

  private func expectSame(_ a: CIFARData, _ b: CIFARData, _ location: SourceLocation = #_sourceLocation) {
    #expect(
      a.train.images == b.train.images && a.train.labels == b.train.labels, sourceLocation: location)
    #expect(a.test.images == b.test.images && a.test.labels == b.test.labels, sourceLocation: location)
    #expect(a.train.provenance == b.train.provenance, sourceLocation: location)
    #expect(a.test.provenance == b.test.provenance, sourceLocation: location)
  }

  @Test("CIFAR-10: every layout gives the same images and the same digest")
  func ten() throws {
    let names = Self.ten.parts.map(\.name)
    var plain: CIFARData?
    try withDirectory { directory in
      for (name, data) in zip(names, Self.binaries) { try directory.write(data, as: name + ".bin") }
      let set = try CIFARData(.cifar10, at: directory.url)
      #expect(set.train.count == 50_000 && set.test.count == 10_000)
      #expect(set.train.classCounts == Array(repeating: 5000, count: 10))
      #expect(set.train.labels[20_003] == 3)
      #expect(set.train.images[20_003 * 3072] == Self.ten.pixel(3, part: 2))
      #expect(set.train.provenance.kind == .other)
      #expect(set.test.provenance.digest == Digest(of: Self.binaries[5]))
      plain = set
    }
    let reference = try #require(plain)
    // Content decides, not the name: one is gzip'd under the plain name, one is a pickle among records.
    try withDirectory { directory in
      for (i, (name, data)) in zip(names, Self.binaries).enumerated() {
        let file = "cifar-10-batches-bin/" + name
        switch i {
        case 0: try directory.write(Gzip.deflate(data), as: file + ".bin")
        case 1: try directory.write(Self.ten.pickled(1), as: file)
        default: try directory.write(Gzip.deflate(data), as: file + ".bin.gz")
        }
      }
      expectSame(try CIFARData(.cifar10, at: directory.url), reference)
    }
    // The archive, found in a directory or given itself; a gzip'd member in it.
    try withDirectory { directory in
      var tar = TarWriter()
      tar.add("cifar-10-batches-py/", type: "5")
      tar.add("cifar-10-batches-py/readme.html", Data("<html>".utf8))
      for part in (0..<6).reversed() {
        let data = part == 3 ? Gzip.deflate(Self.binaries[3]) : Self.ten.pickled(part)
        tar.add("cifar-10-batches-py/" + names[part] + (part == 3 ? ".bin.gz" : ""), data)
      }
      tar.end()
      try directory.write(Gzip.deflate(tar.data), as: "cifar-10-python.tar.gz")
      expectSame(try CIFARData(.cifar10, at: directory.url), reference)
      try directory.write(tar.data, as: "anything")
      expectSame(try CIFARData(.cifar10, at: directory.url.appendingPathComponent("anything")), reference)
    }
  }

  @Test("CIFAR-100: fine and coarse labels, records and pickles")
  func hundred() throws {
    let source = SyntheticCIFAR(.cifar100)
    try withDirectory { directory in
      try directory.write(source.binary(0), as: "cifar-100-binary/train.bin")
      try directory.write(source.binary(1), as: "cifar-100-binary/test.bin")
      let fine = try CIFARData(.cifar100, at: directory.url)
      #expect(fine.train.classes == 100 && fine.train.classCounts == Array(repeating: 500, count: 100))
      #expect(fine.train.labels[1234] == 34 && fine.test.labels[99] == 99)
      #expect(fine.train.provenance.digest == Digest(of: source.binary(0)))
      let coarse = try CIFARData(.cifar100, at: directory.url, labels: .coarse)
      #expect(coarse.train.classes == 20 && coarse.train.classCounts == Array(repeating: 2500, count: 20))
      #expect(coarse.train.labels[1234] == 34 / 5 && coarse.train.provenance == fine.train.provenance)
      try withDirectory { other in
        try other.write(source.pickled(0), as: "train")
        try other.write(source.pickled(1), as: "test")
        expectSame(try CIFARData(.cifar100, at: other.url), fine)
      }
    }
  }

  @Test("images are published when each file's records have the published SHA-256, in any container")
  func published() throws {
    let digests = Self.binaries.map { Digest(of: $0) }
    func kinds(_ url: URL, _ digests: [Digest]) throws -> [ImageProvenance.Kind] {
      let set = try CIFARData(.cifar10, at: url, labels: .fine, published: digests)
      return [set.train.provenance.kind, set.test.provenance.kind]
    }
    try withDirectory { directory in
      for part in 0..<6 {
        let name = Self.ten.parts[part].name
        if part == 2 { try directory.write(Self.ten.pickled(part), as: name) }
        if part != 2 { try directory.write(Self.binaries[part], as: name + ".bin") }
      }
      #expect(try kinds(directory.url, digests) == [.published, .published])
      for part in 0..<6 {
        var wrong = digests
        wrong[part] = .zero
        #expect(try kinds(directory.url, wrong) == (part < 5 ? [.other, .published] : [.published, .other]))
      }
      // One bit of one pixel.
      var changed = Self.binaries[4]
      changed[changed.count - 1] ^= 1
      try directory.write(changed, as: "data_batch_5.bin")
      #expect(try kinds(directory.url, digests) == [.other, .published])
    }
    // The digests on record are those of six different files of ten thousand records.
    let parts = CIFARSet.cifar10.trainParts + [CIFARSet.cifar10.testPart]
    #expect(Set(parts.map(\.published)).count == 6 && Set(parts.map(\.name)).count == 6)
  }

  @Test("what is missing is named, with what would do")
  func missing() throws {
    expectFailure(URL(fileURLWithPath: "/nonexistent/cifar"), code: 69, mentions: ["/nonexistent/cifar"])
    try withDirectory { directory in
      expectFailure(directory.url, code: 69, mentions: ["cifar10 in", "cifar-10-binary.tar.gz"])
      try directory.write(Self.binaries[0], as: "data_batch_1.bin")
      expectFailure(directory.url, code: 69, mentions: ["data_batch_2"])
      try directory.write(Data("not a tar".utf8), as: "x.tar")
      expectFailure(
        directory.url.appendingPathComponent("x.tar"), code: 65, mentions: ["x.tar", "no tar archive"])
      var tar = TarWriter()
      tar.add("cifar-10-batches-bin/data_batch_1.bin", Self.binaries[0])
      tar.end()
      try directory.write(tar.data, as: "y.tar")
      expectFailure(
        directory.url.appendingPathComponent("y.tar"), code: 65,
        mentions: ["y.tar", "no member data_batch_2"])
      expectFailure(
        directory.url.appendingPathComponent("y.tar"), set: .cifar100, code: 65, mentions: ["no member train"]
      )
    }
  }

  @Test("truncated and oversized files are told by their size")
  func size() throws {
    try withDirectory { directory in
      for count in [0, 1, 3073 * 9999, 3073 * 10_000 - 1, 3073 * 10_001] {
        var data = Self.binaries[0].prefix(count)
        if count > data.count { data.append(Data(count: count - data.count)) }
        try directory.write(data, as: "data_batch_1.bin")
        expectFailure(
          directory.url, code: 65, mentions: ["data_batch_1.bin", "\(count) bytes", "30730000"])
      }
    }
  }

  @Test("of a file that is far too large, nothing is read")
  func oversized() throws {
    try withDirectory { directory in
      // A terabyte of nothing: a hole that takes no disk.
      try directory.write(Data(), as: "data_batch_1.bin")
      #expect(truncate(directory.url.appendingPathComponent("data_batch_1.bin").path, 1 << 40) == 0)
      expectFailure(
        directory.url, code: 65, mentions: ["data_batch_1.bin", "1099511627776 bytes", "at most"])
      try directory.write(Data(), as: "train.bin.gz")
      #expect(truncate(directory.url.appendingPathComponent("train.bin.gz").path, 1 << 40) == 0)
      #expect(throws: DataError.self) { try FixtureStore.ten.read(directory.url) }
    }
  }

  @Test("a label out of range is named with its record and offset, in records and in pickles")
  func label() throws {
    try withDirectory { directory in
      var data = Self.binaries[0]
      data[77 * 3073] = 11
      try directory.write(data, as: "data_batch_1.bin")
      expectFailure(
        directory.url, code: 65, mentions: ["data_batch_1.bin", "record 77", "byte 236621", "label 11"])
    }
    try withDirectory { directory in
      var pickle = PickleWriter()
      pickle.open()
      pickle.string("labels")
      pickle.list(10_000) { $0 == 77 ? 10 : 3 }
      pickle.close()
      try directory.write(pickle.data, as: "data_batch_1")
      expectFailure(directory.url, code: 65, mentions: ["data_batch_1", "key labels", "entry 77", "0 to 9"])
    }
  }

  @Test("a pickle without data, of another shape or of other bytes is told by its key")
  func pickleShapes() throws {
    for (rows, columns, bytes, mention) in [
      (10_000, 3071, 10, "3071"), (9_999, 3072, 10, "9999"), (10_000, 3072, 10, "bytes are not there"),
    ] {
      try withDirectory { directory in
        var pickle = PickleWriter()
        pickle.open()
        pickle.string("labels")
        pickle.list(10_000) { $0 % 10 }
        pickle.string("data")
        pickle.array(rows: rows, columns: columns, Data(count: bytes))
        pickle.close()
        try directory.write(pickle.data, as: "data_batch_1")
        expectFailure(directory.url, code: 65, mentions: ["data_batch_1", "key data", mention])
      }
    }
  }

  @Test("truncated, corrupt and exploding gzip streams are refused")
  func gzip() throws {
    try withDirectory { directory in
      let packed = Gzip.deflate(Self.binaries[0])
      try directory.write(packed.dropLast(20), as: "data_batch_1.bin")
      expectFailure(directory.url, code: 65, mentions: ["data_batch_1.bin", "truncated"])
      var corrupt = packed
      corrupt[packed.count - 6] ^= 0xff  // in the member's checksum
      try directory.write(corrupt, as: "data_batch_1.bin")
      expectFailure(directory.url, code: 65, mentions: ["data_batch_1.bin", "corrupt"])
      try directory.write(packed + Data([1, 2, 3]), as: "data_batch_1.bin")
      expectFailure(directory.url, code: 65, mentions: ["data_batch_1.bin"])
      try directory.write(packed.prefix(2), as: "data_batch_1.bin")
      expectFailure(directory.url, code: 65, mentions: ["data_batch_1.bin", "truncated"])
      try directory.write(Gzip.deflate(Data(count: 80_000_000)), as: "data_batch_1.bin")
      expectFailure(directory.url, code: 65, mentions: ["data_batch_1.bin", "more than", "once inflated"])
    }
  }

  @Test("gzip members follow one another, and round trips keep every byte")
  func members() throws {
    let (a, b) = (Data((0..<1000).map { UInt8($0 & 255) }), Data([9]))
    let joined = Gzip.deflate(a) + Gzip.deflate(b) + Gzip.deflate(Data())
    #expect(try Gzip.inflate(joined, limit: 1001, file: "x") == a + b)
    #expect(throws: DataError.self) { try Gzip.inflate(joined, limit: 1000, file: "x") }
    #expect(throws: DataError.self) { try Gzip.inflate(Data(), limit: 10, file: "x") }
  }
}
