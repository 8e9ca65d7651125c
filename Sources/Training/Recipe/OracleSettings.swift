import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementOptimizers

/// An update rule's requirements for its gradient oracle: the tail classes, the divisors of the losses of head and
/// tail, and the division of a batch into shards.
///
/// The defaults are for a rule that only evaluates whole batches. `NetworkOracle` describes the effect of each setting.
public struct OracleSettings: Hashable, Sendable {
  /// The shares with which Focal-SAM's two parts include every sample; see `FocalSharpness`.
  public struct Sharpness: Hashable, Sendable {
    /// γ ≥ 0.
    public var gamma: Double
    /// The largest share, in [0, 1].
    public var scale: Double

    /// Shares with these constants.
    public init(gamma: Double, scale: Double) {
      self.gamma = gamma
      self.scale = scale
    }
  }

  /// The division of a batch into shards.
  public struct Shards: Hashable, Sendable {
    /// The number of samples in a shard.
    public enum Size: String, Hashable, Sendable, CaseIterable {
      /// ⌈B/M⌉ for the current batch.
      case even
      /// ⌊batch size/M⌋, so that an epoch's smaller last batch has fewer shards, as in the released code of LPF-SGD.
      case nominal
    }

    /// M ≥ 1.
    public var count: Int
    /// The size of each.
    public var size: Size

    /// A division into `count` shards.
    public init(count: Int, size: Size) {
      self.count = count
      self.size = size
    }
  }

  /// η: a class with fewer training images is in the tail; nil means that no class is.
  public var eta: Int?
  /// The divisors of the losses of head and tail.
  public var normalization: PartNormalization
  /// Shares instead of a tail; nil for none.
  public var sharpness: Sharpness?
  /// The shards; nil if the rule uses none.
  public var shards: Shards?

  /// Settings; the defaults are those of a rule that only evaluates whole batches.
  public init(
    eta: Int? = nil, normalization: PartNormalization = .wholeBatch, sharpness: Sharpness? = nil,
    shards: Shards? = nil
  ) {
    self.eta = eta
    self.normalization = normalization
    self.sharpness = sharpness
    self.shards = shards
  }

  /// The tail classes for these counts.
  public func tail(counts: [Int]) -> Set<Int> {
    guard let eta else { return [] }
    return Set(counts.indices.filter { counts[$0] < eta })
  }

  /// The number of samples in a shard for a nominal batch size; nil means that it follows from the current batch.
  func shardSize(batchSize: Int) -> Int? {
    guard let shards, shards.size == .nominal else { return nil }
    return max(batchSize / shards.count, 1)
  }

  /// The runs of a batch's samples that the rule evaluates as separate batches: its shards, or the whole batch.
  func batchParts(count: Int, batchSize: Int) -> [Range<Int>] {
    guard let shards else { return [0..<count] }
    let size = shardSize(batchSize: batchSize) ?? (count + shards.count - 1) / shards.count
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// Throws `HyperparameterError` for a threshold below 1, shares out of range, shares combined with a tail, or shards
  /// that do not hold a batch.
  func validate(batchSize: Int) throws {
    if let eta, eta < 1 {
      throw HyperparameterError(name: "eta", value: "\(eta)", expected: "at least 1")
    }
    if let sharpness {
      _ = try FocalSharpness(counts: [1], gamma: sharpness.gamma, scale: sharpness.scale)
      guard eta == nil, normalization.divisor == .batch else {
        throw HyperparameterError(
          name: "sharpness", value: "\(sharpness.scale)",
          expected: "none beside a tail or the parts' own divisors")
      }
    }
    if let shards {
      guard shards.count >= 1 else {
        throw HyperparameterError(name: "shards", value: "\(shards.count)", expected: "at least 1")
      }
      guard shards.size == .even || batchSize % shards.count == 0 else {
        throw HyperparameterError(
          name: "batch size", value: "\(batchSize)",
          expected: "a multiple of the \(shards.count) shards it is cut into")
      }
    }
  }
}

/// The settings for classes of known counts and a nominal batch size.
package struct ResolvedOracleSettings: Sendable {
  /// The classes of the tail.
  let tail: Set<Int>
  let sharpness: FocalSharpness?
  let normalization: PartNormalization
  /// The number of samples in a shard; see `NetworkOracle`.
  let shardSize: Int?

  init(tail: Set<Int>, sharpness: FocalSharpness?, normalization: PartNormalization, shardSize: Int?) {
    self.tail = tail
    self.sharpness = sharpness
    self.normalization = normalization
    self.shardSize = shardSize
  }

  /// Throws `HyperparameterError` for shares out of range.
  package init(_ settings: OracleSettings, counts: [Int], batchSize: Int) throws {
    tail = settings.tail(counts: counts)
    sharpness = try settings.sharpness.map {
      try FocalSharpness(counts: counts, gamma: $0.gamma, scale: $0.scale)
    }
    normalization = settings.normalization
    shardSize = settings.shardSize(batchSize: batchSize)
  }
}

extension OracleSettings {
  /// All members; reading them back gives equal settings.
  public var json: JSON {
    [
      "eta": .optional(eta),
      "part_divisor": .string(normalization.divisor.rawValue),
      "tail_factor": .number(normalization.tailFactor),
      "sharpness": sharpness.map { ["gamma": .number($0.gamma), "scale": .number($0.scale)] } ?? .null,
      "shards": shards.map { ["count": .integer($0.count), "size": .string($0.size.rawValue)] } ?? .null,
    ]
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    self.init(
      eta: try object.optionalField("eta")?.integer(),
      normalization: try PartNormalization(
        divisor: object.field("part_divisor").choice(), tailFactor: object.field("tail_factor").double()),
      sharpness: try object.optionalField("sharpness").map {
        Sharpness(gamma: try $0.field("gamma").double(), scale: try $0.field("scale").double())
      },
      shards: try object.optionalField("shards").map {
        Shards(count: try $0.field("count").integer(), size: try $0.field("size").choice())
      })
  }
}
