import EscapementKernels

/// The adjacent-pairs tree over a batch's groups, computed from sums of aligned runs of samples by a binary counter.
///
/// Runs arrive from left to right. Two neighbors are added as soon as they are the two halves of an aligned run. The
/// counter thus holds only as many sums as the samples so far have runs, about 2·log₂ of their number.
struct TreeCounter<Element: Real>: Sendable {
  /// A sum over the 8·2^level samples from `start` on, or over as many of them as the batch has.
  struct Node: Sendable {
    let start: Int
    let level: Int
    let value: Tensor<Element>
  }
  private(set) var nodes: [Node] = []

  /// Adds the next run's sum.
  mutating func push(_ value: Tensor<Element>, start: Int, level: Int) {
    var (start, level, value) = (start, level, value)
    // A run that starts at an odd multiple of its length is not a left half: its sibling belongs to another rank.
    while let left = nodes.last, left.level == level, left.start & (8 << level) == 0 {
      value = left.value + value
      start = left.start
      nodes.removeLast()
      level += 1
    }
    nodes.append(Node(start: start, level: level, value: value))
  }

  /// The sum of all runs; nil if there are none. It is the tree's sum if the runs cover the batch.
  var total: Tensor<Element>? { Self.total(nodes[...]) }

  /// The sum of the runs inside an aligned run; nil if there are none.
  func total(in samples: Range<Int>) -> Tensor<Element>? {
    Self.total(nodes.filter { samples.contains($0.start) }[...])
  }

  private static func total(_ nodes: ArraySlice<Node>) -> Tensor<Element>? {
    guard var sum = nodes.last?.value else { return nil }
    for node in nodes.dropLast().reversed() { sum = node.value + sum }
    return sum
  }
}
