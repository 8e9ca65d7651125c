import EscapementCalculus
import EscapementKernels
import Testing

@testable import EscapementNetworks

/// PaCo's loss through the projection head and its unit vectors.
@Suite("Projection head")
struct ProjectionTests {
  static let head: Network = {
    var (layout, statistics) = (ParameterLayout(), ParameterLayout())
    let layers = Network.projectionHead(
      features: 6, dimensions: 3, layout: &layout, statistics: &statistics)
    return Network(
      name: "head", classes: 3, layout: layout, statisticsLayout: statistics, layers: layers)
  }()
  static let loss = PaCoLoss(counts: PaCoLossTests.counts, alpha: 0.5, temperature: 0.5)
  static let pooled = PaCoLossTests.entries(4, 6, 5, 3, 11, 4)

  /// The loss of the head's projections at `parameters`, and its gradient in them.
  func evaluate(_ parameters: ParameterVector<Double>) -> (loss: Double, gradient: Tensor<Double>) {
    var pass = Pass<Tensor<Double>>(
      parameters: parameters, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: Self.head.layout))
    let projections = Self.head.forward(Self.pooled, &pass).logits
    let result = Self.loss.evaluate(
      projections: projections, logits: PaCoLossTests.logits, labels: PaCoLossTests.labels,
      contrasts: PaCoLossTests.contrasts, contrastLabels: PaCoLossTests.contrastLabels)
    Self.head.backward(ClassifierGradient(logits: result.projections), &pass)
    return (result.loss, pass.gradients.total().flat)
  }

  @Test("segments are PyTorch's, drawn as the released code draws them")
  func layout() throws {
    let published = Network.resNet(depth: 32, classes: 100, classifier: .projected)
    let names = [
      "linear.weight", "linear.bias", "fc.0.weight", "fc.0.bias", "fc.1.weight", "fc.1.bias", "fc.3.weight",
      "fc.3.bias",
    ]
    #expect(published.name == "resnet32-w16-projected" && published.hasProjection)
    #expect(published.layout.segments.suffix(8).map(\.name) == names)
    #expect(published.layout.count == 470_004 + 64 * 64 + 64 + 2 * 64 + 64 * 32 + 32)
    #expect(
      published.statisticsLayout.segments.suffix(2).map(\.name)
        == ["fc.1.running_mean", "fc.1.running_var"])
    let w: ParameterVector<Double> = published.initialParameters(seed: 1)
    func entries(_ name: String) throws -> [Double] {
      w[try #require(published.layout.index(of: name))].elements
    }
    // A uniform distribution stays within 1/√64, a normal one of deviation √(2/64) does not in 2048 draws.
    for name in ["linear.weight", "fc.0.weight"] {
      let drawn = try entries(name)
      #expect(drawn.allSatisfy { abs($0) <= 0.125 } && drawn.contains { abs($0) > 0.12 }, "\(name)")
    }
    #expect(try entries("fc.3.weight").contains { abs($0) > 0.4 })
  }

  @Test("without its projections the network is the plain one, and the head has no gradient")
  func plain() throws {
    let network = Network.resNet(depth: 8, width: 2, classes: 5, classifier: .projected)
    let plain = Network.resNet(depth: 8, width: 2, classes: 5)
    #expect(Array(network.layout.segments.map(\.name).dropLast(6)) == plain.layout.segments.map(\.name))
    let w: ParameterVector<Double> = network.initialParameters(seed: 3)
    let start = ParameterVector(layout: plain.layout, flat: w.flat.view(at: 0, shape: [plain.layout.count]))
    let batch = randomBatch(Double.self, samples: 6, shape: [8, 8, 3], classes: 5)
    let whole = Objective<Double>(network: network).trainingStep(at: w, batch: batch).evaluation
    let part = Objective<Double>(network: plain).trainingStep(at: start, batch: batch).evaluation
    #expect(whole.loss == part.loss)
    let count = plain.layout.count
    #expect(whole.gradient.flat.view(at: 0, shape: [count]) == part.gradient.flat)
    #expect(whole.gradient.flat.view(at: count, shape: [w.count - count]) == .zeros([w.count - count]))
  }

  /// What enters the ReLU at `parameters`: the head's first two layers without it.
  func preactivations(_ parameters: ParameterVector<Double>) -> Tensor<Double> {
    var layout = ParameterLayout()
    var statistics = ParameterLayout()
    let layers: [any Layer] = [
      Dense(name: "fc.0", input: 6, output: 6, layout: &layout),
      BatchNorm(name: "fc.1", channels: 6, layout: &layout, statistics: &statistics),
    ]
    var pass = Pass<Tensor<Double>>(
      parameters: ParameterVector(layout: layout, flat: parameters.flat.view(at: 0, shape: [layout.count])),
      statistics: nil, normalization: .batch, gradients: GradientAccumulator(layout: layout), goesBack: false)
    return layers.reduce(Self.pooled) { $1.forward($0, &pass) }
  }

  @Test("the gradient in the head's parameters equals central differences")
  func gradient() throws {
    let w: ParameterVector<Double> = Self.head.initialParameters(seed: 2)
    let gradient = evaluate(w).gradient
    let h = 1e-5
    #expect(gradient.norm() > 0.1)
    let masks = preactivations(w).map(.heaviside)
    for i in 0..<w.count {
      func moved(_ step: Double) -> ParameterVector<Double> {
        var elements = w.flat.elements
        elements[i] += step
        return ParameterVector(layout: w.layout, flat: Tensor(elements))
      }
      func difference(_ step: Double) -> Double {
        (evaluate(moved(step)).loss - evaluate(moved(-step)).loss) / (2 * step)
      }
      for step in [2 * h, -2 * h] { #expect(preactivations(moved(step)).map(.heaviside) == masks) }
      // Truncation grows fourfold with twice the step, so it is a third of what the two differ by. The values, of at
      // most 10, are right to 500 eps.
      let (near, far) = (difference(h), difference(2 * h))
      let bound = abs(far - near) + 1000 * Double.ulpOfOne * 10 / h
      #expect(bound <= 1e-4 && abs(gradient[i] - near) <= bound, "entry \(i)")
    }
  }

  @Test("a projection's length does not matter, and its gradient is across it")
  func lengths() {
    let projections = PaCoLossTests.features
    func evaluate(_ projections: Tensor<Double>) -> (loss: Double, projections: Tensor<Double>) {
      let result = Self.loss.evaluate(
        projections: projections, logits: PaCoLossTests.logits, labels: PaCoLossTests.labels,
        contrasts: PaCoLossTests.contrasts, contrastLabels: PaCoLossTests.contrastLabels)
      return (result.loss, result.projections)
    }
    let result = evaluate(projections)
    let longer = evaluate(projections.scaled(by: 4))
    // A power of two: exact, and the gradient shrinks by it.
    #expect(result.loss == longer.loss && result.projections == longer.projections.scaled(by: 4))
    for along in (result.projections * projections).rowSums().elements {
      // Three products, and the unit vector's own roundings, of entries below 10.
      #expect(abs(along) <= 30 * Double.ulpOfOne * 10)
    }
  }
}
