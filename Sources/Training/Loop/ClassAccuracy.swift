import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// Correct classifications per class, as integer counts.
public struct ClassAccuracy: Hashable, Sendable {
  /// The number of correctly classified samples of each class.
  public private(set) var correct: [Int]
  /// The number of samples of each class.
  public private(set) var samples: [Int]
  /// The number of samples whose logits contain a NaN; they count as wrong.
  public private(set) var notANumber = 0

  /// Classifies all samples of a source by the largest logit (the lowest class among equal ones) under running
  /// statistics, `partSize` samples at a time. With `.flip` it uses the sum of the logits of an image and its mirror
  /// image. If `range` is given, it classifies only those samples.
  public init<Element: Real>(
    network: Network, parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    over source: any SampleSource<Element>, partSize: Int = 100, testTime: TestTimeAugmentation = .none,
    range: Range<Int>? = nil
  ) throws {
    (self, _) = try Self.counted(
      network: network, parameters: parameters, statistics: statistics, over: source, partSize: partSize,
      testTime: testTime, range: range)
  }

  private init(classes: Int) {
    correct = Array(repeating: 0, count: classes)
    samples = correct
  }

  /// The counts of the initializer and, with `.flip`, those of the images as they are, from the same logits.
  static func counted<Element: Real>(
    network: Network, parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    over source: any SampleSource<Element>, partSize: Int = 100, testTime: TestTimeAugmentation,
    range: Range<Int>?
  ) throws -> (ClassAccuracy, plain: ClassAccuracy?) {
    var counts = ClassAccuracy(classes: network.classes)
    var plain = testTime == .flip ? counts : nil
    let objective = Objective<Element>(network: network)
    let range = range ?? 0..<source.labels.count
    for start in stride(from: range.lowerBound, to: range.upperBound, by: partSize) {
      let batch = try source.batch(start..<min(start + partSize, range.upperBound))
      var logits = objective.logits(at: parameters, statistics: statistics, images: batch.images)
      if testTime == .flip {
        plain?.add(logits, batch.labels)
        // The mean of the two logit vectors, without the factor ½, which does not affect the comparison.
        logits =
          logits
          + objective.logits(
            at: parameters, statistics: statistics, images: batch.images.flippedLeftRight())
      }
      counts.add(logits, batch.labels)
    }
    return (counts, plain)
  }

  private mutating func add<Element: Real>(_ logits: Tensor<Element>, _ labels: [Int]) {
    for (prediction, label) in zip(logits.rowArgmax(), labels) {
      samples[label] += 1
      if prediction == label { correct[label] += 1 }
      if prediction < 0 { notANumber += 1 }
    }
  }

  /// The counts over all ranks' samples, given this rank's counts.
  func summed(over communicator: any Communicator) -> ClassAccuracy {
    let own = correct + samples + [notANumber]
    let all = communicator.gathered(own, counts: Array(repeating: own.count, count: communicator.size))
    let sums = own.indices.map { place in
      (0..<communicator.size).reduce(0) { $0 + all[$1 * own.count + place] }
    }
    var result = self
    result.correct = Array(sums[..<correct.count])
    result.samples = Array(sums[correct.count..<(2 * correct.count)])
    result.notANumber = sums[2 * correct.count]
    return result
  }

  /// The numbers of correct and of all samples of some classes.
  public func counts(of classes: [Int]) -> (correct: Int, samples: Int) {
    classes.reduce((0, 0)) { ($0.0 + correct[$1], $0.1 + samples[$1]) }
  }
}
