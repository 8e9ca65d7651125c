/// The epoch whose checkpoint stands for a run: of every n-th epoch, the one with the largest mean per-class test
/// accuracy.
///
/// Considered are the 0-based epochs n − 1, 2n − 1, … Of equal means the first stays, as in the released code of SSE-SAM
/// (`utils/trainval.py`, commit 819ca92: a strict comparison). The epoch is chosen on the test images, so its accuracy is
/// biased upwards.
package struct EpochSelection: Sendable {
  /// The number n.
  package let every: Int
  /// The best epoch so far; nil before the first that is considered.
  package private(set) var epoch: Int?
  private var accuracy = -Double.infinity

  /// A selection among every `every`-th epoch; 0 selects none.
  package init(every: Int) { self.every = every }

  /// Considers an epoch, in order, with its mean per-class accuracy.
  package mutating func consider(epoch: Int, accuracy: Double) {
    guard every > 0, (epoch + 1).isMultiple(of: every), accuracy > self.accuracy else { return }
    (self.epoch, self.accuracy) = (epoch, accuracy)
  }
}
