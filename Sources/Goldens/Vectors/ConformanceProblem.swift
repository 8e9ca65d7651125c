import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// The problem of a conformance trajectory: its starting point, and the loss of each mini-batch.
package struct ConformanceProblem: Sendable {
  package enum Content: Sendable {
    case quadratic(ClasswiseQuadratic)
    case network(Network, inputs: Tensor<Double>)
  }

  /// The name, the first part of the names of its cases.
  package let name: String
  /// The description from which a reader can rebuild the problem.
  package let fields: [String: JSON]
  package let content: Content
  /// Whether its logits are cosines, as losses that scale logits require.
  package let hasCosines: Bool

  /// Quadratics with saddles: the Hessians of the rare classes have the larger negative eigenvalues.
  package static let quadratic = ConformanceProblem(
    name: "quadratic",
    fields: [
      "kind": "classwise-quadratic",
      "loss": "0.5 w'H[y_i]w + <linear_i, w> for sample i; means as the rule says",
    ],
    content: .quadratic(
      ClasswiseQuadratic(
        spectra: [
          [4, 2, 1, 0.5, 0.25, 0.125, 0, -0.25], [3, 2, 1, 0.5, 0.25, 0, -0.125, -0.25],
          [3, 1, 1, 0.5, 0.125, 0, -0.25, -0.5], [2, 1, 0.5, 0.25, 0, -0.5, -1, -1],
          [1, 0.5, 0.25, 0, -0.5, -1, -2, -3],
        ], count: ConformanceData.labels.count, seed: ConformanceData.seed)), hasCosines: false)

  /// A perceptron of one hidden layer with tanh.
  package static let perceptron = network(
    "perceptron", .multilayerPerceptron(features: [6, 8, 5], activation: .tanh), sample: [6],
    fields: ["kind": "multilayer-perceptron", "features": [6, 8, 5], "activation": "tanh"])

  /// A CIFAR ResNet-8 of two channels with batch norm, on images of 8×8 pixels.
  package static let resNet = resNet("resnet8", .linear)

  /// The same with the normalized classifier.
  package static let cosineResNet = resNet("resnet8-cosine", .cosine)

  private static func resNet(_ name: String, _ classifier: Classifier) -> ConformanceProblem {
    network(
      name, .resNet(depth: 8, width: 2, classes: 5, classifier: classifier), sample: [8, 8, 3],
      hasCosines: classifier == .cosine,
      fields: [
        "kind": "cifar-resnet", "depth": 8, "width": 2, "classes": 5, "batch_norm_epsilon": 1e-5,
        "batch_norm_momentum": 0.1, "running_variance": "unbiased", "shortcut": "option A",
        "classifier": .string(classifier.rawValue),
      ])
  }

  /// A network on samples of the given extents, images as `[height][width][channels]`.
  package static func network(
    _ name: String, _ network: Network, sample extents: [Int], hasCosines: Bool = false,
    fields: [String: JSON]
  ) -> ConformanceProblem {
    ConformanceProblem(
      name: name, fields: fields,
      content: .network(network, inputs: ConformanceData.inputs(sample: extents)), hasCosines: hasCosines)
  }

  /// Whether it has logits, and therefore a choice of losses.
  package var hasLogits: Bool { if case .network = content { true } else { false } }

  /// w₀.
  package var start: ParameterVector<Double> {
    switch content {
    case .quadratic(let quadratic):
      var layout = ParameterLayout()
      layout.append(name: "w", shape: [quadratic.dimension], role: .vector)
      let flat = Tensor<Double>.standardNormal(
        seed: ConformanceData.seed, purpose: .initialization, shape: [quadratic.dimension])
      return ParameterVector(layout: layout, flat: flat)
    case .network(let network, _): return network.initialParameters(seed: ConformanceData.seed)
    }
  }

  /// Batch norm's running statistics at the start; empty without batch norm.
  package var startStatistics: ParameterVector<Double> {
    switch content {
    case .quadratic: ParameterVector(zeros: ParameterLayout())
    case .network(let network, _): network.initialStatistics()
    }
  }

  /// The oracle of a mini-batch.
  package func oracle(
    batch: Range<Int>, loss: any ClassificationLoss, rule: ConformanceRule,
    statistics: ParameterVector<Double>
  ) -> ConformanceOracle {
    switch content {
    case .quadratic(let quadratic):
      return .quadratic(
        ClasswiseQuadraticOracle(
          quadratic: quadratic, labels: ConformanceData.labels, batch: batch, tail: ConformanceData.tail,
          sharpness: rule.sharpness, normalization: rule.normalization, shardSize: rule.shardSize))
    case .network(let network, let inputs):
      let samples = LabeledBatch(images: inputs, labels: ConformanceData.labels)
      return .network(
        NetworkOracle(
          objective: Objective(network: network, loss: loss), batch: samples.batch(batch),
          statistics: statistics, tail: rule.sharpness == nil ? ConformanceData.tail : [],
          sharpness: rule.sharpness, normalization: rule.normalization, shardSize: rule.shardSize))
    }
  }
}

/// The oracle of either kind of problem.
package enum ConformanceOracle: GradientOracle {
  case quadratic(ClasswiseQuadraticOracle)
  case network(NetworkOracle<Double>)

  /// Running statistics after the queries so far; nil for a problem without batch norm.
  package var statistics: ParameterVector<Double>? {
    if case .network(let oracle) = self { oracle.statistics } else { nil }
  }

  package mutating func evaluate(
    at point: ParameterVector<Double>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Double> {
    switch self {
    case .quadratic(var oracle):
      return try oracle.evaluate(at: point, on: part, statistics: statistics)
    case .network(var oracle):
      let answer = try oracle.evaluate(at: point, on: part, statistics: statistics)
      self = .network(oracle)
      return answer
    }
  }
}
