import EscapementOptimizers
import CEscapementKernels
import EscapementCalculus
import EscapementTesting
import EscapementKernels
import EscapementTraining

/// A way in which a rule can be wrong.
enum Fault: String, CaseIterable, Sendable {
  case flipsAscent, neverNormalizes, neverPerturbs, forgetsConstant, restoresBySubtraction,
    staysAtPerturbedPoint
  case descendsAlongFirstGradient, decaysInsideAscent, decaysOutsideMomentum, decaysTwice, dropsMomentum
  case asksOnceMore, asksForTheHead, observesTwice, neverObserves, branchesAtZero, addsZero, dividesByZeroNorm
  case appliesNonFinite, movesBeforeReporting, namesAnotherStep, keepsNoState, ignoresSavedState,
    countsByItself
  case dependsOnThreads, miscounts, reportsNoLength, countsHeadTwice, ascendsAlongHead
}

/// SAM over SGD, written out without the package's rules, able to be wrong in one way.
struct ScratchRule<Element: Real>: UpdateRule {
  let settings: RuleSettings
  let fault: Fault?
  private var descent: ScratchDescent<Element>
  private var ownSteps = 0

  init(_ settings: RuleSettings, _ fault: Fault?) {
    self.settings = settings
    self.fault = fault
    descent = ScratchDescent(settings: settings, fault: fault)
  }

  var state: [String: ParameterVector<Element>] {
    get { fault == .keepsNoState ? [:] : descent.state }
    set { if fault != .keepsNoState && fault != .ignoresSavedState { descent.state = newValue } }
  }

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let w = parameters
    let clean = try oracle.evaluate(
      at: w, on: fault == .asksForTheHead ? .head : .all,
      statistics: fault == .neverObserves ? .freeze : .observe)
    if fault == .movesBeforeReporting { descent.move(&parameters, along: clean.gradient.flat, context) }
    try check(clean.loss, clean.gradient, context)
    if fault == .movesBeforeReporting { parameters = w }

    var direction = clean.gradient.flat
    if fault == .decaysInsideAscent { direction = direction.addingScaled(settings.weightDecay, w.flat) }
    let scale = scale(direction.norm())
    var perturbed = w
    if scale != 0 || fault == .addsZero { perturbed.flat = w.flat.addingScaled(scale, direction) }
    var length = (perturbed.flat - w.flat).norm()
    if fault == .reportsNoLength { length = 0 }
    if fault == .restoresBySubtraction || fault == .staysAtPerturbedPoint { parameters = perturbed }

    var sharp = clean
    if !(fault == .branchesAtZero && settings.radius == 0) {
      sharp = try oracle.evaluate(
        at: perturbed, on: .all, statistics: fault == .observesTwice ? .observe : .freeze)
      try check(sharp.loss, sharp.gradient, context)
    }
    if fault == .asksOnceMore { _ = try oracle.evaluate(at: w, on: .all, statistics: .freeze) }
    if fault == .restoresBySubtraction { parameters.flat = perturbed.flat.addingScaled(-scale, direction) }
    ownSteps += 1
    if fault == .countsByItself, ownSteps % 3 == 0 { sharp.gradient.flat = sharp.gradient.flat.scaled(by: 2) }
    if fault == .descendsAlongFirstGradient { sharp = clean }
    descent.move(&parameters, along: sharp.gradient.flat, context)
    return StepRecord(
      loss: clean.loss, descentLoss: sharp.loss, learningRate: context.learningRate, rho: settings.radius,
      gradientNorm: clean.gradient.flat.norm(), perturbationNorm: length, cosine: 1,
      evaluations: fault == .miscounts ? 1 : fault == .asksOnceMore ? 3 : 2, samples: clean.samples,
      correct: clean.correct)
  }

  private func scale(_ norm: Double) -> Double {
    switch fault {
    case .flipsAscent: -settings.radius / (norm + 1e-12)
    case .neverNormalizes: settings.radius
    case .neverPerturbs: 0
    // The constant is far below Float's rounding and above Double's.
    case .forgetsConstant: norm == 0 ? 0 : settings.radius / norm
    case .dividesByZeroNorm: settings.radius / norm
    default: settings.radius / (norm + 1e-12)
    }
  }

  private func check(_ loss: Double, _ gradient: ParameterVector<Element>, _ context: StepContext) throws {
    guard fault != .appliesNonFinite, !(loss.isFinite && gradient.flat.isFinite) else { return }
    throw Divergence(step: context.step + (fault == .namesAnotherStep ? 1 : 0), what: "answer")
  }
}

/// ImbSAM in the same manner.
struct ScratchPartRule<Element: Real>: UpdateRule {
  let settings: RuleSettings
  let fault: Fault?
  private var descent: ScratchDescent<Element>

  init(_ settings: RuleSettings, _ fault: Fault?) {
    self.settings = settings
    self.fault = fault
    descent = ScratchDescent(settings: settings, fault: fault)
  }

  var state: [String: ParameterVector<Element>] {
    get { descent.state }
    set { descent.state = newValue }
  }

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let head = try oracle.evaluate(at: parameters, on: .head, statistics: .observe)
    let tail = try oracle.evaluate(at: parameters, on: .tail, statistics: .freeze)
    let direction = fault == .ascendsAlongHead ? head.gradient.flat : tail.gradient.flat
    let norm = direction.norm()
    let scale = fault == .dividesByZeroNorm ? settings.radius / norm : settings.radius / (norm + 1e-16)
    var perturbed = parameters
    if fault == .dividesByZeroNorm || scale * norm != 0 {
      perturbed.flat = parameters.flat.addingScaled(scale, direction)
    }
    let sharp = try oracle.evaluate(at: perturbed, on: .tail, statistics: .observe)
    for answer in [head, tail, sharp] where !(answer.loss.isFinite && answer.gradient.flat.isFinite) {
      throw Divergence(step: context.step, what: "answer")
    }
    let length = (perturbed.flat - parameters.flat).norm()
    let share = fault == .countsHeadTwice ? 2.0 : 1
    descent.move(
      &parameters, along: sharp.gradient.flat.addingScaled(share, head.gradient.flat), context)
    return StepRecord(
      loss: head.loss + tail.loss, descentLoss: head.loss + sharp.loss, learningRate: context.learningRate,
      rho: settings.radius, gradientNorm: head.gradient.flat.norm(), perturbationNorm: length, cosine: 1,
      evaluations: 3, samples: head.samples + tail.samples, correct: nil)
  }
}

/// SGD with momentum and decay, one tensor operation a line.
struct ScratchDescent<Element: Real> {
  let settings: RuleSettings
  let fault: Fault?
  var state: [String: ParameterVector<Element>] = [:]

  init(settings: RuleSettings, fault: Fault?) {
    self.settings = settings
    self.fault = fault
  }

  mutating func move(
    _ parameters: inout ParameterVector<Element>, along gradient: Tensor<Element>, _ context: StepContext
  ) {
    let w = parameters.flat
    var rate = context.learningRate
    if fault == .dependsOnThreads, ek_threads_current() > 2 { rate *= 1.5 }
    var d = gradient
    if fault != .decaysOutsideMomentum { d = d.addingScaled(settings.weightDecay, w) }
    if fault == .decaysTwice { d = d.addingScaled(settings.weightDecay, w) }
    if let buffer = state["momentum"]?.flat, fault != .dropsMomentum {
      d = buffer.scaled(by: settings.momentum) + d
    }
    state["momentum"] = ParameterVector(layout: parameters.layout, flat: d)
    parameters.flat = w.addingScaled(-rate, d)
    if fault == .decaysOutsideMomentum {
      parameters.flat = parameters.flat.addingScaled(-rate * settings.weightDecay, w)
    }
  }
}

extension RuleSubject {
  /// `ScratchRule` with the claims of SAM.
  static func scratch(_ fault: Fault?) -> RuleSubject {
    RuleSubject(
      "scratch", claims: .sharpnessAware(.recommended),
      { settings, _ in ScratchRule<Float>(settings, fault) },
      { settings, _ in ScratchRule<Double>(settings, fault) })
  }

  /// `ScratchPartRule` with the claims of ImbSAM.
  static func scratchParts(_ fault: Fault?) -> RuleSubject {
    RuleSubject(
      "scratch-parts", claims: .perturbedTail(normConstant: 1e-16),
      { settings, _ in ScratchPartRule<Float>(settings, fault) },
      { settings, _ in ScratchPartRule<Double>(settings, fault) })
  }
}
