import EscapementKernels

/// What a pass over moving values computed of the values alone, for the next pass at the same point.
///
/// A Hessian-vector product computes the gradient's contractions and reductions anew although only the direction
/// changed. A memory keeps them, in the order in which the pass asks for them, up to a budget of bytes; what the budget
/// does not hold is computed again. Kept or computed, the bits are the same. A memory serves one part of the data at
/// one point: the caller starts it anew where either changes.
public struct PrimalMemory: Sendable {
  /// The bytes it may still take.
  public private(set) var budget: Int
  /// The bytes it holds.
  public private(set) var bytes = 0
  private var entries: [(any Sendable)?] = []
  private var next = 0

  /// An empty memory; a budget of 0 keeps nothing.
  public init(budget: Int = 0) { self.budget = budget }

  /// Goes back to the first entry, for the next pass.
  public mutating func rewind() { next = 0 }

  /// Gives back the budget that a first pass left over: later passes keep nothing new.
  mutating func surrenderBudget() -> Int {
    defer { budget = 0 }
    return budget
  }

  /// The value kept at this place of the pass, or `make()`, kept if the budget allows.
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

  /// `recall` of a value of an algebra.
  public mutating func recall<V: TensorAlgebra>(_ make: () -> V) -> V {
    recall(bytes: { $0.shape.count * MemoryLayout<V.Element>.stride }, make)
  }
}

// By default an algebra keeps nothing: what does not move is not computed twice.
extension TensorAlgebra {
  public func convolved(
    with weights: Self, _ geometry: ConvolutionGeometry, _ memory: inout PrimalMemory
  ) -> Self { convolved(with: weights, geometry) }

  public func convolutionInputGradient(
    weights: Self, inputShape: Shape, _ geometry: ConvolutionGeometry, _ memory: inout PrimalMemory
  ) -> Self { convolutionInputGradient(weights: weights, inputShape: inputShape, geometry) }

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

  public func convolutionInputGradient(
    weights: Self, inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming Self,
    _ memory: inout PrimalMemory
  ) -> Self { sum + convolutionInputGradient(weights: weights, inputShape: inputShape, geometry, &memory) }
}

// Duals keep what they compute of the primal.
extension Dual {
  public func convolved(
    with weights: Dual, _ geometry: ConvolutionGeometry, _ memory: inout PrimalMemory
  ) -> Dual {
    let y = memory.recall { primal.convolved(with: weights.primal, geometry) }
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

  public func convolutionInputGradient(
    weights: Dual, inputShape: Shape, _ geometry: ConvolutionGeometry, _ memory: inout PrimalMemory
  ) -> Dual {
    let dx = memory.recall {
      primal.convolutionInputGradient(weights: weights.primal, inputShape: inputShape, geometry)
    }
    return Dual(dx, tangent: inputGradientTangent(weights, inputShape, geometry, plus: nil))
  }

  /// Keeps the primal's sum, which rests at one point as both its parts do.
  public func convolutionInputGradient(
    weights: Dual, inputShape: Shape, _ geometry: ConvolutionGeometry, plus sum: consuming Dual,
    _ memory: inout PrimalMemory
  ) -> Dual {
    var other = consume sum
    // Taken out of its place, so that the gradient is added to it without a copy.
    let moving = other.tangent.take()
    let beside = (consume other).primal
    let dx = memory.recall {
      var nothing = PrimalMemory()
      return primal.convolutionInputGradient(
        weights: weights.primal, inputShape: inputShape, geometry, plus: beside, &nothing)
    }
    return Dual(dx, tangent: inputGradientTangent(weights, inputShape, geometry, plus: consume moving))
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

  public func convolved(with weights: Dual, _ geometry: ConvolutionGeometry) -> Dual {
    var nothing = PrimalMemory()
    return convolved(with: weights, geometry, &nothing)
  }

  public func convolutionInputGradient(
    weights: Dual, inputShape: Shape, _ geometry: ConvolutionGeometry
  ) -> Dual {
    var nothing = PrimalMemory()
    return convolutionInputGradient(weights: weights, inputShape: inputShape, geometry, &nothing)
  }

  // Sums over a shared batch are exchanged each time: one rank's budget may end before another's, and all must take
  // part in the same exchanges.

  public func channelMoments(
    _ share: BatchShare?, _ memory: inout PrimalMemory
  ) -> (mean: Wide, variance: Wide) {
    typealias Moments = (mean: V.Wide, variance: V.Wide)
    var nothing = PrimalMemory()
    if share != nil { return channelMoments(primal: primal.channelMoments(share, &nothing), share) }
    let moments = memory.recall(bytes: { (m: Moments) in 2 * m.mean.shape.count * MemoryLayout<Double>.stride
    }) {
      primal.channelMoments() as Moments
    }
    return channelMoments(primal: moments, nil)
  }

  public func channelSums(_ share: BatchShare?, _ memory: inout PrimalMemory) -> Wide {
    var nothing = PrimalMemory()
    return Wide(
      share == nil ? memory.recall { primal.channelSums() } : primal.channelSums(share, &nothing),
      tangent: tangent.map { $0.channelSums(share, &nothing) })
  }

  public func channelDots(_ other: Dual, _ share: BatchShare?, _ memory: inout PrimalMemory) -> Wide {
    var nothing = PrimalMemory()
    let left = tangent.map { $0.channelDots(other.primal, share, &nothing) }
    let right = other.tangent.map { primal.channelDots($0, share, &nothing) }
    return Wide(
      share == nil
        ? memory.recall { primal.channelDots(other.primal) }
        : primal.channelDots(other.primal, share, &nothing),
      tangent: Self.sum(left, right))
  }
}
