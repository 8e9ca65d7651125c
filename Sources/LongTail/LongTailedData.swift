import Artifacts
import Foundation

/// A long-tailed training set with its balanced test set: what a recipe's data name stands for.
public struct LongTailedData: Sendable {
  /// The name in recipes: "cifar10-lt100", "fixture".
  public let name: String
  /// The training pictures kept, class by class in the subset's order.
  public let train: ImageSet
  /// The test pictures.
  public let test: ImageSet
  /// Head, mid and tail classes.
  public let groups: ClassGroups
  /// The positions of the training pictures in the full set, where there is one.
  public let positions: [Int]?

  /// Puts the parts together.
  public init(name: String, train: ImageSet, test: ImageSet, groups: ClassGroups, positions: [Int]? = nil) {
    self.name = name
    self.train = train
    self.test = test
    self.groups = groups
    self.positions = positions
  }

  /// Training pictures of each class.
  public var counts: [Int] { train.classCounts }

  /// The effective-number weights of the training counts, which deferred re-weighting applies.
  public var effectiveNumberWeights: [Double] { ClassWeights.effectiveNumber(counts: counts) }

  /// The published long-tailed subset of CIFAR-10 in `directory` (see `CIFAR10`).
  public static func cifar10(
    directory: URL, kind: ImbalanceProfile.Kind = .longTailed, ratio: Double = 100
  ) throws -> LongTailedData {
    let full = try CIFAR10(directory: directory)
    let profile = ImbalanceProfile(kind: kind, ratio: ratio, classes: 10, perClass: 5000)
    let counts = full.train.classCounts
    guard counts == Array(repeating: 5000, count: 10) else {
      throw DataError(
        file: directory.path, place: "training labels", found: "class counts \(counts)",
        expected: "5000 pictures of each of 10 classes", advice: "this is not CIFAR-10's training set")
    }
    let subset = LongTailedSubset(labels: full.train.labels, profile: profile)
    return LongTailedData(
      name: "cifar10-\(kind.rawValue)\(Int(ratio))", train: full.train.selecting(subset.positions),
      test: full.test,
      groups: ClassGroups(byIndex: kind, classes: 10), positions: subset.positions)
  }

  /// The embedded synthetic data set (see `FixtureStore`), with the groups of ten long-tailed classes.
  public static func fixture() throws -> LongTailedData {
    let parts = try FixtureStore.load()
    return LongTailedData(
      name: "fixture", train: parts.train, test: parts.test,
      groups: ClassGroups(byIndex: .longTailed, classes: SyntheticImages.classes))
  }

  /// The data that a recipe names; `directory` holds the files of data sets that are not embedded.
  /// - Throws: `MissingError` when such a data set is asked for without a directory, or under an unknown name.
  public static func named(_ name: String, directory: URL?) throws -> LongTailedData {
    switch name {
    case "fixture": return try fixture()
    case "cifar10-lt100":
      guard let directory else {
        throw MissingError(
          what: "the directory of \(name)'s pictures",
          advice: "give the one of CIFAR-10's binary version with --data")
      }
      return try cifar10(directory: directory)
    default:
      throw MissingError(what: "a data set named \(name)", advice: "known ones are fixture and cifar10-lt100")
    }
  }
}
