import EscapementKernels
import EscapementLongTail

/// A training set with an order that changes from epoch to epoch, and with augmentation.
///
/// Everything is a pure function of the arguments and the source's seed, so a resumed epoch uses the same images as an
/// uninterrupted one.
public protocol EpochSource<Element>: Sendable {
  /// The element type of the images.
  associatedtype Element: Real
  /// The number of classes.
  var classes: Int { get }
  /// The number of samples of each class.
  var classCounts: [Int] { get }
  /// The number of samples.
  var count: Int { get }
  /// The order of a 0-based epoch: a permutation of `0..<count`, whose elements are arguments of `batch`.
  func order(epoch: Int) -> [Int]
  /// The number of batches that are prepared during a step, each on a thread of its own; 1 unless given.
  var batchesAhead: Int { get }
  /// Whether batches have a second view; false unless given.
  var hasSecondView: Bool { get }
  /// The samples of these positions, augmented for this epoch.
  func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Element>
}

extension EpochSource {
  public var batchesAhead: Int { 1 }
  public var hasSecondView: Bool { false }
}
