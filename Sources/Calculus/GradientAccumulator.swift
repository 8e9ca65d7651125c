import EscapementKernels

/// Sums the contributions of consecutive parts of a batch to every segment. The sum has the same bits as one pass over
/// the whole batch.
///
/// Each part is a block of samples whose tree of groups is complete, or the ragged last block. A binary counter over
/// the parts' roots therefore continues the adjacent-pairs tree (rule 2 of the numeric contract). Gradients of
/// convolution and dense weights are kept in the element type. Axis sums (biases, batch-norm gains and shifts) are kept
/// in Double until the end, where each is rounded once. If a layer uses a function of a segment instead of the segment
/// itself, the accumulator keeps the gradient in that function's value, and the function's pullback runs once, on the
/// total: a pullback of rounded parts is not that of the whole.
public struct GradientAccumulator<Element: Real>: Sendable {
  let layout: ParameterLayout
  var contractions: [[TreeCounter<Element>]]
  var axisSums: [[TreeCounter<Double>]]
  // Sums that are over the whole batch already; no other part adds to them.
  var wholeSums: [[Tensor<Double>]]
  // What the pullback of a dual value needs besides the tangent's terms.
  var primals: [Int: TreeCounter<Element>] = [:]
  private var pullbacks: [Int: @Sendable (Tensor<Element>?, Tensor<Element>) -> Tensor<Element>] = [:]
  /// The level of the counter at which the current part enters: the part has 8·2^level samples.
  public var level = 0
  /// The index of the current part's first sample in the whole batch; needed only on a rank that does not own the first
  /// sample.
  public var start = 0

  /// An accumulator of zeros.
  public init(layout: ParameterLayout) {
    self.layout = layout
    contractions = Array(repeating: [], count: layout.segments.count)
    axisSums = Array(repeating: [], count: layout.segments.count)
    wholeSums = Array(repeating: [], count: layout.segments.count)
  }

  /// Adds the current part's terms of a segment that is a contraction over the batch.
  public mutating func add(_ terms: [Tensor<Element>], to segment: Int) {
    while contractions[segment].count < terms.count { contractions[segment].append(TreeCounter()) }
    for (i, term) in terms.enumerated() { contractions[segment][i].push(term, start: start, level: level) }
  }

  /// Adds the current part's terms of the gradient in a function of a segment; see `pullBack`.
  ///
  /// `primal` is the part's gradient itself if the terms are those of its tangent; nil if the terms are those of the
  /// gradient.
  public mutating func add(_ terms: [Tensor<Element>], primal: Tensor<Element>?, to segment: Int) {
    add(terms, to: segment)
    if let primal { primals[segment, default: TreeCounter()].push(primal, start: start, level: level) }
  }

  /// Registers `pullback`, which maps the total of a segment's terms to the gradient in the segment.
  ///
  /// The pullback receives the total as a value of the algebra of the pass and is linear in it. It must be the same
  /// function for all parts. It is registered separately from the terms, because a rank that has no terms needs it too.
  public mutating func pullBack<T: TensorAlgebra>(
    _ segment: Int, _ pullback: @escaping @Sendable (T) -> T
  ) where T.Element == Element {
    pullbacks[segment] = { primal, sum in
      pullback(T(primal: primal ?? sum, tangent: sum)).derivative
    }
  }

  /// Adds the current part's terms of a segment that is a per-channel sum, kept in Double.
  public mutating func add(wide terms: [Tensor<Double>], to segment: Int) {
    while axisSums[segment].count < terms.count { axisSums[segment].append(TreeCounter()) }
    for (i, term) in terms.enumerated() { axisSums[segment][i].push(term, start: start, level: level) }
  }

  /// Adds terms of a per-channel sum over the whole batch, whichever ranks own its samples.
  public mutating func add(whole terms: [Tensor<Double>], to segment: Int) { wholeSums[segment] += terms }

  /// The sums as one vector; segments without terms are zero.
  public func total() -> ParameterVector<Element> {
    total(
      contractions: contractions.map { $0.compactMap(\.total) }, primals: primals.mapValues(\.total),
      axisSums: axisSums.map { $0.compactMap(\.total) })
  }

  /// The vector that consists of these totals of the terms.
  func total(
    contractions: [[Tensor<Element>]], primals: [Int: Tensor<Element>?], axisSums: [[Tensor<Double>]]
  ) -> ParameterVector<Element> {
    var flat = Tensor<Element>.zeros([layout.count])
    flat.withMutablePointer { target in
      for (index, segment) in layout.segments.enumerated() {
        let contraction = Self.sum(contractions[index])
        let axisSum = Self.sum(axisSums[index] + wholeSums[index])?.converted(to: Element.self)
        precondition(contraction == nil || axisSum == nil, "\(segment.name) was summed in two ways")
        guard var sum = contraction ?? axisSum ?? primals[index].map({ _ in .zeros(segment.shape) })
        else { continue }
        if let pullback = pullbacks[index] { sum = pullback(primals[index] ?? nil, sum) }
        precondition(sum.count == segment.count, "\(segment.name): \(sum.shape) for \(segment.shape)")
        sum.withPointer { (target + segment.offset).update(from: $0, count: sum.count) }
      }
    }
    return ParameterVector(layout: layout, flat: flat)
  }

  private static func sum<E: Real>(_ terms: [Tensor<E>]) -> Tensor<E>? {
    guard let first = terms.first else { return nil }
    return terms.dropFirst().reduce(first) { $0 + $1 }
  }
}
