import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// An update rule with its hyper-parameters, as conformance vectors run and describe it.
package struct ConformanceRule: Sendable {
  /// The name, the second part of the names of its cases.
  package let name: String
  /// Hyper-parameters for a reader: every number that the rule uses besides those of SGD.
  package let fields: [String: JSON]
  /// The definition of one step, line by line.
  package let definition: [String]
  /// The divisor of the losses of head and tail.
  package let normalization: PartNormalization
  /// Shares of the classes in the tail, in place of tail classes; nil if there are none.
  package let sharpness: FocalSharpness?
  /// Samples in a shard; nil means ⌈B/count⌉.
  package let shardSize: Int?
  /// Micro-batches over which the gradient of a whole batch accumulates; nil if it is computed at once.
  package let accumulation: Int?
  /// The stream index of each vector of standard normals drawn in a step.
  package let draws: @Sendable (_ step: Int) -> [UInt64]
  /// Makes the rule around a descent rule that has taken no step.
  package let make: @Sendable (SGD<Double>) throws -> any UpdateRule<Double>

  /// A rule from its parts; `draws` may be left out by a rule without noise.
  package init(
    name: String, fields: [String: JSON], definition: [String],
    normalization: PartNormalization = .wholeBatch, sharpness: FocalSharpness? = nil, shardSize: Int? = nil,
    accumulation: Int? = nil,
    draws: @escaping @Sendable (_ step: Int) -> [UInt64] = { _ in [] },
    make: @escaping @Sendable (SGD<Double>) throws -> any UpdateRule<Double>
  ) {
    self.name = name
    self.fields = fields
    self.definition = definition
    self.normalization = normalization
    self.sharpness = sharpness
    self.shardSize = shardSize
    self.accumulation = accumulation
    self.draws = draws
    self.make = make
  }

  /// The base rule of every case.
  package static func base() throws -> SGD<Double> {
    try SGD(momentum: ConformanceData.momentum, weightDecay: ConformanceData.weightDecay)
  }

  /// The standard normals that a step draws, one vector per draw.
  package func noise(step: Int, layout: ParameterLayout) -> [ParameterVector<Double>] {
    draws(step).map { index in
      ParameterVector(
        layout: layout,
        flat: .standardNormal(
          seed: ConformanceData.seed, purpose: .perturbation, index: index, shape: [layout.count]))
    }
  }
}
