import EscapementKernels

/// One rank's share of a batch that several ranks compute together: the samples it owns, and sums over all samples.
///
/// The batch is cut into units of eight samples, the largest group of the numeric contract. Rank r of R owns the units
/// from ⌊U·r/R⌋ up to ⌊U·(r + 1)/R⌋. This contiguous run consists of a few aligned runs, each a power of two of units
/// long, whose sums are subtrees of the one tree over the batch. A sum over the batch gathers these subtrees and
/// finishes the tree on every rank in the same way, so its bits are those of a single rank. If a batch has fewer units
/// than there are ranks, some ranks own no samples; they still take part in every exchange.
public struct BatchShare: Sendable {
  /// The ranks.
  public let communicator: any Communicator
  /// The number of samples in the batch.
  public let count: Int
  /// The samples of this rank.
  public let range: Range<Int>

  /// This rank's share of a batch of `count` samples.
  public init(_ communicator: any Communicator, of count: Int) {
    self.communicator = communicator
    self.count = count
    range = Self.range(of: communicator.rank, of: communicator.size, in: count)
  }

  /// The samples that a rank owns in a batch of `count` samples.
  public static func range(of rank: Int, of size: Int, in count: Int) -> Range<Int> {
    let units = (count + 7) / 8
    return min(8 * (units * rank / size), count)..<min(8 * (units * (rank + 1) / size), count)
  }

  /// The aligned runs of a rank's samples, with their levels.
  func blocks(of rank: Int) -> [(range: Range<Int>, level: Int)] {
    Array(BlockPartition(of: Self.range(of: rank, of: communicator.size, in: count), in: count))
  }

  /// An aligned run of a rank's samples: a subtree of the batch's tree.
  public struct Run: Hashable, Sendable {
    /// Its samples, counted from the rank's first sample.
    public let own: Range<Int>
    /// Its first sample in the batch.
    public let start: Int
    /// Its level in the tree; see `GradientAccumulator.level`.
    public let level: Int
  }

  /// This rank's aligned runs.
  public var runs: [Run] {
    blocks(of: communicator.rank).map { block in
      let first = block.range.lowerBound - range.lowerBound
      return Run(
        own: first..<(first + block.range.count), start: block.range.lowerBound, level: block.level)
    }
  }

  /// Every rank's runs in the order of the batch, as (start, level).
  var nodes: [(start: Int, level: Int)] {
    (0..<communicator.size).flatMap { blocks(of: $0).map { ($0.range.lowerBound, $0.level) } }
  }

  /// A sum of `count` numbers over the whole batch; `ofSamples` computes them for one run of this rank's samples.
  ///
  /// `ofSamples` must sum by rule 2 of the numeric contract, in Double. There is one exchange of `count` numbers per
  /// run.
  public func sum(_ count: Int, _ ofSamples: (Range<Int>) -> Tensor<Double>) -> Tensor<Double> {
    let own = runs.map { ofSamples($0.own) }
    precondition(own.allSatisfy { $0.count == count }, "sums of \(own.map(\.shape)), not of \(count)")
    return finished(
      gathered(Tensor(joining: own, shape: [own.count, count]), rows: { blocks(of: $0).count }))
  }

  /// The tree over all ranks' runs; `sums` has one row per run.
  func finished<Element: Real>(_ sums: Tensor<Element>) -> Tensor<Element> {
    let width = sums.shape.columns
    var counter = TreeCounter<Element>()
    for (row, node) in nodes.enumerated() {
      counter.push(
        sums.view(at: row * width, shape: [width]), start: node.start, level: node.level)
    }
    return counter.total ?? .zeros([width])
  }

  /// All samples' rows in the order of the batch; `own` holds this rank's rows.
  public func gatheredSamples<Element: Real>(_ own: Tensor<Element>) -> Tensor<Element> {
    let all = gathered(
      own.reshaped([own.shape[0], own.sampleCount]),
      rows: { Self.range(of: $0, of: communicator.size, in: count).count })
    return all.reshaped(Shape([count] + own.shape.extents.dropFirst()))
  }

  /// The rows of all ranks, concatenated in rank order; rank r has `rows(r)` of them.
  func gathered<Element: Real>(_ own: Tensor<Element>, rows: (Int) -> Int) -> Tensor<Element> {
    let width = own.shape.columns
    let counts = (0..<communicator.size).map(rows)
    precondition(own.shape == [counts[communicator.rank], width], "rows of \(own.shape)")
    let lengths = counts.map { $0 * width * MemoryLayout<Element>.stride }
    communicator.traffic.add(received: lengths.reduce(0, +) - lengths[communicator.rank])
    let total = counts.reduce(0, +)
    return Tensor(shape: [total, width]) { target in
      own.withPointer { source in
        communicator.allGather(
          UnsafeRawBufferPointer(start: source, count: lengths[communicator.rank]), lengths: lengths,
          into: UnsafeMutableRawBufferPointer(start: target, count: lengths.reduce(0, +)))
      }
    }
  }
}
