@testable import EscapementGoldens
import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The numeric contract of what is on record, and comparisons across two of them.
@Suite struct ContractTests {
  private static let direct = NumericContract("2 direct")!

  /// A file as it was before files stated their contract.
  private static func without(_ json: JSON) throws -> JSON {
    var members = try #require(json.object)
    #expect(members.removeValue(forKey: NumericContract.key) != nil)
    return .object(members)
  }

  @Test func recordsKeepIt() throws {
    for way in [EK_CONVOLUTION_WINOGRAD, EK_CONVOLUTION_DIRECT] {
      try convolving(way) {
        let record = GoldenRecord(reason: "r", provenance: [:], values: [.integer("n", 1)])
        #expect(record.contract == .current)
        let back = try GoldenRecord(json: record.json, file: "f")
        #expect(back == record && back.contract == .current)
        let old = try GoldenRecord(json: Self.without(record.json), file: "f")
        #expect(old.contract == .first && old.chain == record.chain, "it is no part of the values")
        let baseline = Baseline(entries: [:], reason: "r")
        #expect(try Baseline(json: baseline.json, file: "f") == baseline)
        #expect(try Baseline(json: Self.without(baseline.json), file: "f").contract == .first)
      }
    }
    for hostile in [JSON.integer(2), "", "two", "2 \n", .array(["2"])] {
      var members = try #require(GoldenRecord(reason: "r", provenance: [:], values: []).json.object)
      members[NumericContract.key] = hostile
      let error = try #require(throws: DataError.self) {
        try GoldenRecord(json: .object(members), file: "f.json")
      }
      #expect(error.place == "contract" && !error.description.contains("\n"))
    }
  }

  /// One line, whatever the values, and no ladder; within one contract the values decide.
  @Test func aGoldenOfAnotherContractIsNotCompared() throws {
    let record = try GoldenRecord(
      json: Self.without(
        GoldenRecord(reason: "r", provenance: ["data": "a"], values: GoldenFailureTests.values).json),
      file: "f")
    try convolving(EK_CONVOLUTION_WINOGRAD) {
      for (values, provenance) in [(GoldenFailureTests.values, "a"), ([.integer("other", 1)], "b")] {
        let comparison = try #require(
          GoldenComparison(values, provenance: ["data": provenance], with: record))
        #expect(
          comparison.lines == [
            "another contract: the record was made under contract 1, this is contract 2"
          ])
        #expect(comparison.otherContract == .first && comparison.first.name == "contract")
      }
      #expect(
        GoldenComparison(
          GoldenFailureTests.values, provenance: ["data": "a"], with: GoldenFailureTests.record) == nil)
    }
    convolving(EK_CONVOLUTION_DIRECT) {
      let lines = GoldenComparison(
        GoldenFailureTests.values, provenance: ["data": "a"], with: GoldenFailureTests.record)?.lines
      #expect(lines == ["another contract: the record was made under contract 2, this is contract 2 direct"])
    }
  }

  /// What is accepted under another contract says so, and is compared from then on.
  @Test func acceptanceNamesBoth() throws {
    try GoldenTests.withStore { store in
      let golden = GoldenTests.decay(0.75)
      try convolving(EK_CONVOLUTION_DIRECT) { _ = try store.accept(golden, reason: "first") }
      try convolving(EK_CONVOLUTION_WINOGRAD) {
        let outcome = try store.check(golden)
        #expect(!outcome.agrees, "the values are the same ones, and the record is not of this contract")
        let again = try store.accept(golden, reason: "contract 2")
        #expect(again.accepted?.what == "of 33 values: contract 2 direct to 2")
        #expect(try store.check(golden) == .same(count: 33))
      }
    }
  }

  /// The contracts stand above everything else that differs.
  @Test func runsOfTwoContracts() throws {
    try RunComparisonTests.inDirectory { directory in
      let a = try convolving(EK_CONVOLUTION_WINOGRAD) { try RunComparisonTests.run(in: directory, "a") }
      let b = try convolving(EK_CONVOLUTION_DIRECT) { try RunComparisonTests.run(in: directory, "b") }
      let comparison = try RunComparison(a, b)
      #expect(comparison.contracts.left.description == "2" && comparison.contracts.right == Self.direct)
      #expect(
        comparison.lines.first
          == "contracts: A was computed under 2, B under 2 direct: that alone makes their bits differ")
      #expect(!comparison.agrees && comparison.lines.last == "different")
      #expect(comparison.records.isEmpty, "it is told once")
      #expect(comparison.json["contracts"] == ["2", "2 direct"] && comparison.json["same"] == false)
      #expect(try RunComparison(a, a).lines.first == "records:")
      // A run of a release that stated none.
      var fields = try #require(Self.without(JSON(contentsOf: b.record)).object)
      fields[SealedJSON.key] = nil
      try AtomicFile.write(SealedJSON.sealed(.object(fields)), to: b.record)
      try Sealing.close(b)
      #expect(
        try RunComparison(b, a).lines.first?.hasPrefix("contracts: A was computed under 1, B under 2:")
          == true)
    }
  }

  /// Two runs that differ in their contract alone share a seed: they are one sample, and no contradiction.
  @Test func theNewerOfTwoRunsCounts() throws {
    try RunArchiveTests.withFolder { folder in
      var run = try SyntheticRun("fixture/ce", seed: 0)
      for (name, contract) in [("a", nil), ("b", "2"), ("c", "2 direct"), ("d", "2")] {
        run.contract = contract
        run.salt = contract ?? ""
        try run.write(in: folder, as: name)
      }
      let archive = try RunArchive(reading: [folder])
      #expect(
        archive.entries.map(\.standing.text) == [
          "not counted: b is the same run under contract 2", "counts for fixture/ce",
          "not counted: b is the same run under contract 2", "not counted: the same run as b",
        ])
      #expect(archive.runs(of: RunSelection("fixture/ce")).map(\.contract.description) == ["2"])
      // Within one contract two runs must agree, the older ones too.
      run.contract = nil
      run.salt = "other"
      try run.write(in: folder, as: "e")
      let error = try #require(throws: DataError.self) { try RunArchive(reading: [folder]) }
      #expect(error.file.hasSuffix("/e") && error.expected.contains("/a, a run of the same"))
      // A folder of evidence holds one run of a recipe and a seed.
      let store = EvidenceFolder(folder.appendingPathComponent("kept"))
      _ = try store.add(RunDirectory(folder.appendingPathComponent("b")))
      let refusal = try #require(throws: DataError.self) {
        try store.add(RunDirectory(folder.appendingPathComponent("a")))
      }
      #expect(refusal.found == "numeric contract 1 where it has 2")
    }
  }

  /// Seeds trained under different contracts are samples of one method; verdict and page name the contracts.
  @Test func evidenceOfTwoContractsIsUsedTogether() throws {
    try RunArchiveTests.withFolder { folder in
      let data = "cifar10-lt100"
      for (method, tail) in [("ce-drw", 50), ("ce-drw-sam", 60)] {
        for seed in 0..<5 {
          var run = try SyntheticRun(
            "\(data)/\(method)", seed: UInt64(seed), accuracy: 80,
            tail: tail + (method == "ce-drw" ? seed % 3 : seed % 2))
          run.contract = seed < 2 ? nil : "2"
          try run.write(in: folder, as: "\(method)-\(seed)")
        }
      }
      let archive = try RunArchive(reading: [folder])
      let question = RunQuestion.exceeds(
        RunQuantity("\(data)/ce-drw-sam", .tail), RunQuantity("\(data)/ce-drw", .tail))
      let family = RunFamily(
        name: "f",
        statements: [
          RunFamilyTests.statement("X1", [question])
        ])
      let verdict = try family.claims[0].judge(ClaimContext(runs: archive))
      #expect(
        verdict.outcome == .supported && verdict.details.contains("numeric contracts of the runs: 1, 2"))
      let page = RunReport(archive, dynamics: [], exhibits: .none).html()
      #expect(page.contains("under the numeric contracts 1, 2:"))
    }
  }

  /// Every file of an export names the contract, and the reader's rule can hold.
  @Test func vectorsNameIt() throws {
    try RunArchiveTests.withFolder { folder in
      let cases = try ConformanceCatalog.selecting(["quadratic.sgd"])
      try convolving(EK_CONVOLUTION_DIRECT) { try ConformanceExport(cases: cases).write(to: folder) }
      for name in ["index", "quadratic", "quadratic.sgd"] {
        let file = try JSON(contentsOf: folder.appendingPathComponent("\(name).json"))
        #expect(file["contract"] == "2 direct", "\(name)")
      }
    }
  }

  @Test func reportsNameIt() throws {
    let baseline = Baseline(entries: [:], reason: "r", contract: .first)
    let record = try convolving(EK_CONVOLUTION_DIRECT) {
      try Verifier(catalog: SyntheticRecord.catalog, baseline: baseline).verify(ids: ["A1"])
    }
    let line = "numeric contract 2 direct; the verdicts on record were reached under contract 1"
    for text in [record.text(), record.markdown(), record.html()] { #expect(text.contains(line)) }
    #expect(record.json()["contract"] == "2 direct" && record.json()["compared_contract"] == "1")
    #expect(try baseline.accepting(record, reason: "s").contract == Self.direct)
  }
}
