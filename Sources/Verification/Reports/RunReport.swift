import EscapementExperiments
import EscapementStatistics
import EscapementDrawing
import EscapementArtifacts
import EscapementTraining

/// A page about runs: their accuracies compared with the papers', their course over the epochs, the curvature, recipes
/// and digests.
package struct RunReport: Sendable {
  /// The largest number of runs in one drawing; more runs have further drawings on the same axes.
  package static let drawn = 6

  private let entries: [RunArchive.Entry]
  private let dynamics: [SpectrumDynamics]
  private let exhibits: ReportExhibits

  /// A report on the runs of an archive, including damaged ones; `dynamics` are those of the runs that have spectra.
  package init(_ archive: RunArchive, dynamics: [SpectrumDynamics], exhibits: ReportExhibits) {
    (entries, self.dynamics, self.exhibits) = (archive.entries, dynamics, exhibits)
  }

  /// One self-contained page.
  package func html(origin: ReportOrigin = .current) -> String {
    let runs = entries.compactMap(\.run)
    let contracts = Set(runs.map(\.contract)).sorted()
    var page = ReportPage(
      title: "Escapement: runs", heading: "Runs", origin: origin,
      contract: contracts.isEmpty ? "none" : contracts.map(\.description).joined(separator: ", "))
    page.add(Self.seeds(runs))
    page.add("<h2>Each run</h2>")
    page.add(
      ReportPage.table(
        [
          "method", "seed", "epochs", "accuracy", "head", "mid", "tail", "best", "images", "contract",
          "directory",
        ], entries.map(Self.row), style: "runs"))
    let counted = entries.count { $0.standing.isCounted }
    page.add(
      "<p class=\"soft\">Percent of test images after the last epoch; best: the epoch with the highest accuracy, "
        + "which is chosen on the test images. \(counted) of \(entries.count) runs count as evidence.</p>",
      "<ul>")
    page.add(
      entries.filter { $0.standing != .counts(as: [$0.run?.recipe.preset ?? ""]) }.map {
        "<li>\(Markup.escape($0.run?.title ?? $0.directory.lastPathComponent)): \(Markup.escape($0.standing.text))</li>"
      })
    page.add("</ul>")
    let selections = runs.compactMap(Self.selection)
    if !selections.isEmpty {
      page.add("<h2>Selected epochs</h2>")
      page.add(
        ReportPage.table(
          ["method", "seed", "best of every", "epoch", "accuracy", "head", "mid", "tail"], selections,
          style: "runs"))
      page.add(
        "<p class=\"soft\">Of every n-th epoch, the first with the highest mean per-class test accuracy, as the released "
          + "code reports it. It is chosen on the test images, so its accuracy is biased upwards.</p>")
    }
    if contracts.count > 1 {
      page.add(
        "<p>These runs were trained under the numeric contracts \(contracts.map(\.description).joined(separator: ", ")): "
          + "their figures are samples of the same methods, their bits do not compare.</p>")
    }
    let courses = Self.parts(of: runs).compactMap { part in
      CourseFigure.draw(
        part.members.map { ($0.title, $0) }, among: runs, title: "Accuracy\(part.words)")
    }
    if !courses.isEmpty { page.add("<h2>Course</h2>") }
    page.add(courses)
    if !exhibits.accuracies.isEmpty {
      page.add("<h2>Beside the papers' tables</h2>")
      page.add(exhibits.accuracies)
    }
    addCurvature(to: &page)
    exhibits.addSpectra(to: &page)
    page.add("<h2>Recipes and digests</h2>")
    for run in runs { page.add(Self.details(run)) }
    return page.html
  }

  /// Mean and standard deviation over the seeds of each method, of finished runs.
  private static func seeds(_ runs: [RecordedRun]) -> [String] {
    var groups: [(key: [String], runs: [RecordedRun])] = []
    for run in runs where run.state == .finished {
      let key = [run.recipeDigest.hex, run.dataName, run.isPublished ? "published" : "other"]
      if let place = groups.firstIndex(where: { $0.key == key }) {
        groups[place].runs.append(run)
      } else {
        groups.append((key, [run]))
      }
    }
    guard !groups.isEmpty else { return [] }
    let rows = groups.map { group in
      let cells = [RunMetric.accuracy, .head, .mid, .tail].map { metric -> String in
        // A seed counts once, whatever number of copies or contracts there is of it.
        var values: [UInt64: Double] = [:]
        for run in group.runs { values[run.recipe.seed] = run.epochs.last?.figures[metric] }
        return Self.text(values.keys.sorted().compactMap { values[$0] })
      }
      let count = Set(group.runs.map(\.recipe.seed)).count
      return [Markup.escape(group.runs[0].method), "\(count)"] + cells + [group.key[2]]
    }
    return ["<h2>Over seeds</h2>"]
      + ReportPage.table(
        ["method", "seeds", "accuracy", "head", "mid", "tail", "images"], rows, style: "runs")
      + [
        "<p class=\"soft\">Percent of test images after the last epoch: mean over n seeds ± their standard deviation "
          + "(divisor n − 1). One seed has none.</p>"
      ]
  }

  /// "71.00 ± 1.00", or the value alone of a single seed.
  private static func text(_ values: [Double]) -> String {
    guard !values.isEmpty else { return "–" }
    let mean = MeanEstimate(values)
    let spread = mean.standardDeviation.map { " ± " + NumberText.coordinate($0) } ?? ""
    return NumberText.coordinate(mean.mean) + spread
  }

  /// Parts of at most `drawn` members, each with " (7 to 12 of 13)" if there are several.
  private static func parts<Member>(of all: [Member]) -> [(members: [Member], words: String)] {
    stride(from: 0, to: all.count, by: drawn).map { first in
      let last = min(first + drawn, all.count)
      let words = all.count > drawn ? ", runs \(first + 1) to \(last) of \(all.count)" : ""
      return (Array(all[first..<last]), words)
    }
  }

  /// The curvature of every class; those between the first and the last are folded if there are many.
  private func addCurvature(to page: inout ReportPage) {
    let classes = Set(dynamics.flatMap { $0.classes.map(\.label) }).sorted()
    guard let first = classes.first, let last = classes.last else { return }
    func figures(_ labels: [Int]) -> [Figure] {
      labels.flatMap { label in
        let measured = dynamics.filter { $0.classes.contains { $0.label == label } }
        return Self.parts(of: measured).map { part in
          DynamicsFigure.draw(
            part.members, classes: [label], title: "Curvature of class \(label)\(part.words)",
            comparedWith: dynamics)
        }
      }
    }
    page.add("<h2>Curvature along training</h2>")
    guard classes.count > DynamicsFigure.classLimit else { return page.add(figures(classes)) }
    page.add(figures([first, last]))
    page.add("<details>", "<summary>The other \(classes.count - 2) classes</summary>")
    page.add(figures(classes.filter { $0 != first && $0 != last }))
    page.add("</details>")
  }

  private static func row(_ entry: RunArchive.Entry) -> [String] {
    guard let run = entry.run else {
      return ["damaged"] + Array(repeating: "", count: 9) + [Markup.escape(entry.directory.lastPathComponent)]
    }
    let last = run.epochs.last
    return [
      Markup.escape(run.method), "\(run.recipe.seed)", run.progress,
      percent(last, .accuracy), percent(last, .head), percent(last, .mid), percent(last, .tail),
      percent(run.best, .accuracy), run.isPublished ? "published" : "other",
      "\(run.contract)", Markup.escape(entry.directory.lastPathComponent),
    ]
  }

  private static func percent(_ epoch: RecordedEpoch?, _ metric: RunMetric) -> String {
    epoch?.figures[metric].map(NumberText.coordinate) ?? "–"
  }

  /// The figures of the epoch that a run selects; nil if it selects none.
  private static func selection(_ run: RecordedRun) -> [String]? {
    run.selected.map { epoch in
      [
        Markup.escape(run.method), "\(run.recipe.seed)", "\(run.selectEvery)", "\(epoch.epoch + 1)",
      ] + RunMetric.allAccuracies.map { percent(epoch, $0) }
    }
  }

  private static func details(_ run: RecordedRun) -> [String] {
    let pairs: [(String, String)] = [
      ("method", run.recipe.method), ("run", run.digest?.hex ?? "no epoch ended"),
      ("recipe", run.recipeDigest.hex), ("test images", run.testTime.rawValue),
      ("version", run.version ?? "not recorded"), ("numeric contract", "\(run.contract)"),
      ("data", run.data.canonical(pretty: true)),
      ("values", run.recipe.json.canonical(pretty: true)),
    ]
    let lines = pairs.map { name, text in
      let isLong = text.contains("\n")
      return
        "<dt>\(name)</dt><dd>\(isLong ? "<pre>" : "<code>")\(Markup.escape(text))\(isLong ? "</pre>" : "</code>")</dd>"
    }
    return ["<details>", "<summary>\(Markup.escape(run.title))</summary>", "<dl>"] + lines + [
      "</dl>", "</details>",
    ]
  }
}
