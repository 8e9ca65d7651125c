import EscapementLongTail

// LDAM: a margin for each class, larger for rarer ones.

extension AdjustedLogits {
  /// LDAM (Cao et al. 2019) on cosine logits: margins `LogitAdjustment.margins`, every logit times `scale`.
  ///
  /// m_max = 0.5 and s = 30 are the released values on CIFAR (m_max = 0.3 on the large sets).
  public static func ldam(counts: [Int], maximum: Double = 0.5, scale: Double = 30) -> AdjustedLogits {
    AdjustedLogits(
      margins: LogitAdjustment.margins(counts: counts, maximum: maximum),
      factors: [Double](repeating: scale, count: counts.count))
  }

  /// LDAM as the SSE-SAM code has it, on a plain linear classifier: the margin times `scale`, the logits as they are.
  public static func ldamOfSSESAM(counts: [Int], maximum: Double = 0.5, scale: Double = 30) -> AdjustedLogits
  {
    AdjustedLogits(margins: LogitAdjustment.margins(counts: counts, maximum: maximum).map { scale * $0 })
  }
}
