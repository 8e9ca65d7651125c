import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementLongTail

@Suite("Data manifests")
struct DataManifestTests {
  /// A balanced set of four classes of 20 images, cut to 20, 9, 4, 2.
  private func data(
    name: String = "small", selection: LongTailedSubset.Selection = .published(), salt: Int = 0,
    ratio: Double = 10, testSalt: Int = 0
  ) -> LongTailedData {
    func set(_ count: Int, salt: Int) -> ImageSet {
      let images = (0..<count).flatMap { i in
        [UInt8](repeating: UInt8((i * 7 + salt) & 255), count: ImageSet.imageBytes)
      }
      return ImageSet(
        images: images, labels: (0..<count).map { $0 % 4 }, classes: 4,
        provenance: ImageProvenance(name: "tiny", kind: .other, digest: Digest(of: images)))
    }
    return LongTailedData(
      name: name, full: set(80, salt: salt), test: set(8, salt: 100 + testSalt),
      groups: ClassGroups(byIndex: .longTailed, classes: 4),
      profile: ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: 4, perClass: 20),
      selection: selection)
  }

  private func cause(of recorded: JSON, _ location: SourceLocation = #_sourceLocation) -> String {
    do {
      try DataManifest.check(data(), against: recorded, file: "m.json")
      return ""
    } catch {
      #expect("\(error)".hasPrefix("m.json: ") && !"\(error)".contains("\n"), sourceLocation: location)
      return "\(error)"
    }
  }

  @Test("positions are listed class by class, and the digests are those of the list and the pixels")
  func contents() throws {
    let data = data()
    let manifest = DataManifest(data)
    #expect(manifest.positions?.map(\.count) == [20, 9, 4, 2])
    #expect(
      manifest.positions?.enumerated().allSatisfy { label, list in list.allSatisfy { $0 % 4 == label } }
        == true)
    let flat = try #require(manifest.positions).flatMap { $0 }
    let train = try #require(manifest.summary["train"])
    #expect(
      train["positions_sha256"]?.string == Digest(of: flat.map(String.init).joined(separator: "\n")).hex)
    let images = try #require(data.train as? ImageSet).images
    let records = CIFARRecords.serialized(images: images, labels: data.train.labels)
    #expect(train["pixels_sha256"]?.string == Digest(of: records).hex)
    #expect(train["selection"]?.string == "published, seed 0")
    #expect(manifest.json["positions_by_class"]?.array?.count == 4)
  }

  @Test("the same data agree, as a manifest and as a summary")
  func agrees() {
    #expect(cause(of: DataManifest(data()).json) == "")
    #expect(cause(of: DataManifest(data()).summary) == "")
  }

  @Test("a difference names its likely cause")
  func causes() throws {
    func summary(_ other: LongTailedData) -> JSON { DataManifest(other).summary }
    #expect(cause(of: summary(data(name: "other"))).contains("the data set other"))
    #expect(cause(of: summary(data(ratio: 5))).contains("another profile"))
    #expect(cause(of: summary(data(selection: .published(seed: 7)))).contains("with seed 7"))
    #expect(cause(of: summary(data(selection: .firstInOrder))).contains("small-first"))
    #expect(cause(of: summary(data(salt: 1))).contains("another copy of the images"))
    #expect(cause(of: summary(data(testSalt: 1))).contains("test set"))
    #expect(cause(of: [:]).contains("the data set ?"))

    // Lists that no selection of ours makes: only their digest is on record.
    func recording(_ positions: [Int]) throws -> JSON {
      var root = try #require(DataManifest(data()).summary.object)
      var train = try #require(root["train"]?.object)
      train["positions_sha256"] = .string(DataManifest.digest(of: positions).hex)
      root["train"] = .object(train)
      return .object(root)
    }
    let positions = try #require(data().subset).positions
    #expect(cause(of: try recording(positions.sorted())).contains("the data set's own order"))
    let counts = [20, 9, 4, 2]
    var rest = positions[...]
    let within = counts.flatMap { count -> [Int] in
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).sorted()
    }
    #expect(cause(of: try recording(within)).contains("another order within each class"))
    #expect(cause(of: try recording(positions.reversed())).contains("neither our images"))
  }
}
