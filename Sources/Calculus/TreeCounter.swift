import EscapementKernels

/// The adjacent-pairs tree over a batch's groups, finished from sums of aligned runs of samples: a binary counter.
///
/// Runs come from left to right. Two neighbors become one as soon as they are the two halves of an aligned run, so
/// that as few sums are held as the samples so far have runs, about 2·log₂ of their number.
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
    // A run that begins at an odd multiple of its length is no left half: its sibling is another rank's.
    while let left = nodes.last, left.level == level, left.start & (8 << level) == 0 {
      value = left.value + value
      start = left.start
      nodes.removeLast()
      level += 1
    }
    nodes.append(Node(start: start, level: level, value: value))
  }

  /// The sum of all runs; nil without one. The tree's where they are all of the batch.
  var total: Tensor<Element>? { Self.total(nodes[...]) }

  /// The sum of the runs that lie in an aligned one; nil without one.
  func total(in samples: Range<Int>) -> Tensor<Element>? {
    Self.total(nodes.filter { samples.contains($0.start) }[...])
  }

  private static func total(_ nodes: ArraySlice<Node>) -> Tensor<Element>? {
    guard var sum = nodes.last?.value else { return nil }
    for node in nodes.dropLast().reversed() { sum = node.value + sum }
    return sum
  }
}
