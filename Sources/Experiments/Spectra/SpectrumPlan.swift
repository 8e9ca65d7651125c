import EscapementArtifacts
import EscapementOptimizers
import EscapementTraining

/// The losses whose curvature is measured during a run, and the epochs after which it is measured.
///
/// The text form `0,9@10,all` means class 0 after the last epoch, class 9 after every tenth epoch and the last, and the
/// loss over all classes after the last. The time of a spectrum is proportional to the images of its class, so each
/// loss has its own interval.
package struct SpectrumPlan: Hashable, Sendable {
  /// One loss, and the epochs after which its curvature is measured.
  package struct Subject: Hashable, Sendable {
    /// The class; nil is the loss over all classes.
    package let label: Int?
    /// The number of epochs between measurements; nil for one measurement after the last epoch.
    package let every: Int?

    /// A class, or all of them, and the interval.
    package init(_ label: Int?, every: Int? = nil) { (self.label, self.every) = (label, every) }

    /// Whether it is measured after a 0-based epoch of a run of `epochs`.
    package func isDue(after epoch: Int, of epochs: Int) -> Bool {
      epoch + 1 == epochs || every.map { (epoch + 1).isMultiple(of: $0) } ?? false
    }

    /// `9`, `9@10` or `all`.
    var text: String { (label.map(String.init) ?? "all") + (every.map { "@\($0)" } ?? "") }

    /// Whether its measurements include those of another interval.
    func covers(_ other: Subject) -> Bool {
      guard label == other.label, let wanted = other.every else { return label == other.label }
      return every.map { wanted.isMultiple(of: $0) } ?? false
    }
  }

  /// Classes in ascending order, then the loss over all of them; at least one subject, without duplicates.
  package let subjects: [Subject]

  /// The largest class that a plan can name.
  private static let labelLimit = 100_000

  /// A plan. Throws `HyperparameterError` if there are no subjects or duplicates, and for numbers out of range.
  package init(_ subjects: [Subject]) throws {
    let isValid = subjects.allSatisfy { subject in
      (subject.label.map { (0..<Self.labelLimit).contains($0) } ?? true)
        && (subject.every.map { $0 >= 1 } ?? true)
    }
    guard !subjects.isEmpty, isValid, Set(subjects.map(\.label)).count == subjects.count else {
      throw Self.fault(subjects.map(\.text).joined(separator: ","))
    }
    self.subjects = subjects.sorted { ($0.label ?? .max) < ($1.label ?? .max) }
  }

  /// Reads what `text` prints, in any order.
  package init(parsing text: String) throws {
    try self.init(
      text.listed.map { word in
        let parts = word.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let label = Int(parts[0])
        let every = parts.count == 2 ? Int(parts[1]) : nil
        guard label != nil || parts[0] == "all", parts.count == 1 || every != nil else {
          throw Self.fault(text)
        }
        return Subject(label, every: every)
      })
  }

  private static func fault(_ found: String) -> HyperparameterError {
    HyperparameterError(
      name: "spectra", value: String(found.prefix(60)),
      expected:
        "different classes and \"all\", each with @ and epochs between measurements or without, such as 0,9@10,all"
    )
  }

  /// The subjects, separated by commas.
  package var text: String { subjects.map(\.text).joined(separator: ",") }

  /// Whether it includes all measurements of another plan.
  package func covers(_ other: SpectrumPlan) -> Bool {
    other.subjects.allSatisfy { wanted in subjects.contains { $0.covers(wanted) } }
  }

  /// A plan that includes the measurements of both; a combined interval divides both intervals.
  package func union(_ other: SpectrumPlan) throws -> SpectrumPlan {
    var intervals: [Int?: Int?] = [:]
    for subject in subjects + other.subjects {
      intervals[subject.label] = Self.commonInterval(intervals[subject.label] ?? nil, subject.every)
    }
    return try SpectrumPlan(intervals.map { Subject($0.key, every: $0.value) })
  }

  /// The largest interval that includes the epochs of both; nil if neither has one.
  package static func commonInterval(_ a: Int?, _ b: Int?) -> Int? {
    guard var a, var b else { return a ?? b }
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
