import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

@testable import EscapementVerification

/// A way in which code can be wrong.
enum Fault: String, CaseIterable, Sendable {
  case forgetsPerturbation, flipsAscent, doublesRadius, staysAtPerturbedPoint, changesBatch, neverNormalizes
  case alwaysNormalizes, dropsMomentum, descendsAlongFirstGradient, dividesBySumOfMagnitudes,
    doublesLearningRate
}

/// The package's code with one fault in its update rules, written independently of the package's rules.
struct FaultySubject: ClaimSubject {
  var fault: Fault?
  var ritzShift = 0.0
  var releasedShift = 0.0
  /// PyHessian's process gives what the package's own does.
  var releasedIsOurs = false
  /// Sees the ends of every operator that a claim has taken.
  var watch: @Sendable (RitzExtremes) -> Void = { _ in }
  var dividesByCount = false
  var ignoresWeights = false
  var counts: @Sendable ([Int]) -> [Int] = { $0 }
  var images: @Sendable () throws -> LongTailedData = { try PackageSubject().fixture() }
  var training: @Sendable (Recipe, LongTailedData) throws -> TrainingState<Float> = {
    try PackageSubject().trained($0, on: $1)
  }
  var groups = ClassGroups(byIndex: .longTailed, classes: 10)

  func ritzExtremes(
    of map: @escaping (Tensor<Double>) throws -> Tensor<Double>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    var extremes = try PackageSubject().ritzExtremes(of: map, dimension: dimension, steps: steps, seed: seed)
    watch(extremes)
    extremes.smallest += ritzShift * (extremes.largest - extremes.smallest)
    return extremes
  }
  func releasedRitzExtremes(
    of map: @escaping (Tensor<Float>) throws -> Tensor<Float>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    if releasedIsOurs {
      return try PackageSubject().ritzExtremes(
        of: { try map($0.converted(to: Float.self)).converted(to: Double.self) }, dimension: dimension,
        steps: steps, seed: seed)
    }
    var extremes = try PackageSubject().releasedRitzExtremes(
      of: map, dimension: dimension, steps: steps, seed: seed)
    extremes.smallest += releasedShift * (extremes.largest - extremes.smallest)
    return extremes
  }
  func classCounts(_ kind: ImbalanceProfile.Kind, classes: Int) throws -> [Int] {
    counts(try PackageSubject().classCounts(kind, classes: classes))
  }
  func classGroups() -> ClassGroups { groups }
  func fixture() throws -> LongTailedData { try images() }
  func trained(_ recipe: Recipe, on data: LongTailedData) throws -> TrainingState<Float> {
    try training(recipe, data)
  }
  func hessianProduct(
    classWeights: [Double]?, network: Network, parameters: ParameterVector<Double>,
    statistics: ParameterVector<Double>, direction: ParameterVector<Double>, samples: ImageSource<Double>
  ) throws -> Tensor<Double> {
    let product = try PackageSubject().hessianProduct(
      classWeights: ignoresWeights ? nil : classWeights, network: network, parameters: parameters,
      statistics: statistics, direction: direction, samples: samples)
    guard dividesByCount, let classWeights else { return product }
    // Σ w ℓ / n in place of Σ w ℓ / Σ w.
    let mean = samples.labels.reduce(0) { $0 + classWeights[$1] } / Double(samples.count)
    return product.scaled(by: mean)
  }

  func gradientDescent<Element: Real>(momentum: Double, as type: Element.Type) -> any UpdateRule<Element> {
    ScratchRule<Element>(rho: 0, normalized: false, momentum: momentum, fault: fault)
  }
  func sharpnessAware<Element: Real>(
    rho: Double, normalized: Bool, momentum: Double, as type: Element.Type
  ) -> any UpdateRule<Element> {
    ScratchRule<Element>(rho: rho, normalized: normalized, momentum: momentum, fault: fault)
  }
}

/// SAM over heavy-ball descent, written from Algorithm 1, able to be wrong in one way.
struct ScratchRule<Element: Real>: UpdateRule {
  var rho: Double
  var normalized: Bool
  var momentum: Double
  var fault: Fault?
  private var buffer: Tensor<Element>?

  init(rho: Double, normalized: Bool, momentum: Double, fault: Fault?) {
    self.rho = rho
    self.normalized = normalized
    self.momentum = momentum
    self.fault = fault
  }

  var state: [String: ParameterVector<Element>] = [:]

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let first = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    let g = first.gradient.flat
    var descent = first
    var start = parameters.flat
    var length = 0.0
    if rho > 0 {
      var divisor = 1.0
      if (normalized || fault == .alwaysNormalizes) && fault != .neverNormalizes {
        divisor = (fault == .dividesBySumOfMagnitudes ? g.map(.absolute).sum() : g.norm()) + 1e-12
      }
      var factor = rho / divisor
      if fault == .forgetsPerturbation { factor = 0 }
      if fault == .flipsAscent { factor = -factor }
      if fault == .doublesRadius { factor *= 2 }
      let perturbed = parameters.flat.addingScaled(factor, g)
      length = (perturbed - parameters.flat).norm()
      descent = try oracle.evaluate(
        at: ParameterVector(layout: parameters.layout, flat: perturbed),
        on: fault == .changesBatch ? .head : .all, statistics: .freeze)
      if fault == .staysAtPerturbedPoint { start = perturbed }
      if fault == .descendsAlongFirstGradient { descent = first }
    }
    var velocity = descent.gradient.flat
    if let buffer, fault != .dropsMomentum { velocity = buffer.scaled(by: momentum) + velocity }
    buffer = velocity
    let rate = context.learningRate * (fault == .doublesLearningRate ? 2 : 1)
    parameters.flat = start.addingScaled(-rate, velocity)
    return StepRecord(
      loss: first.loss, descentLoss: descent.loss, learningRate: context.learningRate, rho: rho,
      gradientNorm: g.norm(), perturbationNorm: length, cosine: 1, evaluations: rho > 0 ? 2 : 1, samples: 1,
      correct: nil)
  }
}
