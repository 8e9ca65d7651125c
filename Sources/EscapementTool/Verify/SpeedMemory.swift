import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementKernels

/// Costs that were measured on this machine recently, in a file of the user's cache.
///
/// The cache is only a convenience: an unreadable file is ignored with one line, and a file that cannot be written is
/// ignored silently.
struct SpeedMemory {
  /// Numbers that were measured together.
  struct Entry: Equatable {
    /// Seconds since 1970.
    var measured: Double
    /// The numbers by name.
    var numbers: [String: Double]
  }

  /// The version of the file's layout.
  static let schema = 1
  /// The time for which a measurement is used, in seconds: seven days.
  static let lifetime = 7.0 * 86_400

  /// The file; with nil, everything is kept in memory.
  let file: URL?
  /// The measurements, by machine, version and case.
  private(set) var entries: [String: Entry] = [:]
  /// Everything that affects the speed: CPU, threads, numeric contract and version.
  private let machine: String
  private let now: () -> Double

  /// The cache in a file, which is read immediately. The clock dates measurements, which are used for seven days; no
  /// result depends on it. `machine` and `now` are those of this machine and its clock; tests pass others.
  init(
    file: URL?, machine: String = SpeedMemory.thisMachine,
    now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) {
    self.file = file
    self.machine = machine
    self.now = now
    guard let file, FileManager.default.fileExists(atPath: file.path) else { return }
    do { entries = try Self.read(file) } catch {
      Console.note(Failure.oneLine("speeds measured before are left aside: \(error)"))
    }
  }

  /// `escapement/speed.json` below XDG_CACHE_HOME, or below `.cache` at home; nil without either.
  static var place: URL? {
    let environment = ProcessInfo.processInfo.environment
    func absolute(_ name: String) -> URL? {
      // The base directory specification requires that relative paths are ignored.
      environment[name].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0, isDirectory: true) : nil }
    }
    let base = absolute("XDG_CACHE_HOME") ?? absolute("HOME")?.appendingPathComponent(".cache")
    return base?.appendingPathComponent("escapement/speed.json")
  }

  /// CPU model, instruction set, threads, numeric contract and version, as text.
  static var thisMachine: String {
    let isa = String(cString: ek_isa_name(ek_isa_current()))
    return "\(cpuModel), \(isa), \(ek_threads_current()) threads, contract \(NumericContract.current), "
      + "escapement \(PackageVersion.current)"
  }

  /// The processor's name from Linux, or the machine's architecture if there is none.
  private static var cpuModel: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    if let name = line?.split(separator: ":", maxSplits: 1).last {
      return name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// The measurement of a case in the last seven days; nil if there is none.
  func numbers(of name: String) -> [String: Double]? {
    guard let entry = entries[key(name)] else { return nil }
    let age = now() - entry.measured
    // A measurement dated in the future, from before the clock was set back, is not used.
    return age >= 0 && age <= Self.lifetime ? entry.numbers : nil
  }

  /// Stores a new measurement of a case, in the file if it can be written.
  mutating func keep(_ numbers: [String: Double], of name: String) {
    entries[key(name)] = Entry(measured: now(), numbers: numbers)
    let oldest = now() - Self.lifetime
    entries = entries.filter { $0.value.measured >= oldest }
    guard let file else { return }
    try? FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? AtomicFile.write(json, to: file)
  }

  private func key(_ name: String) -> String { "\(machine): \(name)" }

  private var json: JSON {
    [
      "schema": .integer(Self.schema),
      "entries": .object(
        entries.mapValues { entry in
          ["measured": .number(entry.measured), "numbers": .object(entry.numbers.mapValues { .number($0) })]
        }),
    ]
  }

  private static func read(_ file: URL) throws -> [String: Entry] {
    let top = JSONCursor(try JSON(contentsOf: file), file: file.path)
    let schema = try top.field("schema")
    guard try schema.integer() == Self.schema else { throw schema.fault(expected: "\(Self.schema)") }
    let field = try top.field("entries")
    guard let members = field.value.object else { throw field.fault(expected: "an object") }
    var entries: [String: Entry] = [:]
    for name in members.keys {
      let entry = try field.field(name)
      let numbers = try entry.field("numbers")
      guard let values = numbers.value.object else { throw numbers.fault(expected: "an object") }
      entries[name] = Entry(
        measured: try entry.field("measured").double(),
        numbers: try Dictionary(
          uniqueKeysWithValues: values.keys.map { key in
            let cursor = try numbers.field(key)
            let number = try cursor.double()
            guard number.isFinite, number > 0 else { throw cursor.fault(expected: "a number above 0") }
            return (key, number)
          }))
    }
    return entries
  }
}
