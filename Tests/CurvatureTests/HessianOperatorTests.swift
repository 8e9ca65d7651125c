import EscapementLAPACK
import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementRandomness
import EscapementTestSupport
import Testing

/// Lanczos on exact Hessian-vector products against the dense Hessians of trained small networks.
@Suite("Hessians of small networks")
struct HessianOperatorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let network: Network
    let inputShape: [Int]
    let samples: Int
    let descentSteps: Int
    var testDescription: String { "\(name), \(network.layout.count) parameters" }
  }

  static let cases = [
    Case(
      name: "tanh perceptron",
      network: .multilayerPerceptron(features: [20, 48, 16, 6], activation: .tanh),
      inputShape: [20], samples: 48, descentSteps: 200),
    Case(
      name: "ReLU perceptron", network: .multilayerPerceptron(features: [12, 20, 4], activation: .relu),
      inputShape: [12], samples: 40, descentSteps: 200),
    Case(
      name: "ResNet-8 of width 2", network: .resNet(depth: 8, width: 2, classes: 3),
      inputShape: [8, 8, 3], samples: 6, descentSteps: 20),
  ]

  /// Gaussian images around one center a class, by the fixture streams of one seed.
  static func batch(_ c: Case) -> LabeledBatch<Double> {
    let classes = c.network.classes
    let features = c.inputShape.reduce(1, *)
    func normals(_ index: Int) -> Tensor<Double> {
      let stream = RandomStream(seed: 41, purpose: .fixture, index: UInt64(index))
      return Tensor(shape: [features]) {
        stream.fillNormals(type: Double.kernelType, count: features, into: $0)
      }
    }
    let labels = (0..<c.samples).map { $0 % classes }
    let rows = labels.enumerated().flatMap { i, label in
      (normals(1000 + label) + normals(i)).elements
    }
    return LabeledBatch(images: Tensor(rows, shape: Shape([c.samples] + c.inputShape)), labels: labels)
  }

  /// Parameters after plain gradient descent under running statistics.
  static func trained(
    _ c: Case, _ data: LabeledBatch<Double>
  ) throws -> (point: ParameterVector<Double>, statistics: ParameterVector<Double>) {
    let objective = Objective<Double>(network: c.network)
    var point: ParameterVector<Double> = c.network.initialParameters(seed: 42)
    let statistics: ParameterVector<Double> = c.network.initialStatistics()
    let first = try objective.evaluate(at: point, statistics: statistics, over: data)
    for _ in 0..<c.descentSteps {
      let g = try objective.evaluate(at: point, statistics: statistics, over: data).gradient
      point.flat.addProduct(-0.1, g.flat)
    }
    let last = try objective.evaluate(at: point, statistics: statistics, over: data)
    #expect(last.loss < 0.8 * first.loss)
    return (point, statistics)
  }

  @Test("Lanczos on products against LAPACK on the dense Hessian", arguments: cases)
  func againstDense(_ c: Case) throws {
    let data = Self.batch(c)
    let (point, statistics) = try Self.trained(c, data)
    let hessian = HessianOperator(
      objective: Objective(network: c.network), parameters: point, statistics: statistics, samples: data)
    let n = hessian.dimension
    #expect(n == c.network.layout.count && n <= 2000)
    let dense = try DenseHessian(of: hessian)
    let exact = try ExactSpectrum(of: dense.symmetricPart.matrix)
    let norm = exact.values.reduce(0) { max($0, $1.magnitude) }
    // √n·ε·‖H‖, the certificates' own estimate of a product's error: what two products that are one number in
    // exact arithmetic may disagree by.
    let rounding = Double(n).squareRoot() * Double.ulpOfOne * norm
    #expect(dense.asymmetry <= rounding)
    #expect(norm > 1e-3 && exact.values.first! < 0)
    // LAPACK: p(n)·ε·‖H‖ with p = 36n (36 = 12·3 sweeps an eigenvalue), and the symmetric part's distance.
    let oracle = 36 * Double(n) * Double.ulpOfOne * norm + Double(n).squareRoot() * rounding

    let report = try extremeSpectrum(of: hessian, steps: 100, seed: 43)
    #expect(report.drift == 0 && report.asymmetry <= Double(n).squareRoot() * Double.ulpOfOne)
    #expect(report.orthogonalityLoss <= 1e-14)
    #expect(!report.smallest.roundingIsBound)
    let low = report.smallest
    let high = report.largest
    #expect(exact.values.first! <= report.smallestUpperLimit + oracle)
    #expect(exact.values.last! >= report.largestLowerLimit - oracle)
    // A hundred steps resolve both ends: each extreme lies in its certificate's interval.
    #expect(exact.values.first! >= low.interval.lowerBound - oracle)
    #expect(exact.values.last! <= high.interval.upperBound + oracle)
    #expect(low.residual <= 1e-6 * norm && high.residual <= 1e-6 * norm)
    let below = try #require(report.smallestLowerLimit)
    let above = try #require(report.largestUpperLimit)
    #expect(exact.values.first! >= below - oracle && exact.values.last! <= above + oracle)

    // Float Lanczos with Double certificates.
    let single = HessianOperator(
      objective: Objective<Float>(network: c.network),
      parameters: ParameterVector(layout: point.layout, flat: point.flat.converted(to: Float.self)),
      statistics: ParameterVector(layout: statistics.layout, flat: statistics.flat.converted(to: Float.self)),
      samples: LabeledBatch(images: data.images.converted(to: Float.self), labels: data.labels))
    let mixed = try extremeSpectrum(of: single, measuredBy: hessian, steps: 60, seed: 43)
    #expect(mixed.elementType == "F32" && mixed.orthogonalityLoss <= 1e-6)
    #expect(exact.values.first! <= mixed.smallestUpperLimit + oracle)
    #expect(exact.values.last! >= mixed.largestLowerLimit - oracle)
    for certificate in [mixed.smallest, mixed.largest] {
      let nearest = exact.values.map { ($0 - certificate.rayleighQuotient).magnitude }.min()!
      #expect(nearest <= certificate.residual + certificate.rounding + oracle)
      #expect(certificate.residual <= 1e-4 * norm)
    }
  }

  @Test("parts change no bit, and class weights change no one-class Hessian")
  func partsAndWeights() throws {
    let c = Self.cases[1]
    let data = Self.batch(c)
    let point: ParameterVector<Double> = c.network.initialParameters(seed: 44)
    let statistics: ParameterVector<Double> = c.network.initialStatistics()
    let direction = Lanczos(steps: 1, seed: 45).startVector(Double.self, dimension: point.count)
    func product(_ samples: LabeledBatch<Double>, part: Int, weights: [Double]? = nil) throws
      -> Tensor<Double>
    {
      try HessianOperator(
        objective: Objective(network: c.network, loss: SoftmaxCrossEntropy(classWeights: weights)),
        parameters: point, statistics: statistics, samples: samples, partSize: part
      ).product(direction)
    }
    let whole = try product(data, part: 64)
    for part in [8, 16] { #expect(try product(data, part: part) == whole) }

    let one = data.labels.indices.filter { data.labels[$0] == 2 }
    let images = one.flatMap { data.images.view(at: 12 * $0, shape: [12]).elements }
    let ofClass = LabeledBatch(
      images: Tensor(images, shape: [one.count, 12]), labels: one.map { _ in 2 })
    let plain = try product(ofClass, part: 64)
    // A weight that is a power of two scales sum and total alike, without rounding.
    #expect(try product(ofClass, part: 64, weights: [1, 1, 0.25, 1]) == plain)
    #expect(try product(data, part: 64, weights: [1, 1, 0.25, 1]) != whole)
    #expect(plain != whole)
  }

  @Test("a product is the gradient's derivative along the vector")
  func againstDifferences() throws {
    let c = Self.cases[0]
    let data = Self.batch(c)
    let objective = Objective<Double>(network: c.network)
    let point: ParameterVector<Double> = c.network.initialParameters(seed: 46)
    let statistics: ParameterVector<Double> = c.network.initialStatistics()
    let n = point.count
    let gaussian = Lanczos(steps: 1, seed: 47).startVector(Double.self, dimension: n)
    let v = gaussian.zip(.divide, scalar: gaussian.norm())
    let product = try HessianOperator(
      objective: objective, parameters: point, statistics: statistics, samples: data
    ).product(v)

    func gradient(_ step: Double) throws -> Tensor<Double> {
      let moved = ParameterVector(layout: point.layout, flat: point.flat.addingScaled(step, v))
      return try objective.evaluate(at: moved, statistics: statistics, over: data).gradient.flat
    }
    func difference(_ h: Double) throws -> Tensor<Double> {
      (try gradient(h) - gradient(-h)).scaled(by: 0.5 / h)
    }
    let h = 0x1p-13
    let near = try difference(h)
    // The error of a central difference grows fourfold from h to 2h, so the change is three times the error at
    // h; the whole change is a bound with room. Rounding: gradients err by √n·ε of their size, over h.
    let truncation = (try difference(2 * h) - near).norm()
    let rounding = Double(n).squareRoot() * Double.ulpOfOne * (try gradient(0)).norm() / h
    #expect((product - near).norm() <= truncation + rounding)
    // The test sees a factor of 1.0001: the bound is far below the product itself.
    #expect(truncation + rounding < 1e-4 * product.norm())
  }

  @Test("batch and running statistics give different Hessians, each the objective's own")
  func normalization() throws {
    let c = Self.cases[2]
    let data = Self.batch(c)
    let objective = Objective<Double>(network: c.network)
    let point: ParameterVector<Double> = c.network.initialParameters(seed: 48)
    let statistics: ParameterVector<Double> = c.network.initialStatistics()
    let v = Lanczos(steps: 1, seed: 49).startVector(Double.self, dimension: point.count)
    var products: [Tensor<Double>] = []
    for normalization in [Normalization.running, .batch] {
      let hessian = HessianOperator(
        objective: objective, parameters: point, statistics: statistics, samples: data,
        normalization: normalization)
      let direct = try objective.hessianVectorProduct(
        at: point, statistics: statistics, direction: ParameterVector(layout: point.layout, flat: v),
        over: data, normalization: normalization)
      products.append(try hessian.product(v))
      #expect(products.last == direct.flat)
      #expect(
        try OperatorChecks(hessian, seed: 50).asymmetry <= Double(point.count).squareRoot() * Double.ulpOfOne)
    }
    #expect(products[0] != products[1])
  }

  @Test(
    "what is kept between products changes no bit, whatever the budget, the parts and the path",
    arguments: [Normalization.running, .batch])
  func memory(normalization: Normalization) throws {
    let network = Network.resNet(depth: 8, width: 4, classes: 3)
    let count = 21
    let batch = LabeledBatch<Float>(
      images: .standardNormal(seed: 8, purpose: .fixture, index: 1, shape: [count, 8, 8, 3]),
      labels: (0..<count).map { $0 % 3 })
    func products(_ budget: Int, _ partSize: Int) throws -> (vectors: [Tensor<Float>], kept: Int) {
      let hessian = HessianOperator<Float>(
        objective: Objective(network: network), parameters: network.initialParameters(seed: 2),
        statistics: network.initialStatistics(), samples: batch, normalization: normalization,
        partSize: partSize, memoryBudget: budget)
      let vectors = try (0..<3).map { i in
        try hessian.product(
          .standardNormal(seed: 9, purpose: .probe, index: UInt64(i), shape: [network.layout.count]))
      }
      return (vectors, hessian.bytesKept)
    }
    let reference = try products(0, 64)
    #expect(reference.kept == 0 && reference.vectors[0].norm() > 0)
    #expect(reference.vectors[0] != reference.vectors[1])
    for (i, (budget, partSize)) in [(1 << 14, 64), (1 << 26, 8), (1 << 26, 64), (1 << 17, 16)].enumerated() {
      for path in ExecutionPath.each(turn: i) {
        let other = try path.run { try products(budget, partSize) }
        #expect(other.vectors == reference.vectors, "\(budget) bytes, parts of \(partSize), \(path)")
        #expect(other.kept > 0 && other.kept <= budget)
      }
    }
  }
}
