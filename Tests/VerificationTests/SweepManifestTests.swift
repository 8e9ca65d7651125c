@testable import EscapementExperiments
@testable import EscapementDrawing
import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

@Suite("Plans of sweeps")
struct SweepManifestTests {
  private func rows(_ presets: [String] = ["fixture/ce", "fixture/ce-drw-sam"], seeds: Range<UInt64> = 0..<3)
    throws -> [SweepRow]
  {
    try presets.flatMap { name in
      try seeds.map { seed in
        var recipe = try Recipe.preset(name)
        recipe.seed = seed
        return SweepRow(recipe: recipe)
      }
    }
  }

  private func reread(_ manifest: SweepManifest, csv: String? = nil, record: JSON? = nil) throws
    -> SweepManifest
  {
    try SweepManifest(
      parsing: Data((csv ?? manifest.csv).utf8), file: "sweep.csv",
      record: JSONCursor(record ?? manifest.record, file: "sweep.csv.json"))
  }

  @Test("CSV comes back as it was, whatever its fields hold")
  func csvRoundTrip() throws {
    let atoms = ["", "a", ",", "\"", "\r\n", "\n", "é", " "]
    for first in atoms {
      for second in atoms {
        for third in atoms {
          let records = [[first + second, third], [second, third + first]]
          let text = CSVText.text(of: records)
          #expect(try CSVText(parsing: Data(text.utf8), file: "t").records.map(\.fields) == records)
        }
      }
    }
    let lines = try CSVText(parsing: Data("a,\"b\nc\"\nd,e".utf8), file: "t").records
    #expect(lines == [.init(line: 1, fields: ["a", "b\nc"]), .init(line: 3, fields: ["d", "e"])])
  }

  @Test(
    "malformed CSV is refused with its line",
    arguments: [
      ("a,b\r\nc\r\n", "line 2"), ("a\r\n\"b\r\n", "line 2"), ("a\r\nb\"c\r\n", "line 2"),
      ("\"a\"b\r\n", "line 1"), ("a\rb\r\n", "line 1"), ("\"a\nb\"\n\"", "line 3"),
      (String(repeating: ",", count: 1000), "line 1"),
    ])
  func csvFaults(text: String, place: String) {
    #expect {
      try CSVText(parsing: Data(text.utf8), file: "t")
    } throws: {
      "\($0)".contains("t: \(place):")
    }
    #expect(throws: DataError.self) { try CSVText(parsing: Data([0x61, 0xFF, 0x0A]), file: "t") }
  }

  @Test("any bytes are read or refused, none trap")
  func csvSurvives() throws {
    let alphabet: [UInt8] = [0x61, 0x2C, 0x22, 0x0A, 0x0D, 0x80]
    var accepted = 0
    for length in 0...5 {
      var digits = [Int](repeating: 0, count: length)
      while true {
        if (try? CSVText(parsing: Data(digits.map { alphabet[$0] }), file: "t")) != nil { accepted += 1 }
        guard let place = digits.firstIndex(where: { $0 < alphabet.count - 1 }) else { break }
        for lower in 0..<place { digits[lower] = 0 }
        digits[place] += 1
      }
    }
    #expect(accepted > 100 && accepted < 9331)
  }

  @Test("a quote under a combining accent is doubled like any other")
  func accents() throws {
    let records = [["a\"\u{301},b", "c"]]
    let text = CSVText.text(of: records)
    #expect(text == "\"a\"\"\u{301},b\",c\r\n")
    #expect(try CSVText(parsing: Data(text.utf8), file: "t").records.map(\.fields) == records)
  }

  @Test("a plan comes back; its runs have the names of evidence")
  func roundTrip() throws {
    var planned = try rows()
    planned[1].spectra = try SpectrumPlan(parsing: "9@5,all,0")
    planned[2].testTime = .flip
    let manifest = try SweepManifest(planned, version: "v")
    #expect(try reread(manifest) == manifest)
    #expect(manifest.rows[1].spectra?.text == "0,9@5,all")
    try ScratchFolder.with { folder in
      let run = try SyntheticRun("fixture/ce-drw-sam", seed: 2)
      let recorded = try RecordedRun(try run.write(in: folder, as: "run"))
      #expect(manifest.rows[5].id == recorded.storedName)
      #expect(manifest.rows[2].id.hasSuffix("-seed2") && manifest.rows[2].id != manifest.rows[1].id)
    }
  }

  @Test("a run is planned once; what is measured along it is what either row asks for")
  func duplicates() throws {
    var twice = try rows(["fixture/ce"], seeds: 0..<2)
    twice += twice
    twice[0].spectra = try SpectrumPlan(parsing: "0@4,7,8@3")
    twice[2].spectra = try SpectrumPlan(parsing: "9,0@6,7@2,8")
    let manifest = try SweepManifest(twice, version: "v")
    #expect(manifest.rows.count == 2)
    #expect(manifest.rows[0].spectra?.text == "0@2,7@2,8@3,9")
    #expect(throws: DataError.self) { try SweepManifest([], version: "v") }
  }

  @Test("a changed row is refused with its line")
  func tampering() throws {
    let manifest = try SweepManifest(try rows(), version: "v")
    let csv = manifest.csv
    let changes: [(from: String, to: String, mention: String)] = [
      ("\"\"momentum\"\":0.9", "\"\"momentum\"\":0.8", "line 2, run"),
      ("\"\"seed\"\":\"\"2\"\"", "\"\"seed\"\":\"\"3\"\"", "line 4, run"),
      ("3,", "9,", "line 5, index"), ("none", "flip", "line 2, run"), ("none", "both", "line 2, test_time"),
      ("\"\"epochs\"\":10", "\"\"epochs\"\":1000000000", "line 2, recipe"),
      ("\"\"batch_size\"\":32", "\"\"batch_size\"\":0", "line 2, recipe"),
      ("\"\"batch_size\"\":32", "\"\"batch_size\"\": 32", "another spelling"),
      (",none,,", ",none,x,", "line 2, spectra"), (",none,,", ",none,@5,", "line 2, spectra"),
      (",none,,", ",none,9@,", "line 2, spectra"), (",none,,", ",none,9@0,", "line 2, spectra"),
      (",none,,", ",none,-1,", "line 2, spectra"), (",none,,", ",none,\"0,0@5\",", "line 2, spectra"),
      (",none,,", ",none,\"9,0\",", "another spelling"),
      // The spectra are in no hash of a run, but in that of the rows.
      (",none,,", ",none,\"0,9@5\",", "SHA-256"), ("index", "indes", "line 1"),
    ]
    for change in changes {
      // The first place behind a line's beginning for an index, the first anywhere for the others.
      let place = try #require(
        change.from == "3," ? csv.range(of: "\r\n3,") : csv.range(of: change.from), "\(change)")
      let text = csv.replacingCharacters(
        in: place, with: change.from == "3," ? "\r\n9," : change.to)
      #expect {
        try reread(manifest, csv: text)
      } throws: {
        "\($0)".contains(change.mention) && ($0 as? DataError)?.exitCode == 65
      }
    }
    let lines = csv.components(separatedBy: "\r\n")
    let repeated = (lines[0...1] + [lines[1].replacing("0,", with: "1,", maxReplacements: 1)]).joined(
      separator: "\r\n")
    #expect {
      try reread(manifest, csv: repeated)
    } throws: {
      "\($0)".contains("a second time")
    }
    for (key, value): (String, JSON) in [("schema", 2), ("rows_sha256", "00"), ("version", 1)] {
      var record = try #require(manifest.record.object)
      record[key] = value
      #expect(throws: DataError.self) { try reread(manifest, record: .object(record)) }
    }
  }

  @Test("a plan with the line ends or the mark of git and editors is the same plan, and is not written over")
  func lineEnds() throws {
    try ScratchFolder.with { url in
      let manifest = try SweepManifest(try rows(["fixture/ce"], seeds: 0..<2), version: "v")
      let file = url.appendingPathComponent("sweep.csv")
      #expect(try manifest.write(to: file) == .written)
      let mark = "\u{FEFF}"
      for text in [manifest.csv.replacing("\r\n", with: "\n"), mark + manifest.csv, manifest.csv] {
        for record in ["", mark] {
          try Data(text.utf8).write(to: file)
          let place = SweepManifest.recordPlace(of: file)
          let crossed =
            record + (manifest.record.canonical(pretty: true) + "\n").replacing("\n", with: "\r\n")
          try Data(crossed.utf8).write(to: place)
          #expect(try SweepManifest(contentsOf: file) == manifest)
          #expect(try manifest.write(to: file) == .present)
        }
      }
      try Data(manifest.csv.replacing("\r\n", with: "\r\r\n").utf8).write(to: file)
      #expect(throws: DataError.self) { try SweepManifest(contentsOf: file) }
      // Rows beside the record of others are not taken for a whole plan.
      try Data(manifest.csv.utf8).write(to: file)
      let other = try SweepManifest(try rows(["fixture/ce"], seeds: 0..<3), version: "v")
      try AtomicFile.write(other.record, to: SweepManifest.recordPlace(of: file))
      #expect(throws: DataError.self) { try manifest.write(to: file) }
    }
  }

  @Test("a flipped bit in a plan is noticed, wherever it is")
  func flippedBits() throws {
    let manifest = try SweepManifest(try rows(["fixture/ce"], seeds: 0..<1), version: "v")
    let record = JSONCursor(manifest.record, file: "sweep.csv.json")
    var bytes = Data(manifest.csv.utf8)
    for place in bytes.indices {
      let bit: UInt8 = 1 << (place % 8)
      bytes[place] ^= bit
      #expect(throws: DataError.self, "byte \(place)") {
        try SweepManifest(parsing: bytes, file: "sweep.csv", record: record)
      }
      bytes[place] ^= bit
    }
    for length in 0..<bytes.count {
      #expect(throws: DataError.self, "\(length) bytes") {
        try SweepManifest(parsing: bytes.prefix(length), file: "sweep.csv", record: record)
      }
    }
  }

  @Test("a plan is written once, and never over another")
  func freezing() throws {
    try ScratchFolder.with { folder in
      let place = folder.appendingPathComponent("sweep.csv")
      let manifest = try SweepManifest(try rows(), version: "v")
      #expect(throws: MissingError.self) { try SweepManifest(contentsOf: place) }
      #expect(try manifest.write(to: place) == .written)
      #expect(try manifest.write(to: place) == .present)
      #expect(try SweepManifest(contentsOf: place) == manifest)
      let other = try SweepManifest(try rows(seeds: 0..<4), version: "v")
      #expect(throws: DataError.self) { try other.write(to: place) }
      #expect(try SweepManifest(contentsOf: place) == manifest)
      // What an interruption between the two files leaves is mended by the same plan.
      try FileManager.default.removeItem(at: SweepManifest.recordPlace(of: place))
      #expect(throws: MissingError.self) { try SweepManifest(contentsOf: place) }
      #expect(try manifest.write(to: place) == .written)
      #expect(try SweepManifest(contentsOf: place) == manifest)
    }
  }

  @Test("the runs that claims lack are rows of a sweep")
  func claims() throws {
    let claims = try ClaimCatalog.standard.selecting(ids: [], tiers: Set(Tier.allCases))
    let plan = VerificationPlan(claims, archive: RunArchive())
    #expect(plan.rows.count == plan.missingRuns)
    #expect(
      plan.rows.contains { $0.spectra?.subjects.last?.label == .some(nil) }
        && plan.rows.contains { $0.spectra == nil })
    #expect(try SweepManifest(plan.rows, version: "v").rows.count <= plan.rows.count)
    let requests = plan.requests.flatMap { request in request.missing.map { (request, $0) } }
    for (row, (request, seed)) in zip(plan.rows, requests) {
      #expect(row.recipe.seed == seed && row.recipe.preset == request.preset.name)
      #expect(row.spectra == request.spectra)
    }
  }
}

/// A folder that goes after the test.
enum ScratchFolder {
  static func with<R>(_ body: (URL) throws -> R) throws -> R {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try body(directory.url)
  }
}
