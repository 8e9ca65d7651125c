import EscapementKernels

/// Intermediate results that do not depend on the direction, kept from one pass for the next pass at the same point.
///
/// Without a memory, a Hessian-vector product computes the gradient's contractions and reductions again although only
/// the direction changed. A memory keeps them, in the order in which the pass requests them, up to a budget of bytes;
/// what exceeds the budget is computed again. The bits are the same in both cases. A memory is valid for one part of
/// the data at one point: the caller must use a new one if either changes.
public struct PrimalMemory: Sendable {
  /// The number of bytes that it may still use.
  public private(set) var budget: Int
  /// The number of bytes that it holds.
  public private(set) var bytes = 0
  private var entries: [(any Sendable)?] = []
  private var next = 0

  /// An empty memory; a budget of 0 keeps nothing.
  public init(budget: Int = 0) { self.budget = budget }

  /// Returns to the first entry, for the next pass.
  public mutating func rewind() { next = 0 }

  /// Returns the budget that the first pass did not use: later passes keep nothing new.
  mutating func surrenderBudget() -> Int {
    defer { budget = 0 }
    return budget
  }

  /// The value kept at this position of the pass, or `make()`, which is kept if the budget allows.
  public mutating func recall<R: Sendable>(bytes size: (R) -> Int, _ make: () -> R) -> R {
    defer { next += 1 }
    if next < entries.count {
      guard let entry = entries[next] else { return make() }
      guard let value = entry as? R else {
        preconditionFailure("entry \(next) of a memory is \(type(of: entry)), the pass asks for \(R.self)")
      }
      return value
    }
    let value = make()
    guard budget > 0 else { return value }
    let needed = size(value)
    if needed <= budget {
      budget -= needed
      bytes += needed
      entries.append(value)
    } else {
      entries.append(nil)
    }
    return value
  }

  /// `recall` for a value of an algebra.
  public mutating func recall<V: TensorAlgebra>(_ make: () -> V) -> V {
    recall(bytes: { $0.shape.count * MemoryLayout<V.Element>.stride }, make)
  }
}

// Defaults for algebras that do not compute a result in one pass: the sum of its parts.
extension TensorAlgebra {
  public func convolvedTangent(
    _ tangent: Self, weights: Self, weightsTangent: Self, _ geometry: ConvolutionGeometry
  ) -> Self {
    tangent.convolved(with: weights, geometry) + convolved(with: weightsTangent, geometry)
  }

  public func convolutionInputGradientTangent(
    _ tangent: Self, weights: Self, weightsTangent: Self, inputShape: Shape, _ geometry: ConvolutionGeometry,
    plus sum: consuming Self?
  ) -> Self {
    let dx =
      tangent.convolutionInputGradient(weights: weights, inputShape: inputShape, geometry)
      + convolutionInputGradient(weights: weightsTangent, inputShape: inputShape, geometry)
    guard let sum else { return dx }
    return sum + dx
  }
}

// Duals keep what they compute from the primal alone.
extension Dual {
  public func convolved(
    with weights: Dual, _ geometry: ConvolutionGeometry, _ context: inout EvaluationContext
  ) -> Dual {
    let y = context.memory.recall { primal.convolved(with: weights.primal, geometry) }
    let moving: V? =
      switch (tangent, weights.tangent) {
      case (nil, nil): nil
      case (let t?, nil): t.convolved(with: weights.primal, geometry)
      case (nil, let w?): primal.convolved(with: w, geometry)
      case (let t?, let w?):
        primal.convolvedTangent(t, weights: weights.primal, weightsTangent: w, geometry)
      }
    return Dual(y, tangent: moving)
  }

  /// If there is a sum, the primal's sum is kept: both its parts are fixed at one point.
  public func convolutionInputGradient(
    weights: Dual, inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming Dual?,
    _ context: inout EvaluationContext
  ) -> Dual {
    var nothing = context.withoutMemory
    switch consume sum {
    case .some(var other):
      // Moved out of its place, so that the gradient is added to it without a copy.
      let moving = other.tangent.take()
      let beside = (consume other).primal
      let dx = context.memory.recall {
        primal.convolutionInputGradient(
          weights: weights.primal, inputShape: inputShape, geometry, plus: beside, &nothing)
      }
      return Dual(dx, tangent: inputGradientTangent(weights, inputShape, geometry, plus: consume moving))
    case .none:
      let dx = context.memory.recall {
        primal.convolutionInputGradient(
          weights: weights.primal, inputShape: inputShape, geometry, plus: nil, &nothing)
      }
      return Dual(dx, tangent: inputGradientTangent(weights, inputShape, geometry, plus: nil))
    }
  }

  private func inputGradientTangent(
    _ weights: Dual, _ inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming V?
  ) -> V? {
    switch (tangent, weights.tangent) {
    case (nil, nil): return sum
    case (let t?, nil):
      return Self.sum(
        sum, t.convolutionInputGradient(weights: weights.primal, inputShape: inputShape, geometry))
    case (nil, let w?):
      return Self.sum(sum, primal.convolutionInputGradient(weights: w, inputShape: inputShape, geometry))
    case (let t?, let w?):
      return primal.convolutionInputGradientTangent(
        t, weights: weights.primal, weightsTangent: w, inputShape: inputShape, geometry, plus: consume sum)
    }
  }

  // Sums over a shared batch are exchanged every time: the budget of one rank may end before that of another, and all
  // ranks must take part in the same exchanges.

  public func channelMoments(_ context: inout EvaluationContext) -> (mean: Wide, variance: Wide) {
    typealias Moments = (mean: V.Wide, variance: V.Wide)
    var nothing = context.withoutMemory
    let moments: Moments =
      nothing.share == nil
      ? context.memory.recall(bytes: { 2 * $0.mean.shape.count * MemoryLayout<Double>.stride }) {
        primal.channelMoments(&nothing) as Moments
      } : primal.channelMoments(&nothing)
    let (mean, variance) = moments
    guard let tangent else { return (Wide(mean, tangent: nil), Wide(variance, tangent: nil)) }
    let count = Double((nothing.share?.count ?? shape[0]) * shape.pixels)
    // The variance is the mean of (x - mean)². The tangent of the mean cancels, because Σ (x - mean) = 0.
    let centered = primal.subtractingChannels(.narrowed(mean))
    let variation = centered.channelDots(tangent, &nothing).scaled(by: 2).divided(by: count)
    return (
      Wide(mean, tangent: tangent.channelSums(&nothing).divided(by: count)),
      Wide(variance, tangent: variation)
    )
  }

  public func channelSums(_ context: inout EvaluationContext) -> Wide {
    var nothing = context.withoutMemory
    return Wide(
      nothing.share == nil
        ? context.memory.recall { primal.channelSums(&nothing) } : primal.channelSums(&nothing),
      tangent: tangent.map { $0.channelSums(&nothing) })
  }

  public func channelDots(_ other: Dual, _ context: inout EvaluationContext) -> Wide {
    var nothing = context.withoutMemory
    let left = tangent.map { $0.channelDots(other.primal, &nothing) }
    let right = other.tangent.map { primal.channelDots($0, &nothing) }
    return Wide(
      nothing.share == nil
        ? context.memory.recall { primal.channelDots(other.primal, &nothing) }
        : primal.channelDots(other.primal, &nothing),
      tangent: Self.sum(left, right))
  }
}
