import CEscapementKernels
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementRandomness
import EscapementTestSupport
import Testing

@testable import EscapementNetworks

/// A random batch with labels that cycle through the classes.
func randomBatch<E: Real>(_ type: E.Type, samples: Int, shape: [Int], classes: Int, seed: UInt64 = 11)
  -> LabeledBatch<E>
{
  LabeledBatch(
    images: Tensor<Double>.standardNormal(
      seed: seed, purpose: .probe, index: 9, shape: Shape([samples] + shape)
    )
    .converted(to: E.self),
    labels: (0..<samples).map { ($0 * 7 + $0 / 3) % classes })
}

func direction<E: Real>(_ layout: ParameterLayout, _ index: UInt64) -> ParameterVector<E> {
  ParameterVector(
    layout: layout, flat: .standardNormal(seed: 5, purpose: .direction, index: index, shape: [layout.count]))
}

@Suite("Objective")
struct ObjectiveTests {
  let weights = [0.5, 2, 1.25]

  /// Hessian of the tanh perceptron 3-4-3 on five samples, on the tape.
  @Test("loss, gradient and dense Hessian of a perceptron equal the tape's")
  func denseHessian() throws {
    let network = Network.multilayerPerceptron(features: [3, 4, 3], activation: .tanh)
    let objective = Objective<Double>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Double.self, samples: 5, shape: [3], classes: 3)
    let w: ParameterVector<Double> = direction(network.layout, 1)
    let statistics: ParameterVector<Double> = network.initialStatistics()

    let tape = RecordedTape()
    let p = tape.constants(w.flat.elements)
    func segment(_ name: String) -> [RecordedTape.Node] {
      let s = network.layout.segments[network.layout.index(of: name)!]
      return Array(p[s.offset..<(s.offset + s.count)])
    }
    let hidden = TapeLayers.dense(
      tape.constants(batch.images.elements), samples: 5, weights: segment("linear1.weight"),
      bias: segment("linear1.bias")
    ).map { $0.hyperbolicTangent { ek_tanh($0) } }
    let logits = TapeLayers.dense(
      hidden, samples: 5, weights: segment("linear2.weight"), bias: segment("linear2.bias"))
    let loss = TapeLayers.crossEntropy(logits, labels: batch.labels, weights: weights)
    let gradient = tape.gradient(of: loss, in: p)

    let evaluation = try objective.evaluate(at: w, statistics: statistics, over: batch)
    // A few hundred operations of relative error eps lie between a parameter and the loss.
    #expect(abs(evaluation.loss - loss.value) <= 500 * Double.ulpOfOne * loss.value)
    LayerWitnessTests.expectClose(evaluation.gradient.flat.elements, gradient.values, "gradient")
    for i in 0..<p.count {
      let row = tape.gradient(of: gradient[i], in: p).values
      var unit = [Double](repeating: 0, count: p.count)
      unit[i] = 1
      let product = try objective.hessianVectorProduct(
        at: w, statistics: statistics, direction: ParameterVector(layout: network.layout, flat: Tensor(unit)),
        over: batch)
      LayerWitnessTests.expectClose(product.flat.elements, row, "Hessian row \(i)")
    }
  }

  @Test("the Hessian of a ResNet is symmetric and linear", arguments: [Normalization.batch, .running])
  func symmetricAndLinear(normalization: Normalization) throws {
    let network = Network.resNet(depth: 8, width: 2, classes: 3)
    let objective = Objective<Double>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Double.self, samples: 6, shape: [8, 8, 3], classes: 3)
    let w: ParameterVector<Double> = network.initialParameters(seed: 3)
    let s: ParameterVector<Double> = network.initialStatistics()
    func product(_ v: ParameterVector<Double>) throws -> Tensor<Double> {
      try objective.hessianVectorProduct(
        at: w, statistics: s, direction: v, over: batch, normalization: normalization
      ).flat
    }
    let (u, v): (ParameterVector<Double>, ParameterVector<Double>) = (
      direction(network.layout, 1), direction(network.layout, 2)
    )
    let (hu, hv) = (try product(u), try product(v))
    // About 10⁴ roundings of relative size eps on the longest path; Cauchy–Schwarz bounds the terms.
    let bound = 1e4 * Double.ulpOfOne * (hu.norm() * v.flat.norm() + hv.norm() * u.flat.norm())
    #expect(hu.norm() > 0)
    #expect(abs(hu.dot(v.flat) - hv.dot(u.flat)) <= bound)
    let combination = try product(
      ParameterVector(layout: network.layout, flat: u.flat.scaled(by: 2).addingScaled(-3, v.flat)))
    let error = (combination - hu.scaled(by: 2).addingScaled(-3, hv)).norm()
    #expect(error <= 1e4 * Double.ulpOfOne * (2 * hu.norm() + 3 * hv.norm()))
  }

  @Test(
    "the Hessian of a ResNet is the derivative of its gradient", arguments: [Normalization.batch, .running])
  func derivativeOfGradient(normalization: Normalization) throws {
    // ReLU has no derivative at 0. Random shifts keep every pre-activation off 0 (with shifts of 0 a dead unit
    // leaves exact zeros behind), and none of the few hundred units lies within a step of 2⁻²⁶ of it.
    let network = Network.resNet(depth: 8, width: 2, classes: 3)
    let objective = Objective<Double>(network: network)
    let batch = randomBatch(Double.self, samples: 4, shape: [4, 4, 3], classes: 3)
    let initial: ParameterVector<Double> = network.initialParameters(seed: 3)
    let noise: ParameterVector<Double> = direction(network.layout, 6)
    let w = ParameterVector(layout: network.layout, flat: initial.flat.addingScaled(0.1, noise.flat))
    let s: ParameterVector<Double> = network.initialStatistics()
    let v: ParameterVector<Double> = direction(network.layout, 3)
    let h = 0x1p-26
    func gradient(_ t: Double) throws -> Tensor<Double> {
      try objective.evaluate(
        at: ParameterVector(layout: network.layout, flat: w.flat.addingScaled(t, v.flat)), statistics: s,
        over: batch,
        normalization: normalization
      ).gradient.flat
    }
    let difference = (try gradient(h) - gradient(-h)).scaled(by: 1 / (2 * h))
    let exact = try objective.hessianVectorProduct(
      at: w, statistics: s, direction: v, over: batch, normalization: normalization
    ).flat
    // Rounding of the gradients, about 10³ eps each, over 2h, plus truncation of order h.
    let bound = 1e3 * Double.ulpOfOne * (try gradient(0)).norm() / h + 1e5 * h * exact.norm()
    #expect(
      (difference - exact).norm() <= bound,
      "\((difference - exact).norm()) of \(exact.norm()), allowed \(bound)")
  }

  @Test("whole = parts, bit for bit, for every segment of gradient and product", arguments: [8, 16, 64])
  func wholeEqualsParts(partSize: Int) throws {
    let network = Network.resNet(depth: 8, width: 4, classes: 3)
    let objective = Objective<Float>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Float.self, samples: 45, shape: [16, 16, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let s: ParameterVector<Float> = network.initialStatistics()
    let v: ParameterVector<Float> = direction(network.layout, 4)
    let whole = try objective.evaluate(at: w, statistics: s, over: batch, partSize: 1024)
    let parts = try objective.evaluate(at: w, statistics: s, over: batch, partSize: partSize)
    #expect(whole.loss == parts.loss)
    #expect(whole.correct == parts.correct)
    let hWhole = try objective.hessianVectorProduct(
      at: w, statistics: s, direction: v, over: batch, partSize: 1024)
    let hParts = try objective.hessianVectorProduct(
      at: w, statistics: s, direction: v, over: batch, partSize: partSize)
    for (i, segment) in network.layout.segments.enumerated() {
      #expect(whole.gradient[i] == parts.gradient[i], "gradient of \(segment.name)")
      #expect(hWhole[i] == hParts[i], "product at \(segment.name)")
      #expect(whole.gradient[i].norm() > 0)
    }
  }

  @Test("a training step and a Hessian product have the same bits on every path and thread count")
  func sameBitsEverywhere() throws {
    let network = Network.resNet(depth: 8, width: 4, classes: 3)
    let objective = Objective<Float>(network: network)
    let batch = randomBatch(Float.self, samples: 20, shape: [16, 16, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let s: ParameterVector<Float> = network.initialStatistics()
    let v: ParameterVector<Float> = direction(network.layout, 4)
    func run() throws -> (Evaluation<Float>, ParameterVector<Float>, ParameterVector<Float>) {
      let step = objective.trainingStep(at: w, batch: batch)
      let product = try objective.hessianVectorProduct(
        at: w, statistics: s, direction: v, over: batch, normalization: .batch)
      return (step.evaluation, step.observed.folded(into: s), product)
    }
    let reference = try run()
    defer {
      ek_isa_override(-1)
      ek_threads_override(0)
    }
    for isa in [EK_ISA_SCALAR, EK_ISA_AVX2, EK_ISA_AVX512, EK_ISA_NEON] where ek_isa_available(isa) {
      for threads in 1...4 where isa != EK_ISA_SCALAR || threads < 3 {
        ek_isa_override(Int32(isa.rawValue))
        ek_threads_override(Int32(threads))
        let other = try run()
        let path = "\(String(cString: ek_isa_name(isa))), \(threads) threads"
        #expect(other.0.loss == reference.0.loss, "\(path)")
        #expect(other.0.gradient == reference.0.gradient, "\(path)")
        #expect(other.1 == reference.1, "\(path)")
        #expect(other.2 == reference.2, "\(path)")
      }
    }
  }

  @Test("logits need the memory of a few layers, and are those of a pass that goes back")
  func logits() {
    let network = Network.resNet(depth: 20, width: 4, classes: 3)
    let objective = Objective<Float>(network: network)
    let batch = randomBatch(Float.self, samples: 4, shape: [16, 16, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let s: ParameterVector<Float> = network.initialStatistics()
    var pass = Pass<Tensor<Float>>(
      parameters: w, statistics: s, normalization: .running,
      gradients: GradientAccumulator(layout: network.layout))
    let expected = network.forward(batch.images, &pass).logits
    #expect(!pass.isEmpty)
    var forward = Pass<Tensor<Float>>(
      parameters: w, statistics: s, normalization: .running,
      gradients: GradientAccumulator(layout: network.layout), goesBack: false)
    #expect(network.forward(batch.images, &forward).logits == expected && forward.isEmpty)
    #expect(objective.logits(at: w, statistics: s, images: batch.images) == expected)
  }

  @Test("batch statistics enter the running ones with momentum 0.1 and the unbiased variance")
  func runningStatistics() {
    var layout = ParameterLayout()
    var statistics = ParameterLayout()
    let norm = BatchNorm(name: "b", channels: 1, layout: &layout, statistics: &statistics)
    let running = ParameterVector<Double>(layout: statistics, flat: Tensor([10.0, 4.0]))
    var pass = Pass<Tensor<Double>>(
      parameters: ParameterVector(layout: layout, flat: Tensor([1.0, 0.0])), statistics: nil,
      normalization: .batch,
      gradients: GradientAccumulator(layout: layout))
    _ = norm.forward(Tensor([1.0, 2, 3, 6], shape: [4, 1, 1, 1]), &pass)
    // Mean 3, biased variance (4 + 1 + 0 + 9)/4 = 3.5, unbiased 14/3.
    let folded = pass.observed.folded(into: running).flat.elements
    let expected = [0.9 * 10 + 0.1 * 3, 0.9 * 4 + 0.1 * (14.0 / 3)]
    // Three roundings each.
    for (a, b) in zip(folded, expected) { #expect(abs(a - b) <= 4 * Double.ulpOfOne * b) }
  }

  @Test(
    "training steps and Hessian-vector products have one set of bits on every path", arguments: [1, 2, 9])
  func everyPath(samples: Int) throws {
    let network = Network.resNet(depth: 8, width: 8, classes: 3)
    let objective = Objective<Float>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Float.self, samples: samples, shape: [12, 12, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let s: ParameterVector<Float> = network.initialStatistics()
    let v: ParameterVector<Float> = direction(network.layout, 4)
    func everything() throws -> [Tensor<Float>] {
      let (evaluation, observed) = objective.trainingStep(at: w, batch: batch)
      return [
        evaluation.gradient.flat, observed.folded(into: s).flat,
        try objective.evaluate(at: w, statistics: s, over: batch).gradient.flat,
        try objective.hessianVectorProduct(at: w, statistics: s, direction: v, over: batch).flat,
      ]
    }
    let reference = try ExecutionPath(isa: EK_ISA_SCALAR, threads: 1).run(everything)
    #expect(reference.allSatisfy { $0.isFinite && $0.norm() > 0 })
    for path in ExecutionPath.all { #expect(try path.run(everything) == reference, "\(path)") }
  }
}
