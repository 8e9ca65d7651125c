import CEscapementKernels
import Foundation
import EscapementKernels

/// The times of one benchmark's runs.
struct BenchmarkMeasurement {
  /// The benchmark.
  let benchmark: Benchmark
  /// The seconds of each run, in order.
  let seconds: [Double]
  /// The share of the last run's time outside Hessian-vector products, if known.
  let vectorShare: Double?

  /// The total resources that the runs took from the system: blocks that the pool did not have, copies caused by
  /// writing to shared tensors, and pages touched for the first time. A training step or product in a steady state
  /// takes none.
  let taken: SystemCounts

  /// Counters of the resources that a process takes from the system.
  struct SystemCounts {
    /// The number of blocks that the pool did not have.
    var freshBlocks = 0
    /// The number of copies on write of the calling thread.
    var copies = 0
    /// The number of minor page faults.
    var pageFaults = 0

    /// The process's counts so far.
    static var now: SystemCounts {
      var usage = rusage()
      getrusage(.init(RUSAGE_SELF.rawValue), &usage)
      return SystemCounts(
        freshBlocks: Int(ek_pool_statistics().fresh), copies: Tensor<Float>.copiesOnWrite,
        pageFaults: usage.ru_minflt)
    }

    static func - (a: SystemCounts, b: SystemCounts) -> SystemCounts {
      SystemCounts(
        freshBlocks: a.freshBlocks - b.freshBlocks, copies: a.copies - b.copies,
        pageFaults: a.pageFaults - b.pageFaults)
    }
  }

  /// Sets up, warms up and measures; `beforeEach` is called with the number of runs done and may throw to stop.
  init(_ benchmark: Benchmark, repetitions: Int, beforeEach: (Int) throws -> Void = { _ in }) throws {
    self.benchmark = benchmark
    let prepared = try benchmark.prepare()
    for _ in 0..<benchmark.warmUps {
      try beforeEach(0)
      try prepared.warmUp()
    }
    var seconds: [Double] = []
    seconds.reserveCapacity(repetitions)
    let before = SystemCounts.now
    var outcome = Benchmark.Outcome()
    for index in 0..<repetitions {
      try beforeEach(index)
      seconds.append(try ContinuousClock().measure { outcome = try prepared.run() } / .seconds(1))
    }
    taken = SystemCounts.now - before
    self.seconds = seconds
    vectorShare = outcome.vectorShare
  }

  /// The median time; for an even number of runs, the mean of the two middle ones.
  var median: Double {
    let sorted = seconds.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
  /// The shortest time.
  var shortest: Double { seconds.min()! }
  /// The longest time.
  var longest: Double { seconds.max()! }
  /// Work per second at the median time.
  var rate: Double { benchmark.work / median }

  /// The speed at the median time as a share of the machine's peak: of arithmetic if there are contractions, otherwise
  /// of memory. A tensor that stays in a cache can exceed the speed of memory.
  func shareOfPeak(_ peak: MachinePeak) -> Double? {
    let (work, limit) =
      benchmark.unit == .bytes ? (benchmark.work, peak.gbytes) : (benchmark.flops ?? 0, peak.gflops)
    return work > 0 && limit > 0 ? work / median / (limit * 1e9) : nil
  }
}
