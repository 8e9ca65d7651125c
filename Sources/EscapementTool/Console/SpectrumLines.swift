import EscapementArtifacts
import Foundation

/// The lines for people of a spectrum event in the metrics, one a class.
struct SpectrumLines {
  /// The lines.
  let lines: [String]

  /// Reads the event.
  init(_ event: JSON) {
    let seconds = event["seconds"]?.double ?? 0
    let rows = event["classes"]?.array ?? []
    lines = rows.enumerated().map { index, row in
      func number(_ key: String) -> String { row[key]?.double.map { String(format: "%.4g", $0) } ?? "?" }
      let cost = index == rows.count - 1 ? "  \(EpochLine.fixed(seconds, 1)) s" : ""
      let subject = row["class"]?.integer.map { "class \($0)" } ?? "all classes"
      return "  \(subject)  λ_min \(number("smallest"))  λ_max \(number("largest"))"
        + "  |ratio| \(number("ratio"))  loss \(number("loss"))  ‖∇f‖ \(number("gradient_norm"))\(cost)"
    }
  }
}
