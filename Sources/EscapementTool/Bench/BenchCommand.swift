import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import CEscapementKernels

/// `escapement bench`: the speed of kernels, training steps and Hessian-vector products on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Times kernels, training steps, Hessian-vector products and spectra.",
    discussion: """
      Each benchmark is set up, run three times to warm up and then --repetitions times; the table shows the median, \
      the shortest and the longest time, and the speed as a share of what the machine reaches in multiply-adds from \
      registers (in a triad through memory for elementwise work). Benchmarks/compare sets these times beside \
      those of other programs.

      Example: escapement bench --case conv
      """)

  @Option(
    name: .customLong("case"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "Benchmarks by name, or by the first words of their names, such as conv; all without one.",
      valueName: "name"))
  var cases: [String] = []
  @Option(
    parsing: .unconditional,
    help: "Threads, from 1 to 256; ESCAPEMENT_THREADS or the cores that can be used without it.")
  var threads: Int?
  @Option(
    parsing: .unconditional, help: "Measured runs of each (default: 15; 1 for a density).")
  var repetitions: Int?
  @Flag(help: "Only list the benchmarks.") var list = false
  @Flag(
    help: "Run the one --case once for each line of standard input, and write the seconds of each run.")
  var driven = false
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func validate() throws {
    try CountRange.check([
      ("--threads", threads, 1...256), ("--repetitions", repetitions, 1...CountRange.most),
    ])
    if driven {
      guard cases.count == 1 else { throw ValidationError("--driven takes one --case, got \(cases.count)") }
      if list || json || repetitions != nil {
        throw ValidationError("--driven goes with --case and --threads alone")
      }
    }
  }

  func run() throws {
    if let threads { ek_threads_override(Int32(threads)) }
    if driven { return try DrivenBenchmark(benchmark: BenchmarkCatalog.named(cases[0])).serve() }
    let selected = try BenchmarkCatalog.selecting(cases)
    if list { return show(selected) }
    Interruption.catchSignals()
    let peak = MachinePeak.measured()
    let meter = ProgressMeter()
    var measurements: [BenchmarkMeasurement] = []
    for benchmark in selected {
      let wanted = repetitions ?? benchmark.repetitions
      let measurement = try BenchmarkMeasurement(benchmark, repetitions: wanted) { done in
        if Interruption.isRequested { throw ToolError.interrupted("interrupted; nothing is kept") }
        meter.show(benchmark.name, done: done, total: wanted)
      }
      measurements.append(measurement)
    }
    meter.clear()
    let report = BenchmarkReport(peak: peak, measurements: measurements)
    if json { Console.output(report.json) } else { Console.print(report.text(in: tables.layout)) }
  }

  private func show(_ benchmarks: [Benchmark]) {
    if json {
      return Console.output(
        .array(
          benchmarks.map {
            [
              "name": .string($0.name), "shape": .string($0.shape), "work": .number($0.work),
              "unit": .string($0.unit.rawValue),
            ]
          }))
    }
    let table = TextTable(
      heading: ["name", "shape"], rows: benchmarks.map { [$0.name, $0.shape] })
    Console.print(table, in: tables.layout)
  }
}
