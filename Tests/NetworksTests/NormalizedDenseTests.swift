import CEscapementKernels
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementRandomness
import EscapementTestSupport
import Testing

@testable import EscapementNetworks

@Suite("The normalized classifier")
struct NormalizedDenseTests {
  let weights = [0.5, 2, 1.25]

  private func layer(_ input: Int, _ output: Int) -> (NormalizedDense, ParameterLayout) {
    var layout = ParameterLayout()
    let layer = NormalizedDense(name: "linear", input: input, output: output, layout: &layout)
    return (layer, layout)
  }

  private func pass<T: TensorAlgebra>(
    _ layout: ParameterLayout, _ w: ParameterVector<T.Element>,
    along direction: ParameterVector<T.Element>? = nil,
    _ algebra: T.Type
  ) -> Pass<T> {
    Pass(
      parameters: w, direction: direction, statistics: nil, normalization: .batch,
      gradients: GradientAccumulator(layout: layout))
  }

  @Test("values are the cosines of the definition")
  func values() {
    let (layer, layout) = layer(6, 4)
    let w: ParameterVector<Double> = direction(layout, 1)
    let x = Tensor<Double>.standardNormal(seed: 3, purpose: .probe, index: 1, shape: [5, 6])
    var pass = pass(layout, w, Tensor<Double>.self)
    let z = layer.forward(x, &pass).elements
    for n in 0..<5 {
      for c in 0..<4 {
        let a = (0..<6).map { x[n * 6 + $0] }
        let b = (0..<6).map { w.flat[$0 * 4 + c] }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let cosine = dot(a, b) / (dot(a, a).squareRoot() * dot(b, b).squareRoot())
        // Each side: sums of 6 products and a few single roundings, of terms that add up to at most 1.
        #expect(abs(z[n * 4 + c] - cosine) <= 2 * 16 * Double.ulpOfOne)
      }
    }
  }

  @Test("short vectors are divided by 1e-12, which rests, as PyTorch has it")
  func shortVectors() {
    let (layer, layout) = layer(2, 3)
    // Columns: of length 5, of length 5e-13, and zero.
    let w = ParameterVector<Double>(layout: layout, flat: Tensor([3, 3e-13, 0, 4, 4e-13, 0]))
    let x = Tensor<Double>([0, 0, 6e-13, 8e-14, 0.6, 0.8], shape: [3, 2])
    var pass = pass(layout, w, Tensor<Double>.self)
    let z = layer.forward(x, &pass)
    let short = (0.6 * 0.6 + 0.08 * 0.8, 0.6 * 0.3 + 0.08 * 0.4)
    let expected = [0, 0, 0, short.0, short.1, 0, 1, 0.5, 0]
    for (a, b) in zip(z.elements, expected) { #expect(abs(a - b) <= 16 * Double.ulpOfOne) }

    let u = Tensor<Double>([1, 2, 3, 4, 5, 6, 7, 8, 9], shape: [3, 3])
    let dx = layer.backward(u, &pass, needsInput: true)!
    let dw = pass.gradients.total().flat
    // At rest the layer is linear: dx = Ŵu/1e-12, dW = x̂ᵀu/1e-12.
    let unitColumns = [[0.6, 0.3, 0], [0.8, 0.4, 0]]
    for n in 0..<2 {
      for k in 0..<2 {
        let exact = (0..<3).reduce(0) { $0 + unitColumns[k][$1] * u[n * 3 + $1] } / 1e-12
        #expect(abs(dx[n * 2 + k] - exact) <= 16 * Double.ulpOfOne * abs(exact))
      }
    }
    let unitRows = [[0, 0], [0.6, 0.08], [0.6, 0.8]]
    for k in 0..<2 {
      for c in 1..<3 {
        let exact = (0..<3).reduce(0) { $0 + unitRows[$1][k] * u[$1 * 3 + c] } / 1e-12
        #expect(abs(dw[k * 3 + c] - exact) <= 16 * Double.ulpOfOne * abs(exact))
      }
    }
    // The long column's gradient is across the column.
    #expect(abs(3 * dw[0] + 4 * dw[3]) <= 64 * Double.ulpOfOne * (abs(dw[0]) + abs(dw[3])))

    // Moving values agree and stay finite, zero vectors among them.
    let v: ParameterVector<Double> = direction(layout, 2)
    var moving = self.pass(layout, w, along: v, Dual<Tensor<Double>>.self)
    let y = layer.forward(Dual(x, tangent: Tensor(repeating: 0.5, shape: x.shape)), &moving)
    #expect(y.primal == z && y.derivative.isFinite)
    let back = layer.backward(Dual(u, tangent: nil), &moving, needsInput: true)!
    #expect(back.primal == dx && back.derivative.isFinite)
    #expect(moving.gradients.total().flat.isFinite)
  }

  @Test("NaN among features or weights propagates")
  func nan() {
    let (layer, layout) = layer(2, 2)
    let w = ParameterVector<Float>(layout: layout, flat: Tensor([1, .nan, 0, 1]))
    var pass = pass(layout, w, Tensor<Float>.self)
    let z = layer.forward(Tensor([1, 2, .nan, 1], shape: [2, 2]), &pass).elements
    #expect(!z[0].isNaN && z[1].isNaN && z[2].isNaN && z[3].isNaN)
  }

  private func network() -> Network { .resNet(depth: 8, width: 4, classes: 3, classifier: .cosine) }

  /// Weights of no unit length, so that the lengths take part.
  private func point<E: Real>(_ network: Network) -> ParameterVector<E> {
    let initial: ParameterVector<E> = network.initialParameters(seed: 3)
    let noise: ParameterVector<E> = direction(network.layout, 6)
    return ParameterVector(layout: network.layout, flat: initial.flat.addingScaled(0.125, noise.flat))
  }

  @Test("loss, gradient and dense Hessian of the classifier alone equal the tape's")
  func denseHessian() throws {
    let (layer, layout) = layer(4, 3)
    let network = Network(
      name: "cosine", classes: 3, layout: layout, statisticsLayout: ParameterLayout(), layers: [layer])
    let objective = Objective<Double>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Double.self, samples: 21, shape: [4], classes: 3)
    let w: ParameterVector<Double> = direction(layout, 1)
    let s: ParameterVector<Double> = network.initialStatistics()
    let tape = RecordedTape()
    let p = tape.constants(w.flat.elements)
    let logits = TapeLayers.normalizedDense(
      tape.constants(batch.images.elements), samples: 21, weights: p, output: 3)
    let loss = TapeLayers.crossEntropy(logits, labels: batch.labels, weights: weights)
    let gradient = tape.gradient(of: loss, in: p)
    let evaluation = try objective.evaluate(at: w, statistics: s, over: batch, partSize: 8)
    LayerWitnessTests.expectClose([evaluation.loss], [loss.value], "loss")
    LayerWitnessTests.expectClose(evaluation.gradient.flat.elements, gradient.values, "gradient")
    let memories = PartMemories(budget: 1 << 20)
    for i in 0..<p.count {
      let row = tape.gradient(of: gradient[i], in: p).values
      var unit = [Double](repeating: 0, count: p.count)
      unit[i] = 1
      let product = try objective.hessianVectorProduct(
        at: w, statistics: s, direction: ParameterVector(layout: layout, flat: Tensor(unit)), over: batch,
        partSize: 8, memories: memories)
      LayerWitnessTests.expectClose(product.flat.elements, row, "Hessian row \(i)")
    }
    #expect(memories.bytes > 0)
  }

  @Test("the Hessian of a ResNet with cosines is symmetric", arguments: [Normalization.batch, .running])
  func symmetric(normalization: Normalization) throws {
    let network = network()
    let objective = Objective<Double>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Double.self, samples: 6, shape: [8, 8, 3], classes: 3)
    let w: ParameterVector<Double> = point(network)
    let s: ParameterVector<Double> = network.initialStatistics()
    let u: ParameterVector<Double> = direction(network.layout, 1)
    let v: ParameterVector<Double> = direction(network.layout, 2)
    func product(_ v: ParameterVector<Double>) throws -> ParameterVector<Double> {
      try objective.hessianVectorProduct(
        at: w, statistics: s, direction: v, over: batch, normalization: normalization)
    }
    let (hu, hv) = (try product(u), try product(v))
    // As for the linear classifier: about 10⁴ roundings on the longest path, Cauchy–Schwarz bounds the terms.
    let bound =
      1e4 * Double.ulpOfOne * (hu.flat.norm() * v.flat.norm() + hv.flat.norm() * u.flat.norm())
    #expect(abs(hu.flat.dot(v.flat) - hv.flat.dot(u.flat)) <= bound)
    let last = network.layout.segments.count - 1
    #expect(hu[last].norm() > 1e-3 * hu.flat.norm())
  }

  @Test(
    "whole = parts, bit for bit, for gradient and product, with a ragged last part", arguments: [8, 16, 32])
  func wholeEqualsParts(partSize: Int) throws {
    let network = network()
    let objective = Objective<Float>(network: network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let batch = randomBatch(Float.self, samples: 45, shape: [8, 8, 3], classes: 3)
    let w: ParameterVector<Float> = point(network)
    let s: ParameterVector<Float> = network.initialStatistics()
    let v: ParameterVector<Float> = direction(network.layout, 4)
    func both(_ part: Int, _ memories: PartMemories?) throws -> [ParameterVector<Float>] {
      [
        try objective.evaluate(at: w, statistics: s, over: batch, partSize: part).gradient,
        try objective.hessianVectorProduct(
          at: w, statistics: s, direction: v, over: batch, partSize: part, memories: memories),
      ]
    }
    let whole = try both(1024, nil)
    #expect(try both(partSize, nil) == whole)
    // Twice with memories: written, then read.
    let memories = PartMemories(budget: 1 << 26)
    for _ in 0..<2 { #expect(try both(partSize, memories) == whole) }
    #expect(
      whole.allSatisfy { vector in
        network.layout.segments.indices.allSatisfy { vector[$0].norm() > 0 }
      })
  }

  @Test("gradient and product have one set of bits on every path")
  func everyPath() throws {
    let network = network()
    let objective = Objective<Float>(network: network)
    let batch = randomBatch(Float.self, samples: 9, shape: [8, 8, 3], classes: 3)
    let w: ParameterVector<Float> = point(network)
    let s: ParameterVector<Float> = network.initialStatistics()
    let v: ParameterVector<Float> = direction(network.layout, 4)
    func everything() throws -> [ParameterVector<Float>] {
      [
        objective.trainingStep(at: w, batch: batch).evaluation.gradient,
        try objective.hessianVectorProduct(at: w, statistics: s, direction: v, over: batch),
        network.initialParameters(seed: 5),
      ]
    }
    let reference = try ExecutionPath(isa: EK_ISA_SCALAR, threads: 1).run(everything)
    for path in ExecutionPath.all { #expect(try path.run(everything) == reference, "\(path)") }
  }
}
