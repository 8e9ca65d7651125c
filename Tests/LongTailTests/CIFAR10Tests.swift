import Artifacts
import Foundation
import LongTail
import TestSupport
import Testing

/// A directory of CIFAR-10 files made here.
struct DataDirectory {
  private let directory: TemporaryDirectory
  var url: URL { directory.url }

  init() throws { directory = try TemporaryDirectory() }
  func remove() { directory.remove() }

  /// 10,000 records: label i mod 10, every picture byte the low byte of i + salt.
  static func batch(salt: Int) -> Data {
    var data = Data(count: 10_000 * 3073)
    data.withUnsafeMutableBytes { bytes in
      for i in 0..<10_000 {
        bytes[i * 3073] = UInt8(i % 10)
        memset(bytes.baseAddress! + i * 3073 + 1, Int32((i + salt) & 255), 3072)
      }
    }
    return data
  }

  static let batches = (0..<6).map(batch(salt:))
  static let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]

  func write(_ data: Data, as name: String) throws { try data.write(to: url.appendingPathComponent(name)) }

  func writeAll() throws {
    for (name, data) in zip(Self.names, Self.batches) { try write(data, as: name) }
  }
}

@Suite("CIFAR-10's binary version")
struct CIFAR10Tests {
  /// The one line that reading `directory` fails with.
  private func failure(_ directory: URL) -> (any ReportedError)? {
    do {
      _ = try CIFAR10(directory: directory)
      return nil
    } catch {
      return error as? any ReportedError
    }
  }

  private func expect(_ error: (any ReportedError)?, code: Int32, mentions parts: [String]) {
    guard let error else {
      Issue.record("reading succeeded or failed with an unreported error")
      return
    }
    #expect(error.exitCode == code)
    #expect(!error.description.contains("\n"))
    for part in parts { #expect(error.description.contains(part), "\(error.description) lacks \(part)") }
  }

  @Test("plain and gzip'd files, nested or not, give the same pictures")
  func reads() throws {
    let plain = try DataDirectory()
    defer { plain.remove() }
    try plain.writeAll()
    let set = try CIFAR10(directory: plain.url)
    #expect(set.train.count == 50_000 && set.test.count == 10_000)
    #expect(set.train.classCounts == Array(repeating: 5000, count: 10))
    #expect(set.train.labels[20_003] == 3)
    #expect(set.train.pictures[20_003 * 3072] == UInt8((3 + 2) & 255))
    #expect(set.train.provenance.kind == .other)

    let packed = try DataDirectory()
    defer { packed.remove() }
    let nested = packed.url.appendingPathComponent("cifar-10-batches-bin")
    try FileManager.default.createDirectory(at: nested, withIntermediateDirectories: true)
    for (i, (name, data)) in zip(DataDirectory.names, DataDirectory.batches).enumerated() {
      // Content decides, not the name: one is gzip'd under the plain name.
      try Gzip.deflate(data).write(to: nested.appendingPathComponent(i == 0 ? name : name + ".gz"))
    }
    let other = try CIFAR10(directory: packed.url)
    #expect(other.train.pictures == set.train.pictures && other.train.labels == set.train.labels)
    #expect(other.train.provenance == set.train.provenance)
    #expect(other.test.provenance == set.test.provenance)
  }

  @Test("a missing directory or file is named")
  func missing() throws {
    expect(failure(URL(fileURLWithPath: "/nonexistent/cifar")), code: 69, mentions: ["/nonexistent/cifar"])
    let directory = try DataDirectory()
    defer { directory.remove() }
    try directory.write(DataDirectory.batches[0], as: "data_batch_1.bin")
    expect(failure(directory.url), code: 69, mentions: ["data_batch_2.bin"])
  }

  @Test("truncated and oversized files are told by their size")
  func size() throws {
    let directory = try DataDirectory()
    defer { directory.remove() }
    for count in [0, 1, 3073 * 9999, 3073 * 10_000 - 1, 3073 * 10_001] {
      var data = DataDirectory.batches[0].prefix(count)
      if count > data.count { data.append(Data(count: count - data.count)) }
      try directory.write(data, as: "data_batch_1.bin")
      expect(failure(directory.url), code: 65, mentions: ["data_batch_1.bin", "\(count) bytes", "30730000"])
    }
  }

  @Test("a label out of range is named with its record and offset")
  func label() throws {
    let directory = try DataDirectory()
    defer { directory.remove() }
    var data = DataDirectory.batches[0]
    data[77 * 3073] = 255
    try directory.write(data, as: "data_batch_1.bin")
    expect(
      failure(directory.url), code: 65,
      mentions: ["data_batch_1.bin", "record 77", "byte 236621", "label 255"])
  }

  @Test("truncated, corrupt and exploding gzip streams are refused")
  func gzip() throws {
    let directory = try DataDirectory()
    defer { directory.remove() }
    let packed = Gzip.deflate(DataDirectory.batches[0])
    try directory.write(packed.dropLast(20), as: "data_batch_1.bin")
    expect(failure(directory.url), code: 65, mentions: ["data_batch_1.bin", "truncated"])
    var corrupt = packed
    corrupt[packed.count - 6] ^= 0xff  // in the member's checksum
    try directory.write(corrupt, as: "data_batch_1.bin")
    expect(failure(directory.url), code: 65, mentions: ["data_batch_1.bin", "corrupt"])
    try directory.write(packed + Data([1, 2, 3]), as: "data_batch_1.bin")
    expect(failure(directory.url), code: 65, mentions: ["data_batch_1.bin"])
    try directory.write(packed.prefix(2), as: "data_batch_1.bin")
    expect(failure(directory.url), code: 65, mentions: ["data_batch_1.bin", "truncated"])
    try directory.write(Gzip.deflate(Data(count: 40_000_000)), as: "data_batch_1.bin")
    expect(failure(directory.url), code: 65, mentions: ["data_batch_1.bin", "more than 30730000 bytes"])
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
