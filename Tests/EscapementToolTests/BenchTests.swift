import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementTool

@Suite("The benchmarks run, whatever their times")
struct BenchTests {
  /// The cheapest benchmark.
  private let small = "elementwise-relu"

  private func json(_ text: some StringProtocol) throws -> JSON {
    try JSON(parsing: Data(text.utf8), file: "standard output")
  }

  @Test("the list has every kind of benchmark, and a first word selects a group")
  func list() throws {
    let all = try ToolProcess.run(["bench", "--list"])
    #expect(all.status == 0 && all.errors.isEmpty, "\(all.errors)")
    let names = all.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    #expect(Set(names).count == names.count)
    for name in [
      "sgemm-2048", "conv-forward-16-16-32-s1", "conv-data-3-16-32-s1", "conv-weight-32-64-16-s2", "sgd-step",
      "sam-step", "gradient-50", "hvp-200", "hvp-repeated-500", "density-500", "elementwise-add",
    ] {
      #expect(names.contains { $0 == name }, "\(name)")
    }
    let some = try json(
      ToolProcess.run(["bench", "--list", "--json", "--case", "conv", "hvp-repeated", "sgd-step"]).output)
    #expect(some.array?.count == 23)  // 19 of convolutions, three repeated products, one step
    #expect(
      some.array?.allSatisfy { $0["work"]?.double ?? 0 > 0 && $0["shape"]?.string != nil } == true)
  }

  @Test("the arithmetic of ResNet-32 is that of its published size")
  func flops() {
    // He et al. 2016: about 69 million multiply-adds an image.
    #expect(abs(ContractionCount.forward / 2 - 69e6) < 1e6, "\(ContractionCount.forward)")
    #expect(ContractionCount.product > 2.9 * ContractionCount.gradient)
    #expect(ContractionCount.repeatedProduct < 2.1 * ContractionCount.gradient)
  }

  @Test("JSON has every run's time and rates that follow from them")
  func measured() throws {
    let result = try ToolProcess.run([
      "bench", "--json", "--case", small, "--repetitions", "2", "--threads", "2",
    ])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try json(result.output)
    #expect(report["threads"]?.integer == 2)
    for key in ["peak_gflops", "triad_gbytes"] { #expect((report[key]?.double ?? 0) > 0, "\(key)") }
    let rows = try #require(report["rows"]?.array)
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row["name"]?.string == small && row["unit"]?.string == "bytes")
    let seconds = (row["seconds"]?.array ?? []).compactMap(\.double)
    try #require(seconds.count == 2)
    #expect(seconds[0] > 0 && seconds[1] > 0)
    let median = (seconds[0] + seconds[1]) / 2
    #expect(row["median_seconds"]?.double == median)
    let work = try #require(row["work"]?.double)
    #expect(row["rate"]?.double == work / median)
    let table = try ToolProcess.run(["bench", "--case", small, "--repetitions", "1"])
    #expect(table.status == 0 && table.output.contains(small) && table.output.contains("peak: "))
  }

  @Test("a driven benchmark is ready, answers each line with a time and ends with its memory")
  func driven() throws {
    let result = try ToolProcess.run(
      ["bench", "--driven", "--case", small, "--threads", "1"], input: "\nrun\n\n")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    try #require(lines.count == 5, "\(result.output)")
    try #require(lines[0].hasPrefix("ready "))
    let ready = try json(lines[0].dropFirst(6))
    #expect(ready["case"]?.string == small && ready["unit"]?.string == "bytes")
    #expect(ready["work"]?.double ?? 0 > 0)
    for line in lines[1...3] {
      #expect(Double(line) ?? 0 > 0 && line.split(separator: ".").last?.count == 9, "\(line)")
    }
    // Two tensors of 8 MiB at least.
    let end = try json(lines[4])
    #expect((end["peak_rss_bytes"]?.integer ?? 0) >= 2 << 23)
  }

  @Test("wrong usage is 64 in one line")
  func usage() throws {
    let cases: [([String], String)] = [
      (["--case", "conv-forward-1-1-1-s1"], "conv-forward-1-1-1-s1"), (["--driven"], "--case"),
      (["--driven", "--case", "conv"], "conv"), (["--driven", "--case", small, "sgd-step"], "--case"),
      (["--driven", "--json", "--case", small], "--driven"),
      (["--threads", "0"], "--threads"), (["--threads", "-1"], "--threads"),
      (["--repetitions", "0"], "--repetitions"),
    ]
    for (arguments, part) in cases {
      let result = try ToolProcess.run(["bench"] + arguments)
      #expect(result.status == 64, "\(arguments): \(result.errors)")
      #expect(
        result.errorLines.count == 1 && result.errors.contains(part), "\(arguments): \(result.errors)")
    }
  }

  @Test("a steady training step and a repeated product take nothing from the system")
  func steady() throws {
    let result = try ToolProcess.run([
      "bench", "--json", "--case", "sgd-step", "hvp-repeated-50", "--repetitions", "1", "--threads", "1",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let rows = try #require(try json(result.output)["rows"]?.array)
    #expect(rows.count == 2)
    for row in rows {
      let name = row["name"]?.string ?? ""
      for key in ["fresh_blocks", "copies_on_write"] { #expect(row[key]?.integer == 0, "\(name): \(key)") }
      // Tensors take none: a step touches some 90,000 pages. The language's own small allocations may touch a few.
      #expect((row["page_faults"]?.integer ?? .max) < 256, "\(name): \(row["page_faults"]?.integer ?? -1)")
    }
  }
}
