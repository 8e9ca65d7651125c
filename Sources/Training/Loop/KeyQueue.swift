import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// PaCo's queue of earlier keys with their labels: each batch replaces the oldest keys.
public struct KeyQueue<Element: Real>: Sendable, Equatable {
  /// The axis along which the initial keys have unit length.
  public enum Start: String, Hashable, Sendable, CaseIterable {
    /// Along the queue: each of the d coordinates has unit length over the K keys, so a key has a length of about
    /// √(d/K). This is what the released code does (`normalize(…, dim=0)` of a `[K][d]` array), apparently by
    /// oversight.
    case coordinates
    /// Along each key, like the keys that replace them.
    case keys
  }

  /// `[K][d]`, ordered by position in the queue, not by age.
  public internal(set) var keys: Tensor<Element>
  /// Their labels.
  public internal(set) var labels: [Int]
  /// The position of the oldest key, where the next batch is written.
  public internal(set) var position = 0

  /// A queue of random keys with random labels, a pure function of the seed.
  ///
  /// Keys are standard normals, computed and scaled in Double and rounded once; labels are uniform over the classes. K
  /// = 1024 and d = 32 are those of the released command for CIFAR-100 LT
  /// (github.com/dvlab-research/Parametric-Contrastive-Learning). One published version draws labels from a thousand
  /// classes regardless of the number of classes.
  public init(
    capacity: Int = 1024, dimensions: Int = 32, classes: Int, seed: UInt64, start: Start = .coordinates
  ) {
    precondition(
      capacity >= 1 && dimensions >= 1 && classes >= 1,
      "a queue of \(capacity) keys of \(dimensions) coordinates and \(classes) classes")
    // Indices that no parameter segment has.
    let normals = Tensor<Double>.standardNormal(
      seed: seed, purpose: .initialization, index: 1 << 40, shape: [capacity, dimensions])
    let scaled =
      switch start {
      case .coordinates:
        normals.multiplyingChannels(normals.channelDots(normals).map(.squareRoot).map(.reciprocal))
      case .keys:
        normals.multiplyingRows((normals * normals).rowSums().map(.squareRoot).map(.reciprocal))
      }
    keys = scaled.converted(to: Element.self)
    var stream = RandomStream(seed: seed, purpose: .initialization, index: 1 << 40 | 1)
    labels = (0..<capacity).map { _ in stream.integer(below: classes) }
  }

  /// The number of keys.
  public var capacity: Int { labels.count }

  /// Replaces the B oldest keys with a batch `[B][d]`. B must divide the capacity, as the released code asserts.
  public mutating func enqueue(_ batch: Tensor<Element>, labels batchLabels: [Int]) {
    let count = batchLabels.count
    precondition(
      batch.shape == [count, keys.shape.columns], "\(batch.shape) with \(count) labels into \(keys.shape)")
    precondition(count >= 1 && capacity % count == 0, "batches of \(count) do not divide \(capacity) keys")
    precondition(position + count <= capacity, "batches of other sizes than before: \(count)")
    let offset = position * keys.shape.columns
    keys.withMutablePointer { target in
      batch.withPointer { (target + offset).update(from: $0, count: batch.count) }
    }
    labels.replaceSubrange(position..<position + count, with: batchLabels)
    position = (position + count) % capacity
  }
}
