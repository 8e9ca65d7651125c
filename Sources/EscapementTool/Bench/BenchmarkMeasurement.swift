/// The times of one benchmark's runs.
struct BenchmarkMeasurement {
  /// What was run.
  let benchmark: Benchmark
  /// The seconds of each run, in order.
  let seconds: [Double]
  /// The share of the last run's time outside Hessian-vector products, where it is known.
  let vectorShare: Double?

  /// Sets up, warms up and measures; `beforeEach` is called with the number of runs done and may throw to stop.
  init(_ benchmark: Benchmark, repetitions: Int, beforeEach: (Int) throws -> Void = { _ in }) throws {
    self.benchmark = benchmark
    let prepared = try benchmark.prepare()
    for _ in 0..<benchmark.warmUps {
      try beforeEach(0)
      try prepared.warmUp()
    }
    var seconds: [Double] = []
    var outcome = Benchmark.Outcome()
    for index in 0..<repetitions {
      try beforeEach(index)
      seconds.append(try ContinuousClock().measure { outcome = try prepared.run() } / .seconds(1))
    }
    self.seconds = seconds
    vectorShare = outcome.vectorShare
  }

  /// The middle time; the mean of the two middle ones for an even number of runs.
  var median: Double {
    let sorted = seconds.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
  /// The shortest time.
  var shortest: Double { seconds.min()! }
  /// The longest time.
  var longest: Double { seconds.max()! }
  /// Work a second at the median time.
  var rate: Double { benchmark.work / median }

  /// Speed at the median time as a share of what the machine reaches: arithmetic where there are contractions,
  /// else memory. A tensor that stays in a cache can pass the speed of memory.
  func shareOfPeak(_ peak: MachinePeak) -> Double? {
    let (work, limit) =
      benchmark.unit == .bytes ? (benchmark.work, peak.gbytes) : (benchmark.flops ?? 0, peak.gflops)
    return work > 0 && limit > 0 ? work / median / (limit * 1e9) : nil
  }
}
