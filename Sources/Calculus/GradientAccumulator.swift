import EscapementKernels

/// Sums the contributions of consecutive parts of a batch to every segment, whole = parts bit for bit.
///
/// Each part is a block of samples whose tree of groups is complete (or the ragged last one), so a
/// binary counter over the parts' roots continues the adjacent-pairs tree (rule 2 of the numeric
/// contract). Convolution and dense weights are carried in the element type, axis sums (biases,
/// batch-norm gains and shifts) in Double until the end, where each is rounded once. Where a layer uses a function
/// of a segment in place of the segment itself, what is carried is the gradient in that function's value, and
/// the function's pullback runs once, on the total: a pullback of rounded parts is not that of the whole.
public struct GradientAccumulator<Element: Real>: Sendable {
  let layout: ParameterLayout
  var contractions: [[TreeCounter<Element>]]
  var axisSums: [[TreeCounter<Double>]]
  // Sums over the whole batch already, which no other part adds to.
  var wholeSums: [[Tensor<Double>]]
  // What a pullback of moving values needs beside the tangent's terms.
  var primals: [Int: TreeCounter<Element>] = [:]
  private var pullbacks: [Int: @Sendable (Tensor<Element>?, Tensor<Element>) -> Tensor<Element>] = [:]
  /// The level of the counter at which the current part enters: its samples are 8·2^level.
  public var level = 0
  /// The current part's first sample in the whole batch; only for a rank that does not own the first.
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
  /// `primal` is the part's gradient itself where the terms are those of its tangent, nil where they are the
  /// gradient.
  public mutating func add(_ terms: [Tensor<Element>], primal: Tensor<Element>?, to segment: Int) {
    add(terms, to: segment)
    if let primal { primals[segment, default: TreeCounter()].push(primal, start: start, level: level) }
  }

  /// Says that `pullback` takes the total of a segment's terms to the gradient in the segment.
  ///
  /// The pullback sees the total as a value of the algebra the pass runs in, and is linear in it. It must be one function
  /// for all parts. It is said apart from the terms, because a rank may have none of them and yet needs it.
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

  /// Adds terms of a per-channel sum that are over the whole batch, whoever owns its samples.
  public mutating func add(whole terms: [Tensor<Double>], to segment: Int) { wholeSums[segment] += terms }

  /// The sums as one vector; segments nobody added to are zero.
  public func total() -> ParameterVector<Element> {
    total(
      contractions: contractions.map { $0.compactMap(\.total) }, primals: primals.mapValues(\.total),
      axisSums: axisSums.map { $0.compactMap(\.total) })
  }

  /// The vector of which these are the terms' totals.
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
