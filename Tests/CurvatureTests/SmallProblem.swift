import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementRandomness
import Testing

@testable import EscapementNetworks

/// A small network after a few steps of training on seeded data: a Hessian small enough to be written out.
struct SmallProblem: Sendable, CustomTestStringConvertible {
  enum Kind: String, Sendable, CaseIterable { case tanh, relu, convolutional }
  enum Loss: String, Sendable, CaseIterable { case crossEntropy, ldam, vs, focal, influenceBalanced }

  let kind: Kind
  let loss: Loss
  let normalization: Normalization
  let seed: UInt64
  /// About 3,000 parameters in place of at most 300.
  var large = false
  /// Steps of gradient descent at rate 0.05.
  var steps = 10
  /// Tanh after batch norms in place of ReLU, for differences.
  var smooth = false

  var testDescription: String {
    "\(network.name), \(loss), \(normalization), seed \(seed), \(network.layout.count) parameters"
  }

  /// The case number `i` of a family that goes through networks, losses and modes in turn.
  static func numbered(_ i: Int, large: Bool = false) -> SmallProblem {
    let kind = Kind.allCases[i % 3]
    return SmallProblem(
      kind: kind, loss: [.crossEntropy, .ldam, .vs][i / 3 % 3],
      normalization: kind == .convolutional && i / 9 % 2 == 1 ? .batch : .running, seed: UInt64(100 + i),
      large: large)
  }

  var samples: Int { large ? 40 : 20 }
  private var classes: Int { large ? 5 : 3 + Int(seed % 2) }
  private var inputShape: [Int] { kind == .convolutional ? [6, 6, 2] : [large ? 24 : 4 + Int(seed % 5)] }

  var network: Network {
    switch kind {
    case .convolutional:
      return Self.convolutional(
        channels: large ? [11, 22] : smooth ? [2, 3] : [3, 4], classes: classes, cosine: loss == .ldam,
        smooth: smooth)
    case .tanh, .relu:
      let hidden = large ? [64, 20] : [5 + Int(seed % 4), 4 + Int(seed / 4 % 3)]
      return .multilayerPerceptron(
        features: inputShape + hidden + [classes], activation: kind == .tanh ? .tanh : .relu)
    }
  }

  private static func convolutional(channels: [Int], classes: Int, cosine: Bool, smooth: Bool) -> Network {
    var layout = ParameterLayout()
    var statistics = ParameterLayout()
    var layers: [any Layer] = []
    var input = 2
    for (i, width) in channels.enumerated() {
      layers.append(
        Convolution(
          name: "conv\(i + 1)", input: input, output: width, size: 3, stride: i + 1, padding: 1,
          layout: &layout))
      layers.append(
        BatchNorm(
          name: "bn\(i + 1)", channels: width, rectified: !smooth, layout: &layout, statistics: &statistics))
      if smooth { layers.append(Activation.tanh) }
      input = width
    }
    layers.append(GlobalAveragePool())
    let classifier: Classifier = cosine ? .cosine : .linear
    layers.append(
      classifier.layer(
        name: "linear", input: input, output: classes, distribution: .normalFanIn, layout: &layout))
    return Network(
      name: "conv-bn-\(channels.map(String.init).joined(separator: "-"))", classes: classes, layout: layout,
      statisticsLayout: statistics, layers: layers)
  }

  /// Long-tailed: class c has the sample positions i with i mod (classes + 2) giving it, class 0 the rest.
  var labels: [Int] {
    (0..<samples).map { i in
      let place = i % (classes + 2)
      return place < classes ? place : 0
    }
  }

  /// The loss; LDAM is on cosines where the network has them, and as published for linear classifiers elsewhere.
  var objective: Objective<Double> {
    let counts = (0..<classes).map { c in labels.count { $0 == c } }
    let weights = (0..<classes).map { 0.5 + 0.5 * Double($0) }
    let chosen: any ClassificationLoss =
      switch loss {
      case .crossEntropy: SoftmaxCrossEntropy()
      case .ldam:
        SoftmaxCrossEntropy(
          classWeights: weights,
          adjustment: kind == .convolutional ? .ldam(counts: counts) : .ldamOfSSESAM(counts: counts, scale: 4)
        )
      case .vs: SoftmaxCrossEntropy(adjustment: .vs(counts: counts))
      case .focal: FocalLoss(classWeights: weights, gamma: 2)
      case .influenceBalanced: InfluenceBalancedLoss(classWeights: weights, alpha: 1)
      }
    return Objective(network: network, loss: chosen)
  }

  /// Gaussian inputs around one center a class.
  var data: LabeledBatch<Double> {
    let width = inputShape.reduce(1, *)
    func normals(_ index: Int) -> Tensor<Double> {
      .standardNormal(seed: seed, purpose: .fixture, index: UInt64(index), shape: [width])
    }
    let rows = labels.enumerated().flatMap { i, label in (normals(1000 + label) + normals(i)).elements }
    return LabeledBatch(images: Tensor(rows, shape: Shape([samples] + inputShape)), labels: labels)
  }

  /// The Hessian after training under batch statistics, which the running ones follow.
  func hessian() -> HessianOperator<Double> {
    let data = data
    let objective = objective
    var point: ParameterVector<Double> = network.initialParameters(seed: seed)
    var statistics: ParameterVector<Double> = network.initialStatistics()
    for _ in 0..<steps {
      let (evaluation, observed) = objective.trainingStep(at: point, batch: data)
      point.flat.addProduct(-0.05, evaluation.gradient.flat)
      statistics = observed.folded(into: statistics)
    }
    return HessianOperator(
      objective: objective, parameters: point, statistics: statistics, samples: data,
      normalization: normalization)
  }
}
