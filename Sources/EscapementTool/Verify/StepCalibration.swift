import EscapementOptimizers
import CEscapementKernels
import EscapementCalculus
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// Times a few steps of a recipe and a Hessian product on this machine, on random images. Data loading is concurrent
/// with the steps and not included.
///
/// It measures CPU time, so waiting for cores that are shared with other processes, or a low priority, does not
/// increase the result.
struct StepCalibration {
  /// The number of timed steps. The shortest counts, because disturbances only make a step slower.
  static let repetitions = 2

  private let clock: () -> Double
  private var memory: SpeedMemory
  /// Whether measurements that were in the cache at the start are repeated; those made since are not.
  private let again: Bool
  private var renewed: Set<String> = []

  /// A calibration with a clock in seconds. The default is the CPU time of all threads of this process; tests pass
  /// another. Measurements in `memory` are not repeated, unless `again` is true.
  init(
    clock: @escaping () -> Double = StepCalibration.processSeconds,
    memory: SpeedMemory = SpeedMemory(file: nil),
    again: Bool = false
  ) {
    self.clock = clock
    self.memory = memory
    self.again = again
  }

  /// A calibration with the cache of this machine.
  static func remembered(again: Bool) -> StepCalibration {
    StepCalibration(memory: SpeedMemory(file: SpeedMemory.place), again: again)
  }

  /// CPU seconds of all threads of this process so far.
  static func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The cost of a run of a recipe, measured once for each network, batch and rule; `withProducts` includes a Hessian
  /// product. `onMeasure` is called before each measurement, but not for cached ones.
  mutating func cost(
    of recipe: Recipe, withProducts: Bool = false, onMeasure: (_ what: String) -> Void = { _ in }
  ) throws -> StepCost {
    let (optimizer, clock) = (recipe.optimizer, clock)
    // The number of gradients in a thousand steps distinguishes rules of one name that request different numbers of
    // gradients.
    let rule = "\(optimizer.label ?? "sgd") of \(optimizer.evaluations(steps: 1000, after: 0) ?? 0) gradients"
    let step = try numbers(
      of: "step of \(recipe.architecture), batch \(recipe.batchSize), \(rule)",
      keys: ["evaluation", "testPicture", "memory"], onMeasure
    ) { try Self.measureStep(recipe, clock) }
    let product =
      withProducts
      ? try numbers(
        of: "product of \(recipe.architecture), batch \(recipe.batchSize)", keys: ["picture"], onMeasure
      ) { try Self.measureProduct(recipe, clock) } : [:]
    return StepCost(
      evaluation: step["evaluation"] ?? .nan, testImage: step["testPicture"] ?? .nan,
      productImage: product["picture"], memory: Int(step["memory"] ?? 0))
  }

  /// The numbers with these names from the cache, or measured and stored there.
  private mutating func numbers(
    of name: String, keys: Set<String>, _ onMeasure: (String) -> Void, measure: () throws -> [String: Double]
  ) throws -> [String: Double] {
    if !again || renewed.contains(name), let known = memory.numbers(of: name), Set(known.keys) == keys {
      return known
    }
    onMeasure(name)
    let measured = try measure()
    memory.keep(measured, of: name)
    renewed.insert(name)
    return measured
  }

  private static func measureStep(_ recipe: Recipe, _ clock: () -> Double) throws -> [String: Double] {
    let network = recipe.architecture.network(classes: 10)
    let objective = Objective<Float>(network: network)
    let batch = BenchmarkData.images(recipe.batchSize)
    var parameters = network.initialParameters(seed: 0) as ParameterVector<Float>
    var statistics = network.initialStatistics() as ParameterVector<Float>
    // Half of the classes have one image, so that rules with two parts have a head and a tail.
    let settings = try ResolvedOracleSettings(
      recipe.optimizer.oracle, counts: (0..<10).map { $0 < 5 ? 100_000 : 1 }, batchSize: recipe.batchSize)
    var rule = try recipe.makeRule(Float.self)
    var evaluations: [Double] = []
    // The first step touches its memory for the first time and is not timed.
    for step in 0...repetitions {
      var oracle = NetworkOracle(
        objective: objective, batch: batch, statistics: statistics, settings: settings)
      let context = StepContext(step: step, epoch: 0, learningRate: 1e-3)
      let start = clock()
      let record = try rule.step(&parameters, oracle: &oracle, context: context)
      let seconds = clock() - start
      statistics = oracle.statistics
      // Times per gradient, because rules that request more gradients in every k-th step have steps of different
      // length.
      if step > 0 { evaluations.append(seconds / Double(record.evaluations)) }
    }
    let start = clock()
    _ = objective.logits(at: parameters, statistics: statistics, images: batch.images)
    let test = clock() - start
    var usage = rusage()
    getrusage(.init(RUSAGE_SELF.rawValue), &usage)
    return [
      "evaluation": evaluations.min() ?? .nan, "testPicture": test / Double(recipe.batchSize),
      // getrusage counts kilobytes on Linux.
      "memory": Double(usage.ru_maxrss * 1024),
    ]
  }

  /// A product that keeps nothing for the next one, as for more images than fit into the memory.
  private static func measureProduct(_ recipe: Recipe, _ clock: () -> Double) throws -> [String: Double] {
    let network = recipe.architecture.network(classes: 10)
    let hessian = HessianOperator<Float>(
      objective: Objective(network: network), parameters: network.initialParameters(seed: 0),
      statistics: network.initialStatistics(), samples: BenchmarkData.images(recipe.batchSize),
      memoryBudget: 0)
    let direction = BenchmarkData.directions(hessian.parameters.layout)[0].flat
    // The first product touches its memory for the first time and is not timed.
    _ = try hessian.product(direction)
    let start = clock()
    _ = try hessian.product(direction)
    return ["picture": (clock() - start) / Double(recipe.batchSize)]
  }
}

/// The conversion from CPU time to wall-clock time on a machine without other load.
struct QuietCores {
  /// The number of threads of the process.
  let threads: Int
  /// The number of cores that it may use.
  let cores: Double

  /// The conversion for a number of threads under these limits.
  init(threads: Int, limits: ek_cores) {
    self.threads = threads
    cores = limits.quota > 0 ? min(Double(limits.allowed), limits.quota) : Double(limits.allowed)
  }

  /// The conversion for this process.
  static var current: QuietCores {
    QuietCores(threads: Int(ek_threads_current()), limits: ek_cores_available())
  }

  /// Wall-clock seconds, if every thread is always busy, on its own core as long as there are enough.
  func seconds(_ cpuSeconds: Double) -> Double { cpuSeconds / min(Double(threads), cores) }
}
