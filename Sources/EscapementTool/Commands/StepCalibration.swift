import CKernels
import Calculus
import Foundation
import Kernels
import LongTail
import Networks
import Training
import Verification

/// Times a few steps of a recipe on this machine, on random pictures; data loading runs beside the steps and is not in it.
///
/// CPU time is what counts: a process that waits for a core beside others, or has a low priority, is not told that its
/// steps take longer than they do.
struct StepCalibration {
  /// Timed steps; the shortest counts, as nothing makes a step faster than it is.
  static let repetitions = 2

  private let clock: () -> Double
  private var known: [String: StepCost] = [:]

  /// By a clock in seconds; the CPU time of all threads of this process, unless a test has another.
  init(clock: @escaping () -> Double = StepCalibration.processSeconds) { self.clock = clock }

  /// CPU seconds of all threads of this process so far.
  static func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The cost of a step; measured once for each network, batch and rule.
  mutating func cost(of recipe: Recipe) throws -> StepCost {
    let key = "\(recipe.architecture) \(recipe.batchSize) \(recipe.optimizer.label ?? "sgd")"
    if let cost = known[key] { return cost }
    let cost = try measure(recipe)
    known[key] = cost
    return cost
  }

  private func measure(_ recipe: Recipe) throws -> StepCost {
    let network = recipe.architecture.network(classes: 10)
    let objective = Objective<Float>(network: network)
    let batch = BenchmarkData.pictures(recipe.batchSize)
    var parameters = network.initialParameters(seed: 0) as ParameterVector<Float>
    var statistics = network.initialStatistics() as ParameterVector<Float>
    // Any tail: half of the classes, so that rules of two parts have both.
    let counts = (0..<10).map { $0 < 5 ? 1000 : 1 }
    let sharpness = try recipe.optimizer.sharpness(counts: counts)
    var rule = try recipe.makeRule(Float.self)
    var steps: [Double] = []
    // The first step touches its memory for the first time and is not timed.
    for step in 0...Self.repetitions {
      var oracle = NetworkOracle(
        objective: objective, batch: batch, statistics: statistics, tail: [5, 6, 7, 8, 9],
        sharpness: sharpness, normalization: recipe.optimizer.normalization,
        shardSize: recipe.optimizer.shardSize(batchSize: recipe.batchSize))
      let context = StepContext(step: step, epoch: 0, learningRate: 1e-3)
      let start = clock()
      _ = try rule.step(&parameters, oracle: &oracle, context: context)
      let seconds = clock() - start
      statistics = oracle.statistics
      if step > 0 { steps.append(seconds) }
    }
    let start = clock()
    _ = objective.logits(at: parameters, statistics: statistics, images: batch.images)
    let test = clock() - start
    var usage = rusage()
    getrusage(.init(RUSAGE_SELF.rawValue), &usage)
    return StepCost(
      step: steps.min() ?? .nan, testPicture: test / Double(recipe.batchSize),
      // Kilobytes, as getrusage counts on Linux.
      memory: usage.ru_maxrss * 1024)
  }
}

/// How CPU time becomes time on the clock where nothing else runs.
struct QuietCores {
  /// Threads of the process.
  let threads: Int
  /// Cores' worth of time that it may use.
  let cores: Double

  /// Of so many threads under these limits.
  init(threads: Int, limits: ek_cores) {
    self.threads = threads
    cores = limits.quota > 0 ? min(Double(limits.allowed), limits.quota) : Double(limits.allowed)
  }

  /// Those of this process.
  static var current: QuietCores {
    QuietCores(threads: Int(ek_threads_current()), limits: ek_cores_available())
  }

  /// Seconds on the clock: every thread is busy throughout, on a core of its own as long as there are enough.
  func seconds(_ cpuSeconds: Double) -> Double { cpuSeconds / min(Double(threads), cores) }
}
