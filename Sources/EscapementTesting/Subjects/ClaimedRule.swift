import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// A rule that does what claims state: the reference of laws that compare bits.
///
/// Ascents are w + s·g with s rounded once and the product rounded before the sum, or w itself if s·g is zero; the
/// answers are summed in the stated order; SGD descends along the sum. At radius 0 every query is made at w, and a
/// batch with one shard is the whole batch.
struct ClaimedRule<Element: Real>: UpdateRule {
  let claims: RuleClaims
  let settings: RuleSettings
  private var base: SGD<Element>

  init(_ claims: RuleClaims, settings: RuleSettings) throws {
    precondition(claims.statesDescent, "a rule without a stated descent")
    self.claims = claims
    self.settings = settings
    base = try SGD(momentum: settings.momentum, weightDecay: settings.weightDecay)
  }

  var state: [String: ParameterVector<Element>] {
    get { base.state }
    set { base.state = newValue }
  }

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let form = claims.form(step: context.step, epoch: context.epoch, settings: settings)!
    var answers: [ParameterVector<Element>] = []
    var losses: [Double] = []
    for query in form.queries {
      let answer = try oracle.evaluate(
        at: point(query.place, from: parameters, answers),
        on: query.part == .shard(index: 0, count: 1) ? .all : query.part, statistics: query.statistics)
      answers.append(answer.gradient)
      losses.append(answer.loss)
    }
    var descent: Tensor<Element>?
    for term in form.descent! {
      let part = answers[term.query].flat
      descent =
        switch (descent, term.weight) {
        case (nil, 1): part
        case (nil, let weight): part.scaled(by: weight)
        case (let sum?, let weight): sum.addingScaled(weight, part)
        }
    }
    guard let descent else { preconditionFailure("a descent along nothing") }
    base.descend(
      &parameters, along: ParameterVector(layout: parameters.layout, flat: descent), context: context)
    return StepRecord(
      loss: losses[0], descentLoss: losses[losses.count - 1], learningRate: context.learningRate,
      rho: settings.radius, gradientNorm: answers[0].flat.norm(), perturbationNorm: 0, cosine: 0,
      evaluations: losses.count, samples: 0, correct: nil)
  }

  private func point(
    _ place: RuleClaims.Place, from w: ParameterVector<Element>, _ answers: [ParameterVector<Element>]
  ) -> ParameterVector<Element> {
    guard settings.radius > 0, place.isDisplaced else { return w }
    let direction: Tensor<Element>
    let scale: Double
    switch place {
    case .ascent(let index, let share, let constant):
      direction = answers[index].flat
      scale = share * settings.radius / (constant.map { direction.norm() + $0 } ?? 1)
    case .adaptiveAscent(let index, let constant):
      direction = w.flat * w.flat * answers[index].flat
      scale = settings.radius / ((w.flat * answers[index].flat).norm() + constant)
    case .parameters, .sphere, .noise, .elsewhere: preconditionFailure("\(place) names no point")
    }
    return direction.norm() == 0
      ? w : ParameterVector(layout: w.layout, flat: w.flat.addingScaled(scale, direction))
  }
}
