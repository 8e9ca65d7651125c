/// What the operations of one pass share besides their operands.
///
/// It determines where a result is computed and whether it is kept, but never its bits.
public struct EvaluationContext: Sendable {
  /// This rank's share of a batch whose statistics are over all ranks' samples; nil if this process has all samples.
  public var share: BatchShare?
  /// Values that passes at one point keep for later passes.
  public var memory: PrimalMemory

  /// A context; the default is a single process that keeps nothing.
  public init(share: BatchShare? = nil, memory: PrimalMemory = PrimalMemory()) {
    self.share = share
    self.memory = memory
  }

  /// The same share without a memory, for values that depend on the direction and are never kept.
  var withoutMemory: EvaluationContext { EvaluationContext(share: share) }
}
