import EscapementArtifacts
import Foundation

/// One benchmark run on request, so that another program can alternate with this one.
///
/// Writes `ready {"case":…,"unit":…,"work":…}` after setup and warm-up. Then it runs once for each line that it reads
/// and writes the seconds that the run took. At the end of input it writes `{"peak_rss_bytes":…}`, the peak resident
/// memory of the process.
struct DrivenBenchmark {
  /// The benchmark.
  let benchmark: Benchmark

  /// Serves requests until the end of standard input.
  func serve() throws {
    let prepared = try benchmark.prepare()
    for _ in 0..<benchmark.warmUps { try prepared.warmUp() }
    let description: JSON = [
      "case": .string(benchmark.name), "work": .number(benchmark.work),
      "unit": .string(benchmark.unit.rawValue),
    ]
    try write("ready " + description.canonical())
    while readLine(strippingNewline: true) != nil {
      let elapsed = try ContinuousClock().measure { _ = try prepared.run() }
      try write(String(format: "%.9f", elapsed / .seconds(1)))
    }
    let end: JSON = ["peak_rss_bytes": .optional(Self.peakResidentBytes)]
    try write(end.canonical())
  }

  private func write(_ line: String) throws {
    Console.print(line)
    try Console.flush()
  }

  /// VmHWM of this process; nil if the system does not provide it.
  private static var peakResidentBytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else {
      return nil
    }
    return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
