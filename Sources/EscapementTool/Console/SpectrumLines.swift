import EscapementExperiments
import Foundation

/// The readable lines of a spectrum event in the metrics, one per class.
struct SpectrumLines {
  /// The lines.
  let lines: [String]

  /// The lines of an event.
  init(_ event: SpectrumEvent) {
    func text(_ number: Double?) -> String { number.map { String(format: "%.4g", $0) } ?? "?" }
    lines = event.rows.enumerated().map { index, row in
      let cost = index == event.rows.count - 1 ? "  \(EpochLine.fixed(event.seconds ?? 0, 1)) s" : ""
      let subject = row.label.map { "class \($0)" } ?? "all classes"
      return "  \(subject)  λ_min \(text(row.smallest.value))  λ_max \(text(row.largest.value))"
        + "  |ratio| \(text(row.ratio))  loss \(text(row.loss))  ‖∇f‖ \(text(row.gradientNorm))\(cost)"
    }
  }
}
