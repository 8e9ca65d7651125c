import EscapementExperiments
import EscapementDrawing
import EscapementArtifacts
import EscapementTraining

/// A page about runs: their accuracies compared with the papers', their course over the epochs, the curvature, recipes
/// and digests.
package struct RunReport: Sendable {
  /// The largest number of runs in one drawing. The first runs are drawn; the table contains all.
  package static let drawn = 6

  private let entries: [RunArchive.Entry]
  private let dynamics: [SpectrumDynamics]
  private let exhibits: ReportExhibits

  /// A report on the runs of an archive, including damaged ones; `dynamics` are those of the runs that have spectra.
  package init(_ archive: RunArchive, dynamics: [SpectrumDynamics], exhibits: ReportExhibits) {
    (entries, self.dynamics, self.exhibits) = (archive.entries, dynamics, exhibits)
  }

  /// One self-contained page.
  package func html() -> String {
    var page = ReportPage(title: "Escapement: runs")
    page.add("<h1>Runs</h1>")
    page.add(
      ReportPage.table(
        ["preset", "seed", "epochs", "accuracy", "head", "mid", "tail", "best", "images", "contract"],
        entries.map(Self.row), style: "runs"))
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
    let runs = entries.compactMap(\.run)
    let selections = runs.compactMap(Self.selection)
    if !selections.isEmpty {
      page.add("<h2>Selected epochs</h2>")
      page.add(
        ReportPage.table(
          ["preset", "seed", "best of every", "epoch", "accuracy", "head", "mid", "tail"], selections,
          style: "runs"))
      page.add(
        "<p class=\"soft\">Of every n-th epoch, the first with the highest mean per-class test accuracy, as the released "
          + "code reports it. It is chosen on the test images, so its accuracy is biased upwards.</p>")
    }
    let contracts = Set(runs.map(\.contract)).sorted()
    if contracts.count > 1 {
      page.add(
        "<p>These runs were trained under the numeric contracts \(contracts.map(\.description).joined(separator: ", ")): "
          + "their figures are samples of the same methods, their bits do not compare.</p>")
    }
    let shown = runs.prefix(Self.drawn).map { (name: $0.title, run: $0) }
    if let course = CourseFigure.draw(shown) {
      page.add("<h2>Course</h2>")
      page.add(course)
    }
    if runs.count > shown.count {
      page.add("<p class=\"soft\">Drawn: the first \(shown.count) of \(runs.count).</p>")
    }
    if !exhibits.accuracies.isEmpty {
      page.add("<h2>Beside the papers' tables</h2>")
      page.add(exhibits.accuracies)
    }
    let classes = Set(dynamics.flatMap { $0.classes.map(\.label) }).sorted()
    if let first = classes.first, let last = classes.last {
      page.add("<h2>Curvature along training</h2>")
      page.add(
        DynamicsFigure.draw(
          dynamics, classes: classes.count > DynamicsFigure.classLimit ? [first, last] : classes,
          title: "Extreme curvature of classes along training"))
    }
    exhibits.addSpectra(to: &page)
    page.add("<h2>Recipes and digests</h2>")
    for run in runs { page.add(Self.details(run)) }
    return page.html
  }

  private static func row(_ entry: RunArchive.Entry) -> [String] {
    guard let run = entry.run else {
      return [Markup.escape(entry.directory.lastPathComponent)] + Array(repeating: "", count: 9)
    }
    let last = run.epochs.last
    return [
      Markup.escape(run.recipe.preset), "\(run.recipe.seed)", run.progress,
      percent(last, .accuracy), percent(last, .head), percent(last, .mid), percent(last, .tail),
      percent(run.best, .accuracy), run.isPublished ? "published" : "other",
      "\(run.contract)",
    ]
  }

  private static func percent(_ epoch: RecordedEpoch?, _ metric: RunMetric) -> String {
    epoch?.figures[metric].map(NumberText.rounded) ?? "–"
  }

  /// The figures of the epoch that a run selects; nil if it selects none.
  private static func selection(_ run: RecordedRun) -> [String]? {
    run.selected.map { epoch in
      [
        Markup.escape(run.recipe.preset), "\(run.recipe.seed)", "\(run.selectEvery)", "\(epoch.epoch + 1)",
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

extension RecordedRun {
  /// "cifar10-lt100/ce-drw, seed 0", or the file that its weights are from.
  var title: String {
    if case .imported(let origin) = state { return "\(recipe.preset), imported from \(origin.file)" }
    return "\(recipe.preset), seed \(recipe.seed)"
  }
}
