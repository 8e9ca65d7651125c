import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing

@testable import EscapementLongTail

@Suite("Fixtures cut from one's own images")
struct PackedFixtureTests {
  /// CIFAR-10 made here, packed: 30 images of class 0 down to 3, two test images a class.
  private func withPacked(_ body: (URL, CIFARData) throws -> Void) throws {
    let source = SyntheticCIFAR(.cifar10)
    let directory = try DataDirectory()
    defer { directory.remove() }
    for (index, part) in source.parts.enumerated() {
      try directory.write(source.binary(index), as: part.name + ".bin")
    }
    let full = try CIFARData(.cifar10, at: directory.url)
    let plan = PackedFixture.Plan(set: .cifar10, perClass: 30, ratio: 10, testPerClass: 2)
    let target = directory.url.appendingPathComponent("packed")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try PackedFixture(plan, from: full).write(to: target)
    try body(target, full)
  }

  @Test("a manifest alone selects the same images again, from the same files only")
  func fromAManifest() throws {
    try withPacked { packed, full in
      let source = packed.deletingLastPathComponent()
      let manifest = packed.appendingPathComponent("manifest.json")
      let document = try JSON(parsing: Data(contentsOf: manifest), file: "m")
      let again = try PackedFixture(listedIn: manifest, from: source)
      #expect(again.manifest == document)
      let second = source.appendingPathComponent("again")
      try FileManager.default.createDirectory(at: second, withIntermediateDirectories: true)
      try again.write(to: second)
      for name in ["train.bin.gz", "test.bin.gz", "manifest.json"] {
        let files = try [packed, second].map { try Data(contentsOf: $0.appendingPathComponent(name)) }
        #expect(files[0] == files[1], "\(name)")
      }
      // Positions are those of the published files: the records that they name are the packed ones.
      let positions = try #require(document["positions"]?["train"]?.array?.first?.array).compactMap(\.integer)
      #expect(positions.count == 30 && positions[0] == 3980)
      #expect(full.train.selecting(positions).images == Array(again.pair.train.images.prefix(30 * 3072)))

      func failure(_ from: String, _ to: String) throws -> String {
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let changed = source.appendingPathComponent("changed.json")
        #expect(text.contains(from))
        try Data(text.replacing(from, with: to).utf8).write(to: changed)
        do {
          _ = try PackedFixture(listedIn: changed, from: source)
          return ""
        } catch { return "\(error)" }
      }
      // Labels repeat every ten positions.
      #expect(try failure("        3980,", "        3981,").contains("a position of class 0 in cifar10"))
      #expect(try failure("        3980,", "        50000,").contains("a position of class 0 in cifar10"))
      let other = try failure("        3980,", "        3990,")
      #expect(other.contains("records of SHA-256") && other.contains("give the published files"), "\(other)")
      #expect(try failure("\"set\": \"cifar10\"", "\"set\": \"images\"").contains("--images"))
      #expect(try failure("\"positions\"", "\"places\"").contains("positions"))
      let many = (0...full.train.classCounts[0]).map { _ in "3980" }.joined(separator: ",")
      #expect(try failure("        3980,", many + ",").contains("of class 0"))
      // One class less.
      let lists = try #require(document["positions"]?["test"]?.array)
      var members = try #require(document.object)
      members["positions"] = [
        "train": document["positions"]?["train"] ?? .null, "test": .array(lists.dropLast()),
      ]
      let short = source.appendingPathComponent("short.json")
      try AtomicFile.write(JSON.object(members), to: short)
      #expect {
        try PackedFixture(listedIn: short, from: source)
      } throws: { "\($0)".contains("a list for each of 10 classes") }
    }
  }

  @Test("the largest and smallest plans, and those just beyond them")
  func limitsOfAPlan() {
    func counts(perClass: Int, ratio: Double, tests: Int = 100, of set: CIFARSet = .cifar10) -> [Int]? {
      PackedFixture.Plan(set: set, perClass: perClass, ratio: ratio, testPerClass: tests).profile?.counts
    }
    // A ratio equal to class 0's images leaves the last class one.
    #expect(counts(perClass: 30, ratio: 30)?.last == 1)
    #expect(counts(perClass: 30, ratio: 30.0.nextUp) == nil)
    #expect(counts(perClass: 30, ratio: 1) == Array(repeating: 30, count: 10))
    #expect(counts(perClass: 30, ratio: 1.0.nextDown) == nil)
    #expect(counts(perClass: 30, ratio: .nan) == nil && counts(perClass: 30, ratio: .infinity) == nil)
    #expect(counts(perClass: 5000, ratio: 10)?.first == 5000 && counts(perClass: 5001, ratio: 10) == nil)
    #expect(counts(perClass: 500, ratio: 10, of: .cifar100)?.count == 100)
    #expect(counts(perClass: 501, ratio: 10, of: .cifar100) == nil)
    #expect(counts(perClass: 1, ratio: 1) != nil && counts(perClass: 0, ratio: 1) == nil)
    #expect(counts(perClass: 30, ratio: 10, tests: 1000) != nil)
    #expect(
      counts(perClass: 30, ratio: 10, tests: 1001) == nil && counts(perClass: 30, ratio: 10, tests: 0) == nil)
  }

  @Test("the published draw's first images, written and read back; damage is refused")
  func roundTrip() throws {
    try withPacked { directory, full in
      let data = try LongTailedData.packed(directory)
      #expect(data.counts == [30, 23, 17, 13, 10, 8, 6, 5, 3, 3])
      #expect(data.test.classCounts == Array(repeating: 2, count: 10))
      // 398 is the published draw's first rank of class 0; labels repeat every ten positions.
      let first = full.train.selecting([3980])
      let packed = try #require(data.train as? ImageSet)
      #expect(Array(packed.images.prefix(ImageSet.imageBytes)) == first.images)
      #expect(data.train.provenance.kind == .other && data.train.provenance.name == "packed cifar10")
      #expect(try LongTailedData.named("packed", at: directory).train.pixelsDigest == data.train.pixelsDigest)

      func failure(_ damage: () throws -> Void) throws -> String {
        let names = ["train.bin.gz", "test.bin.gz", "manifest.json"]
        let kept = try names.map { try Data(contentsOf: directory.appendingPathComponent($0)) }
        try damage()
        defer {
          for (name, data) in zip(names, kept) { try? data.write(to: directory.appendingPathComponent(name)) }
        }
        do {
          _ = try PackedFixture.read(directory)
          return ""
        } catch {
          return "\(error)"
        }
      }
      let train = directory.appendingPathComponent("train.bin.gz")
      let manifest = directory.appendingPathComponent("manifest.json")
      let changed = try failure {
        var records = try Gzip.inflate(Data(contentsOf: train), limit: 1 << 23, file: "t")
        records[5] ^= 1
        try Gzip.deflate(records).write(to: train)
      }
      #expect(changed.contains("train.bin.gz: found records of SHA-256"))
      func edited(_ from: String, _ to: String) throws -> String {
        try failure {
          let text = try String(contentsOf: manifest, encoding: .utf8)
          #expect(text.contains(from))
          try Data(text.replacingOccurrences(of: from, with: to).utf8).write(to: manifest)
        }
      }
      #expect(try edited("\"classes\": 10", "\"classes\": 100000").contains("at most 256"))
      #expect(try edited("\"classes\": 10", "\"classes\": 257").contains("at most 256"))
      #expect(try edited("\"classes\": 10", "\"classes\": 256").contains("train.counts"))
      #expect(try edited("\"classes\": 10", "\"classes\": 9").contains("train.counts"))
      #expect(try edited("      30,", "      29,").contains("train.bin.gz"))
      #expect(try edited("      30,\n      23,", "      23,\n      30,").contains("other counts"))
      #expect(try edited("      30,", "      999999999999,").contains("train.counts"))
      #expect(
        try failure { try FileManager.default.removeItem(at: train) }.contains("train.bin.gz is missing"))
    }
  }

  @Test("plans that ask for more than there is have no profile")
  func plans() {
    #expect(PackedFixture.Plan(set: .cifar10).profile != nil)
    for plan in [
      PackedFixture.Plan(set: .cifar10, perClass: 5001), .init(set: .cifar100, perClass: 501),
      .init(set: .cifar10, perClass: 0), .init(set: .cifar10, ratio: 301), .init(set: .cifar10, ratio: 0.5),
      .init(set: .cifar10, ratio: .nan), .init(set: .cifar10, testPerClass: 1001),
      .init(set: .cifar10, testPerClass: 0),
    ] { #expect(plan.profile == nil, "\(plan)") }
  }
}
