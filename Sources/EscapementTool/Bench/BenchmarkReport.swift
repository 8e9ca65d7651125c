import EscapementArtifacts
import EscapementDrawing
import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementTraining

/// Measurements as a table or a JSON object.
struct BenchmarkReport {
  /// The peak of the machine.
  let peak: MachinePeak
  /// The measurements, one row each.
  let measurements: [BenchmarkMeasurement]
  /// The number of threads of all measurements.
  let threads = Int(ek_threads_current())
  /// The instruction set of all measurements.
  let isa = String(cString: ek_isa_name(ek_isa_current()))

  /// A heading, one line per benchmark, then the peaks.
  func text(in layout: TextLayout) -> String {
    var table = TextTable(
      heading: ["name", "shape", "threads", "ISA", "median", "min", "max", "speed", "unit", "of peak"],
      rightAligned: [2, 4, 5, 6, 7, 9])
    table.rows = measurements.map { m in
      let (speed, unit) = Self.speed(m)
      return [
        m.benchmark.name, m.benchmark.shape, String(threads), isa, Self.time(m.median),
        Self.time(m.shortest), Self.time(m.longest), String(format: "%.1f", speed), unit,
        m.shareOfPeak(peak).map { String(format: "%.0f %%", 100 * $0) } ?? "",
      ]
    }
    var lines = [
      String(
        format: "peak: %.1f GFLOP/s of multiply-adds from registers, %.1f GB/s of a triad in memory",
        peak.gflops, peak.gbytes)
    ]
    for m in measurements {
      guard let share = m.vectorShare else { continue }
      lines.append(
        String(format: "%@: %.1f %% of the time outside products", m.benchmark.name, 100 * share))
    }
    return table.text(in: layout) + "\n\n" + layout.wrapped(lines.joined(separator: "\n"))
  }

  /// All measurements, including the time of every run.
  var json: JSON {
    [
      NumericContract.key: NumericContract.current.json,
      "isa": .string(isa), "threads": .integer(threads), "peak_gflops": .number(peak.gflops),
      "triad_gbytes": .number(peak.gbytes),
      "rows": .array(
        measurements.map { m in
          [
            "name": .string(m.benchmark.name), "shape": .string(m.benchmark.shape),
            "threads": .integer(threads), "isa": .string(isa), "median_seconds": .number(m.median),
            "min_seconds": .number(m.shortest), "max_seconds": .number(m.longest),
            "seconds": .array(m.seconds.map { .number($0) }), "work": .number(m.benchmark.work),
            "unit": .string(m.benchmark.unit.rawValue), "rate": .number(m.rate),
            "share_of_peak": m.shareOfPeak(peak).map { .number($0) } ?? .null,
            "fresh_blocks": .integer(m.taken.freshBlocks), "copies_on_write": .integer(m.taken.copies),
            "page_faults": .integer(m.taken.pageFaults),
            "vector_share": .optional(m.vectorShare),
          ]
        }),
    ]
  }

  private static func speed(_ m: BenchmarkMeasurement) -> (Double, String) {
    switch m.benchmark.unit {
    case .flop: (m.rate / 1e9, "GFLOP/s")
    case .bytes: (m.rate / 1e9, "GB/s")
    case .images: (m.rate, "images/s")
    }
  }

  /// Four significant digits in a suitable unit.
  private static func time(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-3: String(format: "%.4g µs", seconds * 1e6)
    case ..<1: String(format: "%.4g ms", seconds * 1e3)
    default: String(format: "%.4g s", seconds)
    }
  }
}
