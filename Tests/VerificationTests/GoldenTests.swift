@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing

@testable import EscapementVerification

@Suite struct GoldenTests {
  /// Thirty steps of a recurrence in Float: the smallest case that can lose a bit.
  static func decay(_ factor: Float, steps: Int = 30) -> GoldenCase {
    GoldenCase(suite: "recurrence", name: "decay", provenance: ["variant": "float"]) {
      var x: Float = 1
      var values: [GoldenValue] = []
      for step in 0..<steps {
        x = x * factor + 0.125
        values.append(.exact("step \(step) value", x))
      }
      let last = x
      values.append(.digest("end", Digest(of: "\(last.bitPattern)")))
      values.append(.integer("steps", steps))
      values.append(
        .near("in Double", Double(last), tolerance: 1e-6, because: "stands for a library's number"))
      return values
    }
  }

  static func withStore(_ body: (GoldenStore) throws -> Void) throws {
    let folder = try TemporaryDirectory(creating: false)
    defer { folder.remove() }
    try body(GoldenStore(root: folder.url))
  }

  @Test func checkFindsWhatAcceptWrote() throws {
    try Self.withStore { store in
      #expect(try store.check(Self.decay(0.75)) == .missing)
      #expect(!FileManager.default.fileExists(atPath: store.root.path), "check must not write")
      try store.accept(Self.decay(0.75), reason: "first")
      #expect(try store.check(Self.decay(0.75)) == .same(count: 33))
    }
  }

  @Test func checkNamesTheFirstValueThatParts() throws {
    try Self.withStore { store in
      try store.accept(Self.decay(0.75), reason: "first")
      let file = store.url(of: Self.decay(0.75))
      let before = try Data(contentsOf: file)
      let outcome = try store.check(Self.decay(Float(0.75).nextUp))
      guard case .differs(let comparison) = outcome else {
        Issue.record("a factor one ulp up went unnoticed: \(outcome)")
        return
      }
      let difference = comparison.first
      #expect(difference.index == 0 && difference.name == "step 0 value" && difference.ulps == 1)
      #expect(difference.text.contains("0x3f600000") && difference.text.contains("1 ulp apart"))
      #expect(try Data(contentsOf: file) == before, "check must not write")
    }
  }

  @Test func lengthProvenanceAndNamesCount() throws {
    let golden = Self.decay(0.75)
    let values = try golden.compute()
    let record = GoldenRecord(reason: "r", provenance: golden.provenance, values: values)
    func first(_ values: [GoldenValue], _ provenance: [String: String]) -> String? {
      guard
        case .differs(let comparison) = GoldenStore.compare(values, provenance: provenance, with: record)
      else { return nil }
      return comparison.first.name
    }
    #expect(first(values, golden.provenance) == nil)
    #expect(first(Array(values.dropLast()), golden.provenance) == "in Double")
    #expect(first(values + [.integer("more", 1)], golden.provenance) == "more")
    #expect(first(values, ["variant": "double"]) == "provenance variant")
    var renamed = values
    renamed[4].name = "other"
    #expect(first(renamed, golden.provenance) == "step 4 value")
  }

  @Test func tolerancesAreTheRecords() {
    let recorded = GoldenValue.near("x", 1, tolerance: 1e-3, because: "r")
    #expect(recorded.accepts(.near("x", 1.0005, tolerance: 1e-3, because: "r")))
    #expect(!recorded.accepts(.near("x", 1.002, tolerance: 1e-3, because: "r")))
    #expect(!recorded.accepts(.near("x", 1.0005, tolerance: 1, because: "r")), "a run may not widen it")
    #expect(!recorded.accepts(.near("x", .nan, tolerance: 1e-3, because: "r")))
    #expect(!GoldenValue.exact("x", Float(0)).accepts(.exact("x", -Float(0))), "-0 is not +0")
    #expect(!GoldenValue.exact("x", Float(1)).accepts(.exact("x", Double(1))), "types differ")
  }

  @Test func distancesInUlps() {
    func ulps(_ a: Float, _ b: Float) -> UInt64? { GoldenValue.exact("x", a).ulps(to: .exact("x", b)) }
    #expect(ulps(1, Float(1).nextUp) == 1 && ulps(-1, Float(-1).nextUp) == 1)
    #expect(ulps(0, -0) == 0)
    #expect(ulps(-.leastNonzeroMagnitude, .leastNonzeroMagnitude) == 2)
    #expect(ulps(.nan, 1) == nil && ulps(.infinity, 1) == nil)
    #expect(GoldenValue.exact("x", 1.0).ulps(to: .exact("x", (1.0).nextDown)) == 1)
  }

  @Test func anEditedFileIsRefused() throws {
    let golden = Self.decay(0.75)
    let record = GoldenRecord(reason: "r", provenance: golden.provenance, values: try golden.compute())
    let text = record.json.canonical(pretty: true)
    #expect(try GoldenRecord(json: JSON(parsing: Data(text.utf8), file: "f"), file: "f") == record)
    func error(_ edits: [(String, String)]) throws -> String {
      let edited = edits.reduce(text) { $0.replacing($1.0, with: $1.1) }
      #expect(edited != text)
      let error = try #require(throws: DataError.self) {
        try GoldenRecord(json: JSON(parsing: Data(edited.utf8), file: "f.json"), file: "f.json")
      }
      #expect(!error.description.contains("\n"))
      return error.description
    }
    // The bits alone contradict their decimal; both together, the chain.
    #expect(try error([("0x3f600000", "0x3f600001")]).contains("0.875"))
    #expect(try error([("0x3f600000", "0x3f600001"), ("0.875", "0.8750000596046448")]).contains("chain"))
  }

  @Test func acceptingNeedsAReason() throws {
    try Self.withStore { store in
      #expect(throws: BaselineRefusal.noReason) { try store.accept(Self.decay(0.75), reason: " ") }
      #expect(!FileManager.default.fileExists(atPath: store.root.path))
    }
  }
}
