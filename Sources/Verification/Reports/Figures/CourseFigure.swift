import EscapementExperiments
import EscapementDrawing

/// Accuracies and loss of runs over their epochs, one plane above the other.
package enum CourseFigure {
  /// The largest number of names in one drawing, each with a color of its own.
  package static let nameLimit = SeriesStyle.colors.count

  private static let planes: [(name: String, value: @Sendable (RecordedEpoch) -> Double?)] = [
    ("test accuracy, percent", { $0.figures[.accuracy] }), ("head", { $0.figures[.head] }),
    ("mid", { $0.figures[.mid] }), ("tail", { $0.figures[.tail] }), ("training loss", { $0.loss }),
  ]

  /// Draws runs with their names, on the axes of all runs of a report; nil if none has an epoch. Runs of one name, such as
  /// the seeds of a method, share a style and an entry of the legend. The default width is that of a phone.
  package static func draw(
    _ runs: [(name: String, run: RecordedRun)], among all: [RecordedRun], title: String, width: Double = 350
  ) -> Figure? {
    let last = all.map(\.epochs.count).max() ?? 0
    guard runs.contains(where: { !$0.run.epochs.isEmpty }) else { return nil }
    let names = SeriesNames(runs.map(\.name))
    var placed: [(panel: Panel, x: Double, y: Double)] = []
    let height = 150.0
    for (row, plane) in planes.enumerated() {
      let isLast = row == planes.count - 1
      let values = all.flatMap { $0.epochs.compactMap(plane.value) }.filter(\.isFinite)
      guard !values.isEmpty else { continue }
      // One scale for the four accuracies, so that groups are comparable.
      let range = isLast ? DynamicsFigure.padded(values, .linear) : 0...100.0
      let frame = Frame(
        width: width, height: height + (isLast ? 20 : 0), x: 0...1.03 * Double(last), y: range,
        margin: Frame.Margin(left: 46, right: 12, top: 26, bottom: isLast ? 44 : 24))
      var panel = Panel(plane.name, serial: row, frame: frame)
      panel.axes(labelX: isLast ? "epochs done" : "", labelY: "")
      for (index, member) in runs.enumerated() {
        let points = member.run.epochs.compactMap { epoch -> (Double, Double)? in
          guard let value = plane.value(epoch), value.isFinite else { return nil }
          return (Double(epoch.epoch + 1), value)
        }
        let (style, series) = (names.style(index), names.title(index))
        if points.count > 1 { panel.curve(points, series: series, style: style) }
        if let end = points.last {
          panel.point(end.0, end.1, series: series, style: style, radius: 3)
        }
      }
      placed.append((panel, 0, height * Double(row)))
    }
    return Figure(
      title: title, panels: placed, width: width,
      height: height * Double(planes.count) + 20,
      legend: names.distinct.enumerated().map {
        Figure.LegendEntry(style: SeriesStyle($0.offset), text: $0.element)
      }, notes: ["The marker at a curve's end is the last epoch, which counts."])
  }
}
