import EscapementArtifacts
import Foundation

/// A long-tailed training set with its balanced test set: the data that a recipe names.
public struct LongTailedData: Sendable {
  /// The name in recipes: "cifar10-lt100", "fixture".
  public let name: String
  /// The training images kept, class by class in the subset's order.
  public let train: any LabeledImages
  /// The test images.
  public let test: any LabeledImages
  /// Head, mid and tail classes.
  public let groups: ClassGroups
  /// The images of the full set that are kept; nil if there is no full set.
  public let subset: LongTailedSubset?
  /// The profile that the subset was cut to.
  public let profile: ImbalanceProfile?
  /// The labels of the full training set.
  let fullLabels: [Int]?
  /// The lists or folders of which it was made; nil for other data.
  public let listing: ImageListing?

  /// Combines the parts of a set that is already long-tailed.
  public init(
    name: String, train: any LabeledImages, test: any LabeledImages, groups: ClassGroups,
    listing: ImageListing? = nil
  ) {
    self.name = name
    self.train = train
    self.test = test
    self.groups = groups
    subset = nil
    profile = nil
    fullLabels = nil
    self.listing = listing
  }

  /// Reduces a balanced set to a profile. A class with fewer images than the profile keeps is a programming error.
  public init(
    name: String, full: any LabeledImages, test: any LabeledImages, groups: ClassGroups,
    profile: ImbalanceProfile, selection: LongTailedSubset.Selection = .published()
  ) {
    let subset = LongTailedSubset(labels: full.labels, profile: profile, selection: selection)
    self.name = name
    train = full.selecting(subset.positions)
    self.test = test
    self.groups = groups
    self.subset = subset
    self.profile = profile
    fullLabels = full.labels
    listing = nil
  }

  /// The number of training images of each class.
  public var counts: [Int] { train.classCounts }

  /// The effective-number weights of the training counts, which deferred re-weighting applies.
  public var effectiveNumberWeights: [Double] { ClassWeights.effectiveNumber(counts: counts) }

  /// The long-tailed subset of that name, from the files at `url` (see `CIFARData`).
  public static func cifar(_ name: DataName, at url: URL) throws -> LongTailedData {
    let full = try CIFARData(name.set, at: url, labels: name.labels)
    let perClass = name.set.trainingCount / full.train.classes
    let counts = full.train.classCounts
    guard counts == Array(repeating: perClass, count: full.train.classes) else {
      throw DataError(
        file: url.path, place: "training labels", found: "class counts \(counts)",
        expected: "\(perClass) images of each of \(full.train.classes) classes",
        advice: "this is not \(name.set.rawValue)'s training set")
    }
    return LongTailedData(
      name: name.description, full: full.train, test: full.test, groups: name.groups, profile: name.profile,
      selection: name.selection)
  }

  /// The synthetic data set of ten or a hundred classes (see `FixtureStore`).
  public static func fixture(_ fixture: FixtureStore = .ten) throws -> LongTailedData {
    let parts = try fixture.load()
    return LongTailedData(
      name: fixture.dataName, train: parts.train, test: parts.test,
      groups: ClassGroups(byIndex: .longTailed, classes: parts.train.classes))
  }

  /// A packed fixture in a directory (see `PackedFixture`), made from your own images.
  public static func packed(_ directory: URL) throws -> LongTailedData {
    try packed(PackedFixture.read(directory))
  }

  /// The images of a packed fixture, named "packed".
  public static func packed(_ fixture: FixturePair) -> LongTailedData {
    LongTailedData(
      name: "packed", train: fixture.train, test: fixture.test,
      groups: ClassGroups(byIndex: .longTailed, classes: fixture.train.classes))
  }

  /// The names that `named` accepts.
  public static let knownNames =
    "fixture, fixture100, packed, and cifar10, cifar100 or cifar100coarse: alone (all images), or with -ltβ or -stepβ, "
    + "and -first for the first images of each class (cifar10-lt100, cifar100-step50-first)"

  /// Names to complete and to compare a mistyped one with: those of the papers' tables are among them.
  package static let commonNames =
    FixtureStore.all.map(\.dataName) + ["packed"] + listedNames + DataName.sets
    + DataName.sets.flatMap { set in
      ["lt10", "lt50", "lt100", "lt200", "step10", "step50", "step100", "lt100-first"].map { "\(set)-\($0)" }
    }

  /// The name under which recipes record a data set: `cifar10-lt1` for `cifar10`. Unknown names stay as they are.
  package static func canonicalName(_ name: String) -> String { DataName(name)?.description ?? name }

  /// The names of data sets that are published as lists of images of any size.
  public static let listedNames = ["imagenet-lt", "inat18"]

  /// The data that a recipe names; `url` holds the files of data sets that are not embedded.
  /// - Throws: `MissingError` if such a data set is requested without a location; for an unknown name an error of exit
  ///   code 64 with the nearest known one.
  public static func named(_ name: String, at url: URL?) throws -> LongTailedData {
    if let fixture = FixtureStore.all.first(where: { $0.dataName == name }) { return try .fixture(fixture) }
    if listedNames.contains(name) {
      throw MissingError(
        what: "the list of \(name)'s images",
        advice: "give its published lists: --images TRAIN.txt --test TEST.txt --root DIR")
    }
    let cifar = DataName(name)
    guard cifar != nil || name == "packed" else {
      throw UnknownName("the data set", name, known: commonNames, advice: "known are \(knownNames)")
    }
    guard let url else {
      throw MissingError(
        what: "the place of \(name)'s images", advice: "give the directory or archive with --data")
    }
    return try cifar.map { try .cifar($0, at: url) } ?? .packed(url)
  }
}
