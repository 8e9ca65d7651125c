import EscapementKernels
import EscapementLongTail

/// A training set as an optimizer meets it: in an order that changes with the epoch, augmented.
///
/// Everything is a pure function of the arguments and the source's seed, so that a resumed epoch sees
/// the images that it would have seen.
public protocol EpochSource<Element>: Sendable {
  /// The element type of the images.
  associatedtype Element: Real
  /// The number of classes.
  var classes: Int { get }
  /// The samples of each class.
  var classCounts: [Int] { get }
  /// The number of samples.
  var count: Int { get }
  /// The order of a 0-based epoch: a permutation of `0..<count`, in what `batch` takes.
  func order(epoch: Int) -> [Int]
  /// The samples of these positions, augmented for this epoch.
  func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Element>
}
