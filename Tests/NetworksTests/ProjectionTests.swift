import EscapementCalculus
import EscapementKernels
import Testing

@testable import EscapementNetworks

/// PaCo's loss through the projection head and its unit vectors.
@Suite("Projection head")
struct ProjectionTests {
  static let head = Network.projectionHead(features: 6, dimensions: 3)
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
  func layout() {
    let published = Network.projectionHead()
    #expect(
      published.layout.segments.map(\.name) == [
        "fc.0.weight", "fc.0.bias", "fc.1.weight", "fc.1.bias", "fc.3.weight", "fc.3.bias",
      ])
    #expect(published.layout.count == 64 * 64 + 64 + 2 * 64 + 64 * 32 + 32)
    let w: ParameterVector<Double> = published.initialParameters(seed: 1)
    // A uniform distribution stays within 1/√64, a normal one of deviation √(2/64) does not in 2048 draws.
    #expect(w[0].elements.allSatisfy { abs($0) <= 0.125 } && w[0].elements.contains { abs($0) > 0.12 })
    #expect(w[4].elements.contains { abs($0) > 0.4 })
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
