/// The head, mid and tail classes over which accuracies are averaged.
public struct ClassGroups: Hashable, Sendable {
  /// Class indices with many images.
  public let head: [Int]
  /// Class indices between head and tail; empty for step imbalance.
  public let mid: [Int]
  /// Class indices with few images.
  public let tail: [Int]

  /// The fixed split by class index of the NeurIPS 2022 paper (supplement, section C): 3/4/3 of ten classes, 36/35/29
  /// of a hundred, for every β; halves under step imbalance.
  ///
  /// Other numbers of classes are divided in the same proportions as ten.
  public init(byIndex kind: ImbalanceProfile.Kind, classes: Int) {
    let ends: (Int, Int)
    switch (kind, classes) {
    case (.step, _): ends = (classes / 2, classes / 2)
    case (.longTailed, 100): ends = (36, 71)
    case (.longTailed, _): ends = (classes * 3 / 10, classes - classes * 3 / 10)
    }
    head = Array(0..<ends.0)
    mid = Array(ends.0..<ends.1)
    tail = Array(ends.1..<classes)
  }

  /// The split by counts of SSE-SAM and ImbSAM: head above `many`, tail below `few`.
  ///
  /// The released thresholds are 100 and 20 for CIFAR-100, 1000 and 200 for CIFAR-10.
  public init(byCount counts: [Int], many: Int, few: Int) {
    head = counts.indices.filter { counts[$0] > many }
    mid = counts.indices.filter { counts[$0] <= many && counts[$0] >= few }
    tail = counts.indices.filter { counts[$0] < few }
  }

  /// The split of an image list: the published one by rank for the 1,000 classes of ImageNet-LT and the 8,142 of
  /// iNaturalist 2018, thirds by rank for any other number of classes.
  public init(ofList counts: [Int]) {
    switch counts.count {
    case 1000: self.init(byRank: counts, head: 390, tail: 165)
    case 8142: self.init(byRank: counts, head: 842, tail: 3599)
    default: self.init(byRank: counts, head: counts.count / 3, tail: counts.count / 3)
    }
  }

  /// The split by rank of the large data sets: the `head` classes with the most images, the `tail` classes with the
  /// fewest, the rest between them. Classes with equal counts are ranked by index.
  ///
  /// 390/445/165 for ImageNet-LT's 1,000 classes, 842/3701/3599 for iNaturalist 2018's 8,142.
  public init(byRank counts: [Int], head: Int, tail: Int) {
    precondition(
      head >= 0 && tail >= 0 && head + tail <= counts.count, "\(head) and \(tail) of \(counts.count) classes")
    let ranked = counts.indices.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
    self.head = ranked.prefix(head).sorted()
    mid = ranked.dropFirst(head).dropLast(tail).sorted()
    self.tail = ranked.suffix(tail).sorted()
  }
}
