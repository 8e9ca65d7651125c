import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The positions of a mini-batch that a rank holds: its share of each run of samples that is evaluated as a batch.
struct BatchDivision: Sendable {
  /// The runs that are evaluated as batches: the whole batch, or the shards.
  let parts: [Range<Int>]
  let ranks: Int

  /// A rank's positions in a part.
  func range(of rank: Int, in part: Range<Int>) -> Range<Int> {
    let share = BatchShare.range(of: rank, of: ranks, in: part.count)
    return (part.lowerBound + share.lowerBound)..<(part.lowerBound + share.upperBound)
  }

  /// A rank's positions in all parts, part by part.
  func positions(of rank: Int) -> [Int] { parts.flatMap { Array(range(of: rank, in: $0)) } }
}

/// A step's mini-batch as the oracle uses it: any run of its samples, or, if it is divided between ranks, the runs by
/// which it was divided.
struct DividedBatch<Element: Real>: Sendable {
  /// The labels of the whole batch.
  let labels: [Int]
  private let images: Tensor<Element>
  private let secondView: Tensor<Element>?
  private let division: (parts: BatchDivision, communicator: any Communicator)?

  /// A batch of which this process holds all samples.
  init(_ batch: LabeledBatch<Element>) {
    labels = batch.labels
    images = batch.images
    secondView = batch.secondView
    division = nil
  }

  /// A rank's samples of a batch of `count`; the ranks exchange their labels.
  init(
    own: LabeledBatch<Element>, of count: Int, _ division: BatchDivision, _ communicator: any Communicator
  ) {
    let positions = (0..<communicator.size).map { division.positions(of: $0) }
    precondition(own.count == positions[communicator.rank].count, "\(own.count) samples of a rank")
    let gathered = communicator.gathered(own.labels.map(Int32.init), counts: positions.map(\.count))
    var labels = [Int](repeating: 0, count: count)
    for (position, label) in zip(positions.joined(), gathered) { labels[position] = Int(label) }
    self.labels = labels
    images = own.images
    secondView = own.secondView
    self.division = (division, communicator)
  }

  /// The samples of a range of positions, as a batch.
  func batch(_ range: Range<Int>) -> LabeledBatch<Element> {
    let labels = Array(labels[range])
    guard let (division, communicator) = division else {
      var batch = LabeledBatch(images: images.samples(range), labels: labels)
      batch.secondView = secondView?.samples(range)
      return batch
    }
    guard let index = division.parts.firstIndex(of: range) else {
      preconditionFailure("samples \(range) of a batch divided by \(division.parts)")
    }
    let before = division.parts[..<index].reduce(0) {
      $0 + division.range(of: communicator.rank, in: $1).count
    }
    let own = division.range(of: communicator.rank, in: range).count
    var batch = LabeledBatch(
      images: images.samples(before..<(before + own)), labels: labels,
      share: BatchShare(communicator, of: range.count))
    batch.secondView = secondView?.samples(before..<(before + own))
    return batch
  }

  /// Throws if an exchange between ranks failed.
  func check() throws { try division?.communicator.check() }

  /// All samples, as a batch.
  var whole: LabeledBatch<Element> { batch(0..<labels.count) }
}
