import EscapementFixtures
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing

@Suite("The embedded data set")
struct FixtureStoreTests {
  /// A directory of its own that is removed at the end.
  private func withDirectory(_ body: (URL) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try body(directory.url)
  }

  private func copyOfEmbedded(to directory: URL) throws {
    let source = try #require(EmbeddedFixture.locate())
    for file in ["train.bin.gz", "test.bin.gz", "manifest.json"] {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(file), to: directory.appendingPathComponent(file))
    }
  }

  @Test("the generator draws the embedded files byte for byte")
  func embedded() throws {
    let directory = try #require(EmbeddedFixture.locate())
    let packed = try FixtureStore.ten.check(directory)
    let drawn = FixtureStore.ten.make()
    #expect(packed.train.images == drawn.train.images && packed.train.labels == drawn.train.labels)
    #expect(packed.test.images == drawn.test.images && packed.test.labels == drawn.test.labels)
    #expect(drawn.train.provenance.digest.hex == FixtureStore.ten.trainDigest)
    #expect(drawn.test.provenance.digest.hex == FixtureStore.ten.testDigest)
    #expect(
      packed.train.provenance.kind == .synthetic && packed.train.provenance.name == "cifar-format-synthetic")
  }

  @Test("a long tail for training, a balanced test part")
  func counts() throws {
    let fixture = try FixtureStore.ten.load()
    #expect(fixture.train.classCounts == [300, 205, 140, 96, 66, 45, 31, 21, 14, 10])
    #expect(fixture.test.classCounts == [Int](repeating: 100, count: 10))
  }

  @Test("packing and reading give the same images; the packed files stay small")
  func roundTrip() throws {
    try withDirectory { directory in
      let fixture = try FixtureStore.ten.load()
      try FixtureStore.ten.pack(fixture, to: directory)
      let back = try FixtureStore.ten.read(directory)
      #expect(back.train.images == fixture.train.images && back.test.labels == fixture.test.labels)
      let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      #expect(files == ["manifest.json", "test.bin.gz", "train.bin.gz"])
      let sizes = try files.map { try Data(contentsOf: directory.appendingPathComponent($0)).count }
      #expect(sizes.reduce(0, +) < 4_000_000)
    }
  }

  @Test("a changed byte, a cut file, another label, a foreign manifest and a missing file are told apart")
  func hostile() throws {
    func failure(_ damage: (URL) throws -> Void) throws -> String {
      var line = ""
      try withDirectory { directory in
        try copyOfEmbedded(to: directory)
        try damage(directory)
        do {
          _ = try FixtureStore.ten.read(directory)
        } catch {
          line = "\(error)".replacingOccurrences(of: directory.path, with: "DIR")
        }
      }
      #expect(!line.contains("\n"))
      return line
    }
    func rewrite(_ name: String, _ change: @escaping (inout Data) -> Void) -> (URL) throws -> Void {
      { directory in
        let url = directory.appendingPathComponent(name)
        var records = try Gzip.inflate(Data(contentsOf: url), limit: 1 << 23, file: name)
        change(&records)
        try Gzip.deflate(records).write(to: url)
      }
    }
    #expect(
      try failure(rewrite("train.bin.gz") { $0[100] ^= 8 }).contains(
        "DIR/train.bin.gz: found records of SHA-256"))
    #expect(
      try failure(rewrite("test.bin.gz") { $0[3073] = 255 }).contains("record 1, byte 3073: found label 255"))
    #expect(try failure(rewrite("test.bin.gz") { $0.removeLast() }).contains("expected 1000 records"))
    let longer = try failure(rewrite("test.bin.gz") { $0.append(0) })
    #expect(longer.contains("more than 3073000 bytes"))
    let cut = try failure { directory in
      let url = directory.appendingPathComponent("train.bin.gz")
      try Data(contentsOf: url).dropLast(9).write(to: url)
    }
    #expect(cut.contains("DIR/train.bin.gz") && cut.contains("truncated"))
    let foreign = try failure { try Data("{}".utf8).write(to: $0.appendingPathComponent("manifest.json")) }
    #expect(foreign.contains("a manifest of other contents"))
    let missing = try failure {
      try FileManager.default.removeItem(at: $0.appendingPathComponent("test.bin.gz"))
    }
    #expect(missing.contains("DIR/test.bin.gz is missing"))
  }
}

@Suite("The data set of a hundred classes")
struct HundredClassTests {
  @Test("it is drawn with the promised bytes, long-tailed for training and balanced for the test")
  func drawn() throws {
    let data = try LongTailedData.named("fixture100", at: nil)
    #expect(data.train.classes == 100 && data.counts.first == 100 && data.counts.last == 5)
    #expect(data.test.classCounts == Array(repeating: 10, count: 100))
    #expect(data.train.provenance.digest.hex == FixtureStore.hundred.trainDigest)
    #expect(data.groups.head.count == 36 && data.groups.tail.count == 29)
  }

  @Test("stripes tell a label's last digit, shape and colors the first")
  func digits() {
    // Without errors of the cues, clutter and noise, one key gives images that differ by the class alone; where only
    // the first digit differs, the ground away from the shape keeps its stripes, up to its color.
    let plain = SyntheticImages.Difficulty(spread: 0, contrast: 0.5, clutter: 0, noise: 0, distractors: 0)
    let hundred = SyntheticImages(seed: 3, classes: 100, difficulty: plain)
    let ten = SyntheticImages(seed: 3, difficulty: plain)
    func first(_ generator: SyntheticImages, _ label: Int) -> [UInt8] {
      var counts = [Int](repeating: 0, count: generator.classes)
      counts[label] = 1
      return generator.images(.train, counts: counts, name: "d").images
    }
    // The diagonal 0, 11, … has both digits equal: the ten-class image of the same place, under another key.
    #expect(first(hundred, 0) == first(ten, 0))
    #expect(first(hundred, 1) != first(ten, 1))
  }
}
