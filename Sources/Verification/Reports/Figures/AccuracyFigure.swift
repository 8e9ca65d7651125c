import EscapementExperiments
import EscapementDrawing

/// Accuracies of finished runs, one point per seed, with the means that the papers print: one figure per data set and
/// quantity.
enum AccuracyFigure {
  /// One method of a figure.
  struct Row {
    let method: String
    /// The printed mean and the number after "±".
    let printed: Double
    let spread: Double?
    let values: [Double]
    let isPublished: Bool
  }

  private static let quantities: [(PublishedQuantity, RunMetric)] = [
    (.accuracy, .accuracy), (.head, .head), (.mid, .mid), (.tail, .tail),
  ]

  /// All figures for which there are runs, in the order of the tables. A row that several tables print is drawn once,
  /// from the first of them.
  static func all(_ runs: [RecordedRun]) -> [Figure] {
    let rows = PublishedTable.all.flatMap(\.rows)
    var sets: [String] = []
    for row in rows where !sets.contains(row.data) { sets.append(row.data) }
    return sets.flatMap { data in
      quantities.compactMap { quantity, metric in
        let shown = self.rows(rows.filter { $0.data == data }, quantity, metric, runs)
        return shown.isEmpty ? nil : draw(shown, title: "\(data): \(metric.text), percent")
      }
    }
  }

  private static func rows(
    _ printed: [PublishedRow], _ quantity: PublishedQuantity, _ metric: RunMetric, _ runs: [RecordedRun]
  ) -> [Row] {
    var rows: [Row] = []
    for row in printed {
      guard let cell = row.cell(quantity), let mean = cell.mean,
        !rows.contains(where: { $0.method == row.method }),
        let wanted = RunStandards.digest(of: RunSelection(row.preset))
      else { continue }
      let members = runs.filter { $0.recipeDigest == wanted }
      let values = members.compactMap { $0.epochs.last?.figures[metric] }
      guard !values.isEmpty else { continue }
      rows.append(
        Row(
          method: row.method, printed: mean, spread: cell.std, values: values,
          isPublished: members.allSatisfy(\.isPublished)))
    }
    return rows
  }

  /// Draws one or more rows, narrow enough for a phone.
  static func draw(_ rows: [Row], title: String) -> Figure {
    let values = rows.flatMap { row in
      row.values + [row.printed - (row.spread ?? 0), row.printed + (row.spread ?? 0)]
    }
    let frame = Frame(
      width: 350, height: 54 * Double(rows.count) + 60,
      x: DynamicsFigure.padded(values + values.map { $0 + 1 }, .linear),
      y: 0...Double(rows.count), margin: Frame.Margin(left: 14, right: 14, top: 8, bottom: 44))
    var panel = Panel("", serial: 0, frame: frame)
    panel.axes(labelX: "test accuracy after the last epoch, percent", labelY: "", hasTicksY: false)
    let (paper, own) = (SeriesStyle(1), SeriesStyle(0))
    var open = own
    open.isHollow = true
    for (index, row) in rows.enumerated() {
      let middle = Double(rows.count - index) - 0.56
      if index > 0 { panel.separator(at: Double(rows.count - index)) }
      panel.words(row.method, frame.x.lowerBound, middle, dx: 6, dy: -12, anchor: "start")
      if let spread = row.spread {
        panel.interval(
          row.printed, lower: row.printed - spread, upper: row.printed + spread, y: middle,
          series: "\(row.method), printed", style: paper)
      }
      panel.point(row.printed, middle, series: "\(row.method), printed", style: paper, radius: 4.5)
      for value in row.values {
        panel.point(
          value, middle - 0.2, series: "\(row.method), runs", style: row.isPublished ? own : open,
          radius: 3.5)
      }
    }
    var notes = ["Several seeds are a point each. The papers do not say how many seeds stand behind a mean."]
    if rows.contains(where: { !$0.isPublished }) {
      notes.append("Hollow: on images other than the published ones, which settle nothing.")
    }
    return Figure(
      title: title, panels: [(panel, 0, 0)], width: 350, height: frame.height,
      legend: [
        Figure.LegendEntry(style: paper, text: "printed mean, ± as printed", isLine: false),
        Figure.LegendEntry(style: own, text: "a run of this package", isLine: false),
      ], notes: notes)
  }
}
