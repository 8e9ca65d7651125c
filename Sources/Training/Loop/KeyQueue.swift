import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// PaCo's queue of earlier keys with their labels: each batch takes the place of the oldest.
public struct KeyQueue<Element: Real>: Sendable {
  /// Along which axis the keys of the start have unit length.
  public enum Start: String, Hashable, Sendable, CaseIterable {
    /// Along the queue: each of the d coordinates has unit length over the K keys, so that a key is about
    /// √(d/K) long. What the released code does (`normalize(…, dim=0)` of a `[K][d]` array), it seems by oversight.
    case coordinates
    /// Each key, like the keys that take their place.
    case keys
  }

  /// `[K][d]`, in the order of places, not of age.
  public private(set) var keys: Tensor<Element>
  /// Their labels.
  public private(set) var labels: [Int]
  /// The place of the oldest key, where the next batch goes.
  public private(set) var position = 0

  /// A queue of random keys with random labels, a pure function of the seed.
  ///
  /// Keys are standard normals, computed and scaled in Double and rounded once; labels are uniform over the classes.
  /// K = 1024 and d = 32 are those of the released command for CIFAR-100 LT
  /// (github.com/dvlab-research/Parametric-Contrastive-Learning). One published version draws labels from a
  /// thousand classes whatever their number.
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

  /// Puts a batch `[B][d]` in place of the B oldest keys. B divides the capacity, as the released code asserts.
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
