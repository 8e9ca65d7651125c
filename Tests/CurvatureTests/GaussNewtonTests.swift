import EscapementLAPACK
import CEscapementKernels
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementTestSupport
import Testing

@testable import EscapementCurvature
@testable import EscapementNetworks

/// G = JᵀH_L J and R = H − G against their definitions.
@Suite("Gauss–Newton operator")
struct GaussNewtonTests {
  static let smooth: [SmallProblem] = SmallProblem.Loss.allCases.flatMap { loss in
    [
      SmallProblem(kind: .tanh, loss: loss, normalization: .running, seed: 7),
      SmallProblem(kind: .convolutional, loss: loss, normalization: .running, seed: 8, smooth: true),
      SmallProblem(kind: .convolutional, loss: loss, normalization: .batch, seed: 9, smooth: true),
    ]
  }

  static func gaussian(_ count: Int, _ index: UInt64) -> Tensor<Double> {
    let v = Tensor<Double>.standardNormal(seed: 61, purpose: .direction, index: index, shape: [count])
    return v.zip(.divide, scalar: v.norm())
  }

  @Test("G equals the tape's JᵀH_L J, entry by entry")
  func onTape() throws {
    let network = Network.multilayerPerceptron(features: [3, 4, 3], activation: .tanh)
    let weights = [0.5, 2, 1.25]
    let labels = [0, 2, 1, 0, 1]
    let images = Tensor<Double>.standardNormal(seed: 62, purpose: .fixture, shape: [5, 3])
    let point: ParameterVector<Double> = network.initialParameters(seed: 63)
    let hessian = HessianOperator(
      objective: Objective(network: network, loss: SoftmaxCrossEntropy(classWeights: weights)),
      parameters: point, statistics: network.initialStatistics(),
      samples: LabeledBatch(images: images, labels: labels))
    let g = try DenseHessian(of: hessian.term(.gaussNewton)).matrix

    let tape = RecordedTape()
    let p = tape.constants(point.flat.elements)
    func segment(_ name: String) -> [RecordedTape.Node] {
      let s = network.layout.segments[network.layout.index(of: name)!]
      return Array(p[s.offset..<(s.offset + s.count)])
    }
    let hidden = TapeLayers.dense(
      tape.constants(images.elements), samples: 5, weights: segment("linear1.weight"),
      bias: segment("linear1.bias")
    ).map { $0.hyperbolicTangent { ek_tanh($0) } }
    let logits = TapeLayers.dense(
      hidden, samples: 5, weights: segment("linear2.weight"), bias: segment("linear2.bias"))
    let jacobian = Tensor(
      logits.flatMap { tape.gradient(of: $0, in: p).values }, shape: [15, p.count])
    // The loss alone, as a function of the logits.
    let outputs = RecordedTape()
    let z = outputs.constants(logits.values)
    let slopes = outputs.gradient(
      of: TapeLayers.crossEntropy(z, labels: labels, weights: weights), in: z)
    let curvature = Tensor(
      slopes.flatMap { outputs.gradient(of: $0, in: z).values }, shape: [15, 15])
    let expected = jacobian.matmul(curvature, transposeSelf: true).matmul(jacobian)
    // A few hundred operations of relative error ε on each path, terms bounded by the norms of the factors.
    let bound = 500 * Double.ulpOfOne * jacobian.norm() * jacobian.norm() * curvature.norm()
    #expect((g - expected).norm() <= bound)
    #expect(expected.norm() > 1e6 * bound)
  }

  @Test("G·v equals Jᵀ(H_L(Jv)) by central differences, for every loss and both modes", arguments: smooth)
  func byDifferences(_ problem: SmallProblem) throws {
    let hessian = problem.hessian()
    let n = hessian.dimension
    let v = Self.gaussian(n, 1)
    let network = problem.network
    let data = problem.data
    let total = hessian.objective.loss.totalWeight(of: data.labels)
    func output(_ step: Double, _ direction: Tensor<Double>) -> ClassifierOutput<Tensor<Double>> {
      let moved = hessian.parameters.flat.addingScaled(step, direction)
      var pass = Pass<Tensor<Double>>(
        parameters: ParameterVector(layout: network.layout, flat: moved), statistics: hessian.statistics,
        normalization: problem.normalization, gradients: GradientAccumulator(layout: network.layout),
        goesBack: false)
      return network.forward(data.images, &pass)
    }
    let here = output(0, v)
    func slope(_ step: Double, _ along: ClassifierOutput<Tensor<Double>>) -> ClassifierGradient<
      Tensor<Double>
    > {
      let moved = ClassifierOutput(
        features: here.features.addingScaled(step, along.features),
        logits: here.logits.addingScaled(step, along.logits))
      return hessian.objective.loss.evaluate(moved, labels: data.labels, totalWeight: total, startingAt: 0)
        .gradient
    }
    func product(_ h: Double) -> Tensor<Double> {
      func difference(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
        (a - b).scaled(by: 0.5 / h)
      }
      func jacobian(_ direction: Tensor<Double>) -> ClassifierOutput<Tensor<Double>> {
        let (up, down) = (output(h, direction), output(-h, direction))
        return ClassifierOutput(
          features: difference(up.features, down.features), logits: difference(up.logits, down.logits))
      }
      let along = jacobian(v)
      let (up, down) = (slope(h, along), slope(-h, along))
      let logits = difference(up.logits, down.logits)
      let features = up.features.map { difference($0, down.features!) }
      return Tensor(
        (0..<n).map { i in
          var unit = Tensor<Double>.zeros([n])
          unit.withMutablePointer { $0[i] = 1 }
          let column = jacobian(unit)
          return column.logits.dot(logits) + (features.map { column.features.dot($0) } ?? 0)
        })
    }
    let exact = try hessian.term(.gaussNewton).product(v)
    let h = 0x1p-15
    let near = product(h)
    // The error grows fourfold from h to 2h, so the change is three times the error at h. Rounding: three differences,
    // each of values with about 100·ε of relative error, over h.
    let truncation = (product(2 * h) - near).norm()
    let rounding = 300 * Double.ulpOfOne / h * exact.norm()
    #expect((exact - near).norm() <= truncation + rounding, "\((exact - near).norm()) of \(exact.norm())")
    #expect(truncation + rounding < 1e-4 * exact.norm(), "\(truncation), \(rounding), \(exact.norm())")
  }

  @Test("G is positive semidefinite for cross-entropy, LDAM and VS, and symmetric for all", arguments: smooth)
  func semidefinite(_ problem: SmallProblem) throws {
    let hessian = problem.hessian()
    let dense = try DenseHessian(of: hessian.term(.gaussNewton))
    let values = try ExactSpectrum(of: dense.symmetricPart.matrix).values
    let norm = values.reduce(0) { max($0, $1.magnitude) }
    let n = Double(hessian.dimension)
    // √n·ε·‖G‖, the certificates' own estimate of a product's error; LAPACK: 36n·ε·‖G‖ as elsewhere.
    let rounding = n.squareRoot() * Double.ulpOfOne * norm
    #expect(norm > 1e-3 && dense.asymmetry <= rounding)
    switch problem.loss {
    case .crossEntropy, .ldam, .vs:
      #expect(values[0] >= -(n.squareRoot() * rounding + 36 * n * Double.ulpOfOne * norm))
    case .focal, .influenceBalanced: break
    }
  }

  @Test("the focal loss is not convex in the logits: its G has negative eigenvalues")
  func focalIndefinite() throws {
    // One linear map and one sample, badly misclassified: p = 0.02 for the true class.
    let network = Network.multilayerPerceptron(features: [1, 2], activation: .tanh)
    let point = ParameterVector<Double>(
      layout: network.layout, flat: Tensor([0, 0, 0, 4]))
    let hessian = HessianOperator(
      objective: Objective(network: network, loss: FocalLoss(gamma: 2)), parameters: point,
      statistics: network.initialStatistics(),
      samples: LabeledBatch(images: Tensor([1.0], shape: [1, 1]), labels: [0]))
    let g = try DenseHessian(of: hessian.term(.gaussNewton)).symmetricPart.matrix
    let values = try ExactSpectrum(of: g).values
    // Along the margin m = z₁ − z₀, with p = 1/(1 + eᵐ): f(m) = (1 − p)²·log(1 + eᵐ), whose second derivative is
    // negative at m = 4; G's only curvature is 2·2·f''(m) for the four parameters that move m by ±1.
    func f(_ m: Double) -> Double {
      let p = 1 / (1 + ek_exp(m))
      return (1 - p) * (1 - p) * ek_log(1 + ek_exp(m))
    }
    let h = 0x1p-12
    let second = (f(4 + h) - 2 * f(4) + f(4 - h)) / (h * h)
    #expect(second < -1e-3)
    // Fourth derivatives of order 1, h²/12 of them; three values of f ≈ 4 with a few ε, over h².
    let bound = 4 * (h * h + 3 * 8 * 4 * Double.ulpOfOne / (h * h))
    #expect(abs(values[0] - 4 * second) <= bound, "\(values[0]) for \(4 * second)")
  }

  @Test("a network linear in its parameters has G = H to the bit, and no remainder", arguments: [1, 13, 40])
  func linear(samples: Int) throws {
    let network = Network.multilayerPerceptron(features: [5, 4], activation: .tanh)
    let point: ParameterVector<Double> = network.initialParameters(seed: 64)
    let hessian = HessianOperator(
      objective: Objective(network: network), parameters: point, statistics: network.initialStatistics(),
      samples: LabeledBatch(
        images: .standardNormal(seed: 65, purpose: .fixture, shape: [samples, 5]),
        labels: (0..<samples).map { $0 % 4 }))
    let v = Self.gaussian(point.count, 2)
    let h = try hessian.product(v)
    #expect(try hessian.term(.gaussNewton).product(v) == h && h.norm() > 0)
    #expect(try hessian.term(.remainder).product(v).elements.allSatisfy { $0 == 0 })
  }

  @Test(
    "H = G + R for every loss, network and mode",
    arguments: SmallProblem.Loss.allCases.flatMap { loss in
      [
        SmallProblem(kind: .relu, loss: loss, normalization: .running, seed: 17),
        SmallProblem(kind: .convolutional, loss: loss, normalization: .running, seed: 18),
        SmallProblem(kind: .convolutional, loss: loss, normalization: .batch, seed: 19),
      ]
    })
  func sum(_ problem: SmallProblem) throws {
    let hessian = problem.hessian()
    let krylov = try Lanczos(steps: 40, seed: 66).decompose(hessian)
    let eigen = try TridiagonalEigen(krylov.tridiagonal)
    let split = try CurvatureSplit(atSmallestOf: krylov, eigen: eigen, of: hessian)
    #expect(split.adds, "\(split.defect), allowed \(split.rounding)")
    let remainder = try hessian.term(.remainder)
      .product(Self.gaussian(hessian.dimension, 3)).norm()
    #expect(remainder > 1e9 * split.rounding)
    #expect(abs(split.hessian - split.gaussNewton - split.remainder) <= 2 * split.rounding)
    let residual = krylov.beta[krylov.steps - 1] + split.rounding
    #expect(abs(split.hessian - eigen.values[0]) <= residual)
    switch problem.loss {
    case .crossEntropy, .ldam, .vs:
      // G is positive semidefinite, so what is negative comes from R, all of it and more.
      #expect(split.hessian < -1e3 * split.rounding && split.gaussNewton >= -split.rounding)
      #expect(split.remainder <= split.hessian + split.rounding)
      #expect(split.remainderShare >= 1 - 1e-3)
    case .focal, .influenceBalanced: break
    }
    // A split along any direction, with H's own products as the witness.
    let v = Self.gaussian(hessian.dimension, 4).scaled(by: 3)
    let other = try CurvatureSplit(along: v, of: hessian, norm: krylov.tridiagonal.rowSumNorm)
    #expect(abs(other.hessian - (try hessian.product(v)).dot(v) / v.dot(v)) <= other.rounding)
    #expect(other.adds && other.gaussNewton != 0 && other.remainder != 0)
  }

  @Test("a split along nothing is refused")
  func splitRefused() throws {
    let hessian = SmallProblem.numbered(0).hessian()
    #expect(throws: LanczosError.unusableStart) {
      try CurvatureSplit(along: .zeros([hessian.dimension]), of: hessian, norm: 1)
    }
  }

  @Test(
    "parts, paths, repetition and what is kept change no bit of G·v and R·v",
    arguments: [Normalization.running, .batch])
  func sameBits(normalization: Normalization) throws {
    let network = Network.resNet(depth: 8, width: 4, classes: 3, classifier: .cosine)
    let count = 21
    let batch = LabeledBatch<Float>(
      images: .standardNormal(seed: 67, purpose: .fixture, shape: [count, 8, 8, 3]),
      labels: (0..<count).map { $0 * $0 % 3 })
    func products(_ budget: Int, _ partSize: Int) throws -> [Tensor<Float>] {
      let hessian = HessianOperator<Float>(
        objective: Objective(network: network, loss: FocalLoss()),
        parameters: network.initialParameters(seed: 68),
        statistics: network.initialStatistics(), samples: batch, normalization: normalization,
        partSize: partSize)
      let g = hessian.term(.gaussNewton, memoryBudget: budget)
      let r = hessian.term(.remainder, memoryBudget: budget)
      return try (0..<3).flatMap { i in
        let v = Tensor<Float>.standardNormal(
          seed: 69, purpose: .probe, index: UInt64(i % 2), shape: [network.layout.count])
        return [try g.product(v), try r.product(v)]
      }
    }
    let reference = try products(0, 64)
    #expect(reference.allSatisfy { $0.isFinite && $0.norm() > 0 })
    #expect(reference[0] == reference[4] && reference[1] == reference[5] && reference[0] != reference[2])
    for (i, (budget, partSize)) in [(1 << 14, 64), (1 << 26, 8), (1 << 17, 16)].enumerated() {
      for path in ExecutionPath.each(turn: i) {
        let other = try path.run { try products(budget, partSize) }
        #expect(other == reference, "\(budget) bytes, parts of \(partSize), \(path)")
      }
    }
  }
}
