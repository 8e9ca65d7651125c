import Artifacts
import Foundation

/// A deterministic computation whose values are on record.
public struct GoldenCase: Sendable {
  /// The group, a folder of the store.
  public var suite: String
  /// The name within the group.
  public var name: String
  /// What the values depend on, by name.
  public var provenance: [String: String]
  /// Computes the values, in order, with unique names.
  public var compute: @Sendable () throws -> [GoldenValue]

  /// A case from its parts.
  public init(
    suite: String, name: String, provenance: [String: String],
    compute: @escaping @Sendable () throws -> [GoldenValue]
  ) {
    self.suite = suite
    self.name = name
    self.provenance = provenance
    self.compute = compute
  }

  /// "suite/name".
  public var path: String { "\(suite)/\(name)" }
}

/// How a computation compares with its record.
public enum GoldenOutcome: Hashable, Sendable {
  /// All values agree.
  case same(count: Int)
  /// They do not; this is where they part.
  case differs(GoldenDifference)
  /// Nothing is on record.
  case missing

  /// Whether all values agree.
  public var agrees: Bool { if case .same = self { true } else { false } }
}

/// The first place where a computation leaves its record.
public struct GoldenDifference: Hashable, Sendable {
  /// The position in the case's list, from 0; nil when the provenance differs.
  public var index: Int?
  /// The name of the value, as recorded if there is one.
  public var name: String
  /// What is on record; nil when the record ended before.
  public var recorded: String?
  /// What was computed; nil when the computation ended before.
  public var found: String?
  /// Representable numbers between the two.
  public var ulps: UInt64?
  /// How many values agree before it.
  public var agreeing: Int

  /// One line for people.
  public var text: String {
    let place = index.map { "value \($0 + 1), " } ?? ""
    let distance = ulps.map { ", \($0) ulp apart" } ?? ""
    return "\(place)\(name): on record \(recorded ?? "nothing"), computed \(found ?? "nothing")\(distance); "
      + "\(agreeing) values before it agree"
  }
}

/// The folder of golden records: `Golden/<suite>/<case>.json`.
public struct GoldenStore: Sendable {
  /// The folder.
  public var root: URL

  /// A store in a folder.
  public init(root: URL) { self.root = root }

  /// The file of a case.
  public func url(of golden: GoldenCase) -> URL {
    root.appendingPathComponent(golden.suite).appendingPathComponent("\(golden.name).json")
  }

  /// Computes a case and compares it with its record. Never writes.
  public func check(_ golden: GoldenCase) throws -> GoldenOutcome {
    let file = url(of: golden)
    guard FileManager.default.fileExists(atPath: file.path) else { return .missing }
    let record = try GoldenRecord(contentsOf: file)
    return Self.compare(try golden.compute(), provenance: golden.provenance, with: record)
  }

  /// Computes a case and puts its values on record. A blank reason throws before anything is computed.
  @discardableResult
  public func accept(_ golden: GoldenCase, reason: String) throws -> GoldenRecord {
    guard reason.contains(where: { !$0.isWhitespace }) else { throw BaselineRefusal.noReason }
    let values = try golden.compute()
    precondition(
      Set(values.map(\.name)).count == values.count, "\(golden.path) gives two values of one name")
    let record = GoldenRecord(reason: reason, provenance: golden.provenance, values: values)
    let file = url(of: golden)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try AtomicFile.write(record.json, to: file)
    return record
  }

  /// Compares computed values with a record, in order.
  public static func compare(
    _ values: [GoldenValue], provenance: [String: String], with record: GoldenRecord
  ) -> GoldenOutcome {
    let keys = Set(provenance.keys).union(record.provenance.keys).sorted()
    for key in keys where provenance[key] != record.provenance[key] {
      return .differs(
        GoldenDifference(
          index: nil, name: "provenance \(key)", recorded: record.provenance[key], found: provenance[key],
          ulps: nil, agreeing: 0))
    }
    for index in 0..<max(values.count, record.values.count) {
      let recorded = index < record.values.count ? record.values[index] : nil
      let found = index < values.count ? values[index] : nil
      if let recorded, let found, recorded.accepts(found) { continue }
      let renamed = recorded?.name != found?.name
      return .differs(
        GoldenDifference(
          index: index, name: (recorded ?? found)!.name, recorded: recorded?.text,
          found: found.map { renamed && recorded != nil ? "\($0.name) \($0.text)" : $0.text },
          ulps: found.flatMap { recorded?.ulps(to: $0) }, agreeing: index))
    }
    return .same(count: values.count)
  }
}
