import EscapementOptimizers
import EscapementArtifacts

/// Sums over the steps of an epoch, in the order of the steps, in Double.
public struct EpochTotals: Hashable, Sendable {
  /// The number of steps taken.
  public private(set) var steps = 0
  /// The number of steps skipped because their loss or gradient was not finite.
  public private(set) var skipped = 0
  /// The number of samples in the first evaluations.
  public private(set) var samples = 0
  /// The number of these that were classified correctly.
  public private(set) var correct = 0
  /// The number of oracle queries.
  public private(set) var evaluations = 0
  /// Σ samples · loss at the unperturbed points.
  public private(set) var loss = 0.0
  /// Σ samples · loss of the descent gradient.
  public private(set) var descentLoss = 0.0
  /// Σ ‖g‖.
  public private(set) var gradientNorm = 0.0
  /// Σ ‖ε‖.
  public private(set) var perturbationNorm = 0.0
  /// Σ cos(g, g̃).
  public private(set) var cosine = 0.0

  /// Totals of no steps.
  public init() {}

  /// Adds a step.
  public mutating func add(_ record: StepRecord) {
    steps += 1
    samples += record.samples
    correct += record.correct ?? 0
    evaluations += record.evaluations
    loss += Double(record.samples) * record.loss
    descentLoss += Double(record.samples) * record.descentLoss
    gradientNorm += record.gradientNorm
    perturbationNorm += record.perturbationNorm
    cosine += record.cosine
  }

  /// Counts a step that was skipped.
  public mutating func skip() { skipped += 1 }

  private static let sums: [(String, WritableKeyPath<EpochTotals, Double> & Sendable)] = [
    ("loss", \.loss), ("descent_loss", \.descentLoss), ("gradient_norm", \.gradientNorm),
    ("perturbation_norm", \.perturbationNorm), ("cosine", \.cosine),
  ]
  private static let counts: [(String, WritableKeyPath<EpochTotals, Int> & Sendable)] = [
    ("steps", \.steps), ("samples", \.samples), ("correct", \.correct), ("evaluations", \.evaluations),
  ]

  /// The exact sums, for a checkpoint in the middle of an epoch.
  var json: JSON {
    let counts = Self.counts.map { ($0.0, JSON.integer(self[keyPath: $0.1])) }
    let sums = Self.sums.map { ($0.0, JSON.string(HexFloat.string(self[keyPath: $0.1]))) }
    return .object(
      Dictionary(uniqueKeysWithValues: counts + sums + [("skipped", .integer(skipped))]))
  }

  /// Reads what `json` wrote. Checkpoints of schema 1 have no count of skipped steps, because skipping did not exist.
  init(_ fields: JSONCursor) throws {
    skipped = try fields.optionalField("skipped")?.integer(atLeast: 0) ?? 0
    for (name, path) in Self.counts { self[keyPath: path] = try fields.field(name).integer(atLeast: 0) }
    for (name, path) in Self.sums {
      let field = try fields.field(name)
      guard let value = HexFloat.double(try field.string()) else {
        throw field.fault(found: "\"\(try field.string())\"", expected: "0x and sixteen hexadecimal digits")
      }
      self[keyPath: path] = value
    }
  }
}
