import EscapementCalculus
import EscapementKernels
import EscapementOptimizers

// What a step does with a batch that comes in micro-batches, as where memory or several devices divide it.

extension Evaluation {
  /// The mean of the losses and gradients of micro-batches, over all their samples' counts; the sums run in order.
  fileprivate static func mean(of parts: [Evaluation]) -> Evaluation {
    guard let first = parts.first else { preconditionFailure("a batch without micro-batches") }
    let sum = parts.dropFirst().reduce(first, +)
    let share = 1 / Double(parts.count)
    return Evaluation(
      loss: sum.loss * share,
      gradient: ParameterVector(layout: sum.gradient.layout, flat: sum.gradient.flat.scaled(by: share)),
      samples: sum.samples, correct: sum.correct)
  }
}

/// Gradient accumulation: the loss and gradient of a whole batch are the means over its micro-batches, each of which is
/// a batch of its own.
package struct AccumulatingOracle<Base: GradientOracle>: GradientOracle {
  /// The oracle of the batch.
  package var base: Base
  /// The most micro-batches of a batch; empty ones do not count.
  package let count: Int

  /// An oracle around that of the batch.
  package init(_ base: Base, count: Int) { (self.base, self.count) = (base, count) }

  /// The mean over the micro-batches for `.all`; other parts are those of the base.
  package mutating func evaluate(
    at point: ParameterVector<Base.Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Base.Element> {
    guard part == .all else { return try base.evaluate(at: point, on: part, statistics: statistics) }
    var parts: [Evaluation<Base.Element>] = []
    for index in 0..<count {
      let answer = try base.evaluate(
        at: point, on: .shard(index: index, count: count), statistics: statistics)
      if answer.samples > 0 { parts.append(answer) }
    }
    return .mean(of: parts)
  }
}

/// m-sharpness (Foret et al., ICLR 2021, section 4.1): each micro-batch of m samples has an ascent of its own, and the
/// descent is along the mean of the gradients at the perturbed points.
///
/// Foret et al. perturb for each accelerator, so that m is the batch size of one.
package struct MicroBatchSAM<Base: DescentRule>: WrappingRule {
  package typealias Element = Base.Element

  /// ρ.
  package let rho: RhoSchedule
  /// The most micro-batches of a batch; empty ones do not count.
  package let count: Int
  package var base: Base

  /// A rule around a descent rule.
  package init(base: Base, rho: RhoSchedule, count: Int) throws {
    try rho.validate()
    (self.base, self.rho, self.count) = (base, rho, count)
  }

  package mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let radius = rho.rho(epoch: context.epoch)
    var (clean, sharp): ([Evaluation<Element>], [Evaluation<Element>]) = ([], [])
    var squares = 0.0
    for index in 0..<count {
      let part = BatchPart.shard(index: index, count: count)
      let answer = try oracle.evaluate(at: parameters, on: part, statistics: .observe)
      guard answer.samples > 0 else { continue }
      let (perturbed, length) = parameters.ascended(
        along: answer.gradient, rho: radius, constant: SAM<Base>.normConstant)
      clean.append(answer)
      sharp.append(try oracle.evaluate(at: perturbed, on: part, statistics: .observe))
      squares += length * length
    }
    let (first, descent) = (Evaluation.mean(of: clean), Evaluation.mean(of: sharp))
    base.descend(&parameters, along: descent.gradient, context: context)
    return StepRecord(
      first, descent: descent.gradient, descentLoss: descent.loss, rho: radius,
      perturbationNorm: (squares / Double(clean.count)).squareRoot(), evaluations: 2 * clean.count,
      context: context)
  }
}
