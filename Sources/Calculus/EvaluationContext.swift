/// What the operations of one pass share besides their operands.
///
/// It decides where a result is computed and whether it is kept, never its bits.
public struct EvaluationContext: Sendable {
  /// This rank's share of a batch whose statistics are of all ranks' samples; nil: all samples are here.
  public var share: BatchShare?
  /// What passes at one point keep for the next.
  public var memory: PrimalMemory

  /// A context; without arguments that of one process that keeps nothing.
  public init(share: BatchShare? = nil, memory: PrimalMemory = PrimalMemory()) {
    self.share = share
    self.memory = memory
  }

  /// The same share without a memory: for what moves with the direction, and is never kept.
  var withoutMemory: EvaluationContext { EvaluationContext(share: share) }
}
