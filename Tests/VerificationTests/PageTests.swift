import EscapementDrawing
@testable import EscapementExperiments
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The HTML reports, read back.
@Suite struct PageTests {
  /// Identifiers are unique, links inside lead somewhere, and nothing comes from elsewhere.
  static func check(_ page: String) throws -> ReadMarkup {
    let read = try ReadMarkup(page)
    let ids = read.elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    for element in read.elements {
      for (name, value) in element.attributes {
        if name == "href" {
          #expect(value.hasPrefix("#") && ids.contains(String(value.dropFirst())), "\(value)")
        }
        if name == "clip-path" { #expect(ids.contains(String(value.dropFirst(5).dropLast())), "\(value)") }
        #expect(name == "xmlns" || !value.contains("://"), "\(name)=\(value)")
        #expect(!name.hasPrefix("on") && name != "src", "\(name)")
      }
      #expect(!["script", "link", "img", "iframe", "object"].contains(element.name))
    }
    #expect(!read.text("style").contains("url(") && !read.text("style").contains("@import"))
    return read
  }

  @Test func verdicts() throws {
    let page = try Self.check(ReportTests.record().html())
    #expect(
      page.all("li").map(\.text) == [
        "1supported", "1conditional", "1refuted", "B10: on record supported, now refuted",
      ])
    #expect(page.count("details") == 3 && page.count("summary") == 3)
    #expect(page.all("q").map(\.text) == ["A1", "A2", "B10"].map { "“words of \($0) & <more>”" })
    let summary = page.all("summary")[1].text
    #expect(summary.contains("Statement of A2 with <tags> & a | bar.") && summary.contains("Only if x > 2."))
    #expect(summary.contains("value 0.25"))
  }

  /// Every claim of the catalog is on the page once, in its section; what was not run is folded away with its reason.
  @Test func theCatalog() throws {
    let record = VerificationRecord(
      entries: ClaimCatalog.standard.claims.map { claim in
        VerificationRecord.Entry(
          claim: claim,
          verdict: !claim.tier.waitsForRuns
            ? SyntheticRecord.verdict(0.25, .supported)
            : Verdict(outcome: .notRun("no runs of it"), measurements: [], summary: "5 seeds"),
          provenance: Provenance(variant: claim.variant, seed: 1, procedureVersion: 1))
      }, changes: [], compared: true)
    let page = try Self.check(record.html())
    #expect(
      page.all("h2").map(\.text) == record.kinds.map(\.heading) + [
        "Code, procedure, result", "Theory", "Hessian", "Data and method", "Printed tables",
        "Contrasts at fixture scale", "Runs",
      ])
    let families = page.all("h4").map(\.text)
    #expect(families.first == "rows of the accuracy tables")
    for family in RunFamily.all where family.statements.count > 1 {
      #expect(families.contains(family.name) || family.claims.allSatisfy { $0.leaf == .accuracies })
    }
    // Under a section the claims of each kind stand below a heading of their own.
    #expect(Set(page.all("h3").map(\.text)) == Set(record.kinds.map(\.heading)))
    let judged = record.entries.filter { !$0.claim.tier.waitsForRuns }
    for entry in judged {
      #expect(page.elements.count { $0.attributes["id"] == entry.claim.id } == 1, "\(entry.claim.id)")
    }
    let folded = page.all("b").map(\.text).filter { Int($0) == nil }
    #expect(folded.sorted() == record.entries.filter { $0.claim.tier.waitsForRuns }.map(\.claim.id).sorted())
    // The tallies of the first screen are those of the sections together, kind by kind.
    let rows = page.all("tr").prefix { $0.text != "reason" }.dropFirst()
    let counts = record.kinds.flatMap { kind in
      record.tally(of: kind).map { "\($0.count)\($0.outcome)" }
    }
    #expect(rows.count >= 5 && page.all("li").map(\.text) == counts && record.kinds.count == 3)
    let sums = record.kinds.flatMap { record.tally(of: $0).map(\.count) }
    #expect(sums.reduce(0, +) == record.entries.count)
    #expect(page.count("svg") == 4, "three claims with a figure, and the plane of the factor")
  }

  /// Points of runs and of the paper stand where their values are.
  @Test func accuraciesBesideThePrinted() throws {
    try RunArchiveTests.withFolder { folder in
      for seed in 0..<3 {
        try SyntheticRun("cifar10-lt100/ce-drw", seed: UInt64(seed), accuracy: 70 + seed)
          .write(in: folder, as: "run-\(seed)")
      }
      let runs = try RunArchive(reading: [folder]).counted
      let figures = AccuracyFigure.all(runs)
      #expect(figures.count == 4, "accuracy, head, mid and tail")
      let printed = try #require(
        PublishedTable.posterResults.rows.first { $0.preset == "cifar10-lt100/ce-drw" })
      let mean = try #require(printed[.accuracy])
      // The series' names hold a comma; the last four fields are x, y and two limits.
      func values(_ series: String) -> [Double] {
        figures[0].csv.split(separator: "\r\n").filter { $0.contains(", \(series)\",point") }.compactMap {
          Double($0.split(separator: ",", omittingEmptySubsequences: false).suffix(4).first ?? "")
        }
      }
      #expect(values("runs").sorted() == [70, 71, 72])
      #expect(values("printed") == [mean])
      let exhibits = try ReportExhibits(runs: runs, spectra: [])
      let page = try Self.check(
        VerificationRecord(
          entries: Verifier(context: ClaimContext(), baseline: nil).verify(tiers: [.paper]).entries,
          changes: [], compared: false
        ).html(with: exhibits))
      #expect(page.count("svg") == 4)
    }
  }

  /// Runs of one preset with another radius have names of their own, means are over the seeds of each, and the thirteenth
  /// run is drawn like the first.
  @Test func methodsAndSeeds() throws {
    try RunArchiveTests.withFolder { folder in
      for seed in 0..<3 {
        var run = try SyntheticRun("fixture/ce-drw-sam", seed: UInt64(seed), accuracy: 60 + seed)
        try run.write(in: folder, as: "own-\(seed)")
        run.recipe.optimizer = try #require(run.recipe.optimizer.with(rho: 0.25))
        try run.write(in: folder, as: "radius-\(seed)")
      }
      for seed in 3..<10 {
        try SyntheticRun("fixture/ce-drw-sam", seed: UInt64(seed), accuracy: 60 + seed)
          .write(in: folder, as: "z-\(seed)")
      }
      let archive = try RunArchive(reading: [folder])
      let page = try Self.check(RunReport(archive, dynamics: [], exhibits: .none).html())
      let cells = page.all("td").map(\.text)
      let changed = "fixture/ce-drw-sam, rho 0.25"
      let place = try #require(cells.firstIndex(of: changed))
      // Of 60, 61 and 62 percent in every class.
      #expect(cells[place + 1] == "3" && cells[place + 2] == "61.00 ± 1.00")
      #expect(cells.count { $0 == changed } == 4 && cells.contains("radius-2"))
      #expect(page.all("summary").map(\.text).contains("\(changed), seed 1 (radius-1)"))
      let titles = page.all("title").map(\.text).filter { $0.hasPrefix("Accuracy, runs") }
      #expect(
        titles == ["1 to 6", "7 to 12", "13 to 13"].map { "Accuracy, runs \($0) of 13" })
    }
  }

  /// Seeds under one label share a style and an entry of the legend; the table tells them apart.
  @Test func coursesOfOneLabel() throws {
    try RunArchiveTests.withFolder { folder in
      let runs = try ["SGD", "SGD", "SAM"].enumerated().map { index, label in
        let preset = label == "SAM" ? "fixture/ce-drw-sam" : "fixture/ce-drw"
        let run = try SyntheticRun(preset, seed: UInt64(index), accuracy: 60 + index)
        return (name: label, run: try RecordedRun(run.write(in: folder, as: "run-\(index)")))
      }
      let figure = try #require(CourseFigure.draw(runs, among: runs.map(\.run), title: "T"))
      let read = try ReadMarkup(figure.svg)
      #expect(
        read.all("text").count { $0.text == "SGD" } == 1 && read.all("text").count { $0.text == "SAM" } == 1)
      let ends = figure.csv.split(separator: "\r\n").filter {
        $0.hasPrefix("\"test accuracy, percent\"") && $0.contains(",point,")
      }
      #expect(
        ends.map { String($0.split(separator: ",point,")[0].split(separator: "percent\",")[1]) } == [
          "SGD", "\"SGD, run 2\"", "SAM",
        ])
      let colors = read.elements.filter { $0.name == "polyline" || $0.name == "path" }.compactMap {
        $0.attributes["stroke"]
      }
      #expect(
        Set(colors).isSuperset(of: SeriesStyle.colors.prefix(2)) && !colors.contains(SeriesStyle.colors[2]))
    }
  }

  @Test func runs() throws {
    try RunArchiveTests.withFolder { folder in
      var run = try SyntheticRun("fixture/ce-drw-sam", seed: 1, accuracy: 60, tail: 30)
      run.extraEvents = [
        run.spectrum(after: 9, [.init(label: 9, loss: 0.75, smallest: -2, largest: 8)])
      ]
      let directory = try run.write(in: folder, as: "a")
      try SyntheticRun("fixture/ce-drw", seed: 1).write(in: folder, as: "b<&>")
      try Data("x".utf8).write(to: folder.appendingPathComponent("b<&>/run.json"))
      let archive = try RunArchive(reading: [folder])
      let dynamics = try SpectrumDynamics(name: "a", run: directory)
      let report = RunReport(
        archive, dynamics: [dynamics], exhibits: try ReportExhibits(runs: archive.counted, spectra: []))
      let page = try Self.check(report.html())
      #expect(page.all("tr").count == 5)
      #expect(
        page.all("td").prefix(18).map(\.text) == [
          "fixture/ce-drw-sam", "1", "51.00", "60.00", "60.00", "30.00", "other",
          "fixture/ce-drw-sam", "1", "10/10", "51.00", "60.00", "60.00", "30.00", "51.00", "other",
          "1", "a",
        ])
      // Only what is not as its name says is listed.
      #expect(page.count("li") == 1 && page.all("p").contains { $0.text.contains("1 of 2 runs count") })
      #expect(page.all("li").map(\.text).last?.hasPrefix("b<&>: not counted: damaged") == true)
      #expect(page.count("svg") == 2, "course and curvature")
      let digest = try #require(archive.counted.first?.digest)
      #expect(page.all("code").map(\.text).contains(digest.hex))
    }
  }
}
