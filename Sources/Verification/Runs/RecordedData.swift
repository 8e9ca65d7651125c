import EscapementArtifacts
import EscapementLongTail
import EscapementTraining

/// The images of a run as described by `run.json`, checked against the name of the data.
struct RecordedData {
  /// The number of training images of each class.
  let classCounts: [Int]
  /// The number of training images.
  let trainingSamples: Int
  /// The number of test images.
  let testSamples: Int
  /// The number of test images of each class; nil if the name does not determine it.
  let testCounts: [Int]?
  /// The classes of head, mid and tail.
  let groups: [(metric: RunMetric, name: String, labels: [Int])]

  /// The number of classes.
  var classes: Int { classCounts.count }

  /// The largest number of images of a set, which keeps every sum over them below 2⁶³.
  static let imageLimit = 1_000_000_000

  /// Reads the data description of a record.
  ///
  /// Throws a `DataError` for groups that share a class or are not the data set's, for counts that contradict each
  /// other or the name, and for digests that are not those of the images named in the record.
  init(_ record: RunRecord) throws {
    let (document, name) = (record.document, record.recipe.data)
    let known = NamedData(name)
    let counts = try document.field("class_counts")
    for cursor in try counts.elements() { _ = try Self.count(cursor) }
    classCounts = record.classCounts
    // The sum is at most 10⁹ times the number of classes that fit in 16 MiB, so it does not overflow.
    trainingSamples = classCounts.reduce(0, +)
    guard trainingSamples <= Self.imageLimit else {
      throw counts.fault(
        found: "\(trainingSamples) images", expected: "at most \(Self.imageLimit)")
    }
    if let known { try Self.require(classCounts, known.classCounts, counts, of: name) }
    let test = try document.field("test_samples")
    testSamples = try Self.count(test)
    testCounts = known?.testCounts
    if let known {
      let expected = known.testCounts.reduce(0, +)
      guard testSamples == expected else {
        throw test.fault(found: "\(testSamples) images", expected: "the \(expected) of \(name)'s test set")
      }
    }
    groups = try Self.groups(record, known?.groups)
    if let known { try checkProvenance(document.field("provenance"), known, name) }
  }

  private static func count(_ cursor: JSONCursor) throws -> Int {
    let count = try cursor.integer(atLeast: 0)
    guard count <= imageLimit else {
      throw cursor.fault(found: "\(count) images", expected: "at most \(imageLimit)")
    }
    return count
  }

  /// Throws an error unless the counts agree with the name.
  private static func require(
    _ found: [Int], _ expected: [Int], _ place: JSONCursor, of name: String
  ) throws {
    guard found != expected else { return }
    guard found.count == expected.count else {
      throw place.fault(found: "\(found.count) classes", expected: "the \(expected.count) of \(name)")
    }
    let label = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }!.offset
    throw place.fault(
      found: "\(found[label]) images of class \(label)", expected: "the \(expected[label]) of \(name)")
  }

  private static func groups(
    _ record: RunRecord, _ known: ClassGroups?
  ) throws -> [(metric: RunMetric, name: String, labels: [Int])] {
    let names: [(RunMetric, String, [Int], [Int]?)] = [
      (.head, "head", record.head, known?.head), (.mid, "mid", record.mid, known?.mid),
      (.tail, "tail", record.tail, known?.tail),
    ]
    let (places, classes) = (try record.document.field("groups"), record.classCounts.count)
    var taken: Set<Int> = []
    return try names.map { metric, group, labels, expected in
      let list = try places.field(group)
      guard labels.allSatisfy({ $0 < classes }), Set(labels).count == labels.count else {
        throw list.fault(found: "\(labels.prefix(20))", expected: "different classes below \(classes)")
      }
      if let shared = labels.first(where: taken.contains) {
        throw list.fault(found: "class \(shared)", expected: "a class that is in no other group")
      }
      taken.formUnion(labels)
      if let expected, labels.sorted() != expected {
        throw list.fault(
          found: "\(labels.prefix(20))",
          expected: "\(expected.prefix(20)), the \(group) of \(record.recipe.data)")
      }
      return (metric, group, labels)
    }
  }

  /// Throws an error unless the manifest's summary agrees with the data of this name.
  private func checkProvenance(_ provenance: JSONCursor, _ known: NamedData, _ name: String) throws {
    let data = try provenance.field("data")
    guard try data.string() == name else {
      throw data.fault(found: try data.string(), expected: "\(name), as the recipe says")
    }
    for (part, counts, digest) in [
      ("train", known.classCounts, known.trainDigest), ("test", known.testCounts, known.testDigest),
    ] {
      let cursor = try provenance.field(part)
      let list = try cursor.field("counts")
      try Self.require(list.elements().map { try Self.count($0) }, counts, list, of: name)
      let images = try cursor.field("pictures")
      guard try images.integer() == counts.reduce(0, +) else {
        throw images.fault(
          found: "\(try images.integer())", expected: "\(counts.reduce(0, +)), the sum of its counts")
      }
      let source = try cursor.field("name")
      guard try source.string() == known.source else {
        throw source.fault(found: try source.string(), expected: known.source)
      }
      try Self.checkKind(cursor, known, digest)
    }
  }

  /// Published images have the published digest, and others do not; synthetic images are always the generator's.
  private static func checkKind(_ part: JSONCursor, _ known: NamedData, _ digest: String?) throws {
    let kind = try part.field("kind")
    let stated = try kind.string()
    let source = try part.field("source_sha256")
    let found = try source.digest().hex
    if let always = known.kind, stated != always.rawValue {
      throw kind.fault(found: "\"\(stated)\"", expected: "\"\(always.rawValue)\", as \(known.source) is")
    }
    guard let digest else { return }
    let isKnown = found == digest
    let isStated = stated == ImageProvenance.Kind.published.rawValue || known.kind != nil
    guard isKnown == isStated else {
      throw source.fault(
        found: found,
        expected: isStated
          ? "\(digest), that of \(known.source)" : "another than that of the published images")
    }
  }
}
