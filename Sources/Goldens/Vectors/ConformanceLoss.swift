import EscapementNetworks
import EscapementTraining

/// A loss and its class weights, with the name used in cases.
package struct ConformanceLoss: Sendable {
  /// The name, the third part of the names of its cases.
  package let name: String
  /// The loss, which must be a function of a network's output and labels only.
  package let choice: LossChoice
  /// Class weights; nil means all ones.
  package let weighting: ClassWeighting?
  /// Whether it is meant for cosine logits: on others, a scale of 30 makes steps that amplify rounding errors 10⁶-fold.
  package let wantsCosines: Bool

  package init(
    _ name: String, _ choice: LossChoice, weighting: ClassWeighting? = nil, wantsCosines: Bool = false
  ) {
    self.name = name
    self.choice = choice
    self.weighting = weighting
    self.wantsCosines = wantsCosines
  }

  /// The loss that is minimized in a 0-based epoch.
  package func criterion(epoch: Int) -> any ClassificationLoss {
    guard
      let criterion = choice.criterion(counts: ConformanceData.counts, weighting: weighting, epoch: epoch)
    else { preconditionFailure("\(name) is no loss of logits and features alone") }
    return criterion
  }
}
