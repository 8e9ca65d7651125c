/// The divisors of the losses of a batch's head and tail, in which published codes differ.
///
/// With ℓᵢ the (class-weighted) losses, the loss of a part is factor · Σ_{i in the part} ℓᵢ / divisor, with the factor
/// 1 for the head. A part without samples has the loss 0.
public struct PartNormalization: Hashable, Sendable {
  /// The divisor of a part's sum.
  public enum Divisor: String, Hashable, Sendable, CaseIterable {
    /// The batch's size B, or with class weights its sum of weights. The losses of head and tail then add up to the
    /// batch's loss.
    case batch
    /// The part's own size, or sum of weights. The loss is then a mean, in which a sample of a small tail has a much
    /// larger weight.
    case part
  }

  /// The divisor.
  public let divisor: Divisor
  /// The factor of the tail's loss.
  public let tailFactor: Double

  /// A combination; a factor that is not a positive finite number throws `HyperparameterError`.
  public init(divisor: Divisor, tailFactor: Double) throws {
    guard tailFactor > 0, tailFactor.isFinite else {
      throw HyperparameterError(
        name: "tail factor", value: "\(tailFactor)", expected: "a finite number above 0")
    }
    self.init(divisor, tailFactor)
  }

  private init(_ divisor: Divisor, _ tailFactor: Double) {
    self.divisor = divisor
    self.tailFactor = tailFactor
  }

  /// 1/B for both: SSE-SAM (github.com/Zemdalk/SSE-SAM), and ImbSAM's code before 15 September 2023.
  public static let wholeBatch = PartNormalization(.batch, 1)
  /// 1/B for the head and 2/B for the tail: ImbSAM's code since then (github.com/cool-xuan/Imbalanced_SAM).
  public static let doubledTail = PartNormalization(.batch, 2)
  /// Means of the head and of the tail: the ImbSAM baseline inside the code of SSE-SAM.
  public static let groupMeans = PartNormalization(.part, 1)
}
