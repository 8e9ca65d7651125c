import EscapementLongTail

// LDAM: a margin for each class, larger for rarer ones.

extension AdjustedLogits {
  /// LDAM (Cao et al. 2019) on cosine logits: margins `LogitAdjustment.margins`, with every logit multiplied by
  /// `scale`.
  ///
  /// m_max = 0.5 and s = 30 are the released values on CIFAR (m_max = 0.3 on the large sets).
  public static func ldam(counts: [Int], maximum: Double = 0.5, scale: Double = 30) -> AdjustedLogits {
    AdjustedLogits(
      margins: LogitAdjustment.margins(counts: counts, maximum: maximum),
      factors: [Double](repeating: scale, count: counts.count))
  }

  /// LDAM as in the SSE-SAM code, on a plain linear classifier: the margin is multiplied by `scale`, the logits are
  /// not.
  public static func ldamOfSSESAM(counts: [Int], maximum: Double = 0.5, scale: Double = 30) -> AdjustedLogits
  {
    AdjustedLogits(margins: LogitAdjustment.margins(counts: counts, maximum: maximum).map { scale * $0 })
  }
}
