/// Deferred re-weighting (Cao et al., NeurIPS 2019): equal class weights first, balancing ones later.
public struct DeferredReweighting: Hashable, Sendable {
  /// The 0-based epoch from which the weights apply; nil never re-weights.
  public let start: Int?
  /// One weight a class, for the epochs from `start` on.
  public let weights: [Double]

  /// The epoch at which the released CIFAR runs begin (`epoch // 160` there, clamped here so that
  /// runs of more than 320 epochs stay re-weighted).
  public static let releasedStart = 160

  /// A rule for `weights.count` classes.
  public init(start: Int? = releasedStart, weights: [Double]) {
    precondition(start ?? 0 >= 0, "epoch \(start ?? 0)")
    self.start = start
    self.weights = weights
  }

  /// The class weights of a 0-based epoch: all one before `start`.
  public func weights(epoch: Int) -> [Double] {
    if let start, epoch >= start { return weights }
    return Array(repeating: 1, count: weights.count)
  }
}
