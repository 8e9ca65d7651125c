import EscapementArtifacts
import Foundation

/// A data set given as lists of image files, or as directories with one directory per class: where they are, and what
/// is made of their images.
///
/// It is written to `run.json`, so that a run can be resumed and measured without repeating it. Paths are kept as they
/// were given.
public struct ImageListing: Hashable, Sendable {
  /// What is done about an image that cannot be read.
  public enum BadImageAction: String, Hashable, Sendable, CaseIterable {
    /// It is an error.
    case stop
    /// The image is left out, and named in the record.
    case skip
  }

  /// The member of a run's provenance that holds it.
  public static let key = "listing"
  /// The allowed sides of inputs, in pixels: below 8 the last stage of a ResNet has nothing left to pool.
  public static let sides = 8...1024
  /// The most images that may be left out.
  public static let skippedLimit = 10_000

  /// The list or directory of training images.
  public var train: String
  /// The list or directory of test images; nil: of each class every tenth image of `train`, beginning with the first, is
  /// held out for the test, except of a class with one image.
  public var test: String?
  /// The directory below which the lists' paths lie; for a directory, itself.
  public var root: String
  /// The number of classes; nil: one more than the largest label of the training list, or the directories there are.
  public var classes: Int?
  /// The side of an input in pixels.
  public var side: Int
  /// The profile to which the training images are cut; nil for none.
  public var imbalance: ImbalanceProfile.Shape?
  /// What is done about an image that cannot be read.
  public var onBadImage: BadImageAction
  /// What is done with the orientation that a file states.
  public var orientation: ExifOrientation
  /// The names of the classes by label, where the training images are a directory; filled in by `load`.
  public private(set) var classNames: [String]?
  /// The paths of images that were left out, training images first; filled in by `load`.
  public private(set) var skipped: [String] = []
  /// The number of images of whose files the decoders warned; filled in by `load`. It is not recorded, because it
  /// depends on the versions of the libraries.
  public private(set) var warnings = 0
  /// The path of the first of them and the decoder's words; nil if there is none.
  public private(set) var firstWarning: String?

  /// A listing; nothing is read yet. `side` must lie in `sides`.
  public init(
    train: String, test: String? = nil, root: String, classes: Int? = nil, side: Int = 224,
    imbalance: ImbalanceProfile.Shape? = nil, onBadImage: BadImageAction = .stop,
    orientation: ExifOrientation = .ignored
  ) {
    precondition(Self.sides.contains(side), "inputs of \(side) pixels")
    self.train = train
    self.test = test
    self.root = root
    self.classes = classes
    self.side = side
    self.imbalance = imbalance
    self.onBadImage = onBadImage
    self.orientation = orientation
  }

  /// The JSON object that `init(_:)` reads.
  public var json: JSON {
    [
      "train": .string(train), "test": test.map { .string($0) } ?? .null, "root": .string(root),
      "classes": classes.map { .integer($0) } ?? .null, "side": .integer(side),
      "imbalance": imbalance.map { .string($0.description) } ?? .null,
      "on_bad_image": .string(onBadImage.rawValue), "skipped": .array(skipped.map { .string($0) }),
      "exif_orientation": .string(orientation.rawValue),
      "class_names": classNames.map { .array($0.map { .string($0) }) } ?? .null,
    ]
  }

  /// Reads what `json` wrote. Throws a `DataError` for a missing or wrong member.
  public init(_ object: JSONCursor) throws {
    func choice<Value>(_ key: String, _ expected: String, _ make: (String) -> Value?) throws -> Value? {
      guard let field = try object.optionalField(key) else { return nil }
      let text = try field.string()
      guard let value = make(text) else { throw field.fault(found: "\"\(text)\"", expected: expected) }
      return value
    }
    let side = try object.field("side")
    guard Self.sides.contains(try side.integer()) else {
      throw side.fault(found: "\(try side.integer())", expected: "\(Self.sides)")
    }
    let classes = try object.optionalField("classes")
    if let classes, !(1...ImageList.classLimit).contains(try classes.integer()) {
      throw classes.fault(found: "\(try classes.integer())", expected: "1 to \(ImageList.classLimit)")
    }
    self.init(
      train: try object.field("train").string(), test: try object.optionalField("test")?.string(),
      root: try object.field("root").string(), classes: try classes?.integer(), side: try side.integer(),
      imbalance: try choice("imbalance", "text such as lt100 or step50") { ImbalanceProfile.Shape($0) },
      onBadImage: try choice("on_bad_image", "stop or skip") { BadImageAction(rawValue: $0) } ?? .stop,
      orientation: try choice("exif_orientation", "ignored or applied") { ExifOrientation(rawValue: $0) }
        ?? .ignored)
    classNames = try object.optionalField("class_names")?.elements().map { try $0.string() }
    skipped = try object.field("skipped").elements().map { try $0.string() }
  }

  /// Reads the lists and decodes every image once.
  ///
  /// - Parameters:
  ///   - name: the data set's name in the recipe; it chooses the normalization (`inat18` has its own).
  ///   - root: replaces the root of the listing, for images that have moved. Directories, and lists that are gone, are
  ///     then looked for where they were relative to the root.
  ///   - progress: called with the numbers of images decoded and to decode; what it throws ends the reading.
  /// - Throws: `MissingError` or `DataError` for a list or, with `.stop`, an image that cannot be read; `DataError` for a
  ///   class without training images, or with fewer than the profile keeps.
  public func load(
    name: String, root: URL? = nil, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> LongTailedData {
    let preparation = ImagePreparation(
      side: side, normalization: name.hasPrefix("inat18") ? .iNaturalist2018 : .imageNet,
      orientation: orientation)
    func set(_ path: String, testing training: ImageList? = nil) throws -> ListedImageSet {
      try ListedImageSet(
        at: location(of: path, below: root), root: root ?? URL(fileURLWithPath: self.root, isDirectory: true),
        classes: classes, testing: training, preparation: preparation, name: name)
    }
    let full = try set(train)
    let given = try test.map { try set($0, testing: full.list) }
    let total = full.count + (given?.count ?? 0)
    var listing = self
    listing.classNames = full.list.classNames
    (listing.skipped, listing.warnings, listing.firstWarning) = ([], 0, nil)
    let scan = try ImageScan(full) { try progress($0, total) }
    var kept = try listing.readable(full, scan)
    let test: ListedImageSet
    if let given {
      let scan = try ImageScan(given) { try progress(full.count + $0, total) }
      test = try Self.part(given, try listing.readable(given, scan), scan)
    } else {
      let held = Self.heldOut(kept.map { full.labels[$0] }, classes: full.classes)
      test = try Self.part(full, zip(kept, held).filter(\.1).map(\.0), scan)
      kept = zip(kept, held).filter { !$0.1 }.map(\.0)
    }
    if let imbalance { kept = try cut(kept, of: full, to: imbalance) }
    let train = try Self.part(full, kept, scan)
    if let empty = train.classCounts.firstIndex(of: 0) {
      throw DataError(
        file: self.train, found: "no training image of class \(listing.classNames?[empty] ?? String(empty))",
        expected: "at least one of each of \(train.classes) classes",
        advice: listing.classNames == nil ? "number the classes from 0" : nil)
    }
    return LongTailedData(
      name: name, train: train, test: test, groups: ClassGroups(ofList: train.classCounts), listing: listing)
  }

  /// Where a list or directory is; see `load`.
  private func location(of path: String, below root: URL?) -> URL {
    let url = URL(fileURLWithPath: path)
    var status = stat()
    guard let root, stat(url.path, &status) != 0 || status.st_mode & S_IFMT == S_IFDIR else { return url }
    let old = URL(fileURLWithPath: self.root, isDirectory: true).standardizedFileURL.pathComponents
    let parts = url.standardizedFileURL.pathComponents
    let shared = zip(old, parts).prefix { $0.utf8.elementsEqual($1.utf8) }.count
    let way = old[shared...].map { _ in ".." } + parts[shared...]
    let moved = way.reduce(root) { $0.appendingPathComponent($1) }
    return access(moved.path, F_OK) == 0 ? moved : url
  }

  /// The positions of the images that can be read; notes the warnings and the others, or throws the first one's error.
  private mutating func readable(_ set: ListedImageSet, _ scan: ImageScan) throws -> [Int] {
    if let first = scan.warnings.first {
      firstWarning = firstWarning ?? "\(set.list.paths[first.position]): \(first.words)"
      warnings += scan.warnings.count
    }
    let faults = scan.faults
    // A build that decodes no image of this kind would leave them all out.
    let stopping = faults.first { onBadImage == .stop || CompressedImage.isUnavailable($0.error) }
    if let stopping { throw stopping.error }
    skipped += faults.map { set.list.paths[$0.position] }
    guard skipped.count <= Self.skippedLimit else {
      throw DataError(
        file: set.list.file,
        found: "\(skipped.count) images that cannot be read, the first: \(faults[0].error)",
        expected: "at most \(Self.skippedLimit)", advice: "look at the directory of the images")
    }
    let bad = Set(faults.map(\.position))
    return set.labels.indices.filter { !bad.contains($0) }
  }

  private static func part(
    _ set: ListedImageSet, _ positions: [Int], _ scan: ImageScan
  ) throws -> ListedImageSet {
    ListedImageSet(
      set.list.selecting(positions), root: set.root, preparation: set.preparation, name: set.provenance.name,
      pixelsDigest: try scan.pixelsDigest(positions))
  }

  /// Whether each sample is held out for the test.
  private static func heldOut(_ labels: [Int], classes: Int) -> [Bool] {
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    var seen = [Int](repeating: 0, count: classes)
    return labels.map { label in
      defer { seen[label] += 1 }
      return counts[label] > 1 && seen[label] % 10 == 0
    }
  }

  /// The positions that the profile keeps: m is the smallest class's count, and the images are drawn as for CIFAR.
  private func cut(
    _ kept: [Int], of set: ListedImageSet, to shape: ImbalanceProfile.Shape
  ) throws -> [Int] {
    let labels = kept.map { set.labels[$0] }
    let counts = labels.reduce(into: [Int](repeating: 0, count: set.classes)) { $0[$1] += 1 }
    let smallest = counts.min() ?? 0
    guard set.classes >= 2, Double(smallest) >= shape.ratio else {
      throw DataError(
        file: train, found: "\(set.classes) classes, the smallest of \(smallest) images",
        expected: "at least 2 classes of \(Int(shape.ratio.rounded(.up))) images for \(shape)",
        advice: "take a smaller ratio")
    }
    let profile = ImbalanceProfile(
      kind: shape.kind, ratio: shape.ratio, classes: set.classes, perClass: smallest)
    return LongTailedSubset(labels: labels, profile: profile).positions.map { kept[$0] }
  }
}
