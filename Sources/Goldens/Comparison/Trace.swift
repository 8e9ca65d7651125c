import EscapementKernels

/// A recorded number or text; numbers are equal when their bits are.
package enum TraceValue: Hashable, Sendable {
  /// A number by its bits.
  case bits(UInt64)
  /// A digest or settings.
  case text(String)

  /// A number.
  package static func number(_ value: Double) -> TraceValue { .bits(value.bitPattern) }

  /// The number; nil for a text.
  package var double: Double? { if case .bits(let bits) = self { Double(bitPattern: bits) } else { nil } }

  /// The shortest decimal that restores the bits, or the first twelve characters of a text.
  package var text: String {
    switch self {
    case .bits(let bits):
      let value = Double(bitPattern: bits)
      let isPlain = value.rounded() == value && value.magnitude < 1e15 && (value != 0 || bits == 0)
      return isPlain ? String(Int64(value)) : "\(value)"
    case .text(let text): return text.count > 12 ? "\(text.prefix(12))…" : text
    }
  }
}

/// The place of a record in a run: the number of steps taken, and whether it is about that step or the epoch that it
/// ends.
package struct TracePlace: Hashable, Sendable, Comparable {
  /// The subject of a record.
  package enum Kind: Int, Hashable, Sendable {
    /// One step; step 0 is the state before the first step.
    case step
    /// The epoch that the step ends.
    case epoch
  }

  /// Steps taken.
  package var step: Int
  /// Whether it is about the step or the epoch.
  package var kind: Kind

  /// Orders by step; an epoch comes after its last step.
  package static func < (a: TracePlace, b: TracePlace) -> Bool {
    (a.step, a.kind.rawValue) < (b.step, b.kind.rawValue)
  }

  /// "before the first step", "step 12" or "the epoch that step 12 ends".
  package var text: String {
    if step == 0 { return "before the first step" }
    return kind == .step ? "step \(step)" : "the epoch that step \(step) ends"
  }
}

/// The values recorded at one place.
package struct TracePoint: Hashable, Sendable {
  /// The place.
  package var place: TracePlace
  /// The values.
  package var values: [TraceQuantity: TraceValue] = [:]
  /// A checksum of each parameter tensor, in layout order; empty if none are recorded.
  package var tensors: [String] = []

  /// A point without values.
  package init(_ place: TracePlace) { self.place = place }

  /// "53/128", "53" without a count of samples, "-" without either. For an epoch, it is the accuracy on the test set.
  var accuracyText: String {
    let (correct, samples) =
      place.kind == .epoch
      ? (values[.testCorrect], values[.testSamples]) : (values[.correct], values[.samples])
    guard let correct else { return "-" }
    return correct.text + (samples.map { "/\($0.text)" } ?? "")
  }
}

/// The recorded values of a run, step by step.
package struct Trace: Hashable, Sendable {
  /// The points in order; the first is the state before the first step.
  package var points: [TracePoint] = []
  /// Steps between links of the digest chain, 0 for epochs only; nil if there is no chain.
  package var digestEvery: Int?
  /// The names of the parameter tensors, in layout order; empty if no checksums are recorded.
  package var tensorNames: [String] = []
  /// How the run ended if it did not finish, for example "diverged in step 13 (loss)".
  package var ending: String?

  /// A trace without points.
  package init() {}

  /// The last recorded step.
  package var lastStep: Int { points.last?.place.step ?? 0 }
}
