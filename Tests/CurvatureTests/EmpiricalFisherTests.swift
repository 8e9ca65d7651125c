import EscapementLAPACK
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import Testing

@testable import EscapementCurvature
@testable import EscapementNetworks

/// Both Fisher matrices against their definitions as sums over samples.
@Suite("Fisher operators")
struct EmpiricalFisherTests {
  static let problems: [SmallProblem] = [
    SmallProblem(kind: .tanh, loss: .influenceBalanced, normalization: .running, seed: 27),
    SmallProblem(kind: .convolutional, loss: .ldam, normalization: .running, seed: 28),
    SmallProblem(kind: .convolutional, loss: .ldam, normalization: .batch, seed: 29),
    SmallProblem(kind: .convolutional, loss: .focal, normalization: .batch, seed: 30),
  ]

  @Test("samples' gradients sum to the loss's, and each is that of its sample alone", arguments: problems)
  func gradients(_ problem: SmallProblem) throws {
    let hessian = problem.hessian()
    let fisher = try EmpiricalFisherOperator(at: hessian)
    let n = problem.samples
    let p = hessian.dimension
    #expect(fisher.gradients.shape == [n, p] && fisher.dimension == p)
    let sum = Tensor<Double>(repeating: 1, shape: [1, n]).matmul(fisher.gradients).reshaped([p])
    let whole = try problem.objective.evaluate(
      at: hessian.parameters, statistics: hessian.statistics, over: problem.data,
      normalization: problem.normalization
    ).gradient.flat
    // n rows that each carry a few hundred roundings.
    let bound = 500 * Double.ulpOfOne * Double(n).squareRoot() * fisher.gradients.norm()
    #expect((sum - whole.scaled(by: fisher.totalWeight)).norm() <= bound)
    #expect(whole.norm() > 0)
    if problem.normalization == .batch {
      for i in [0, n - 1] {
        let alone = problem.objective.trainingStep(
          at: hessian.parameters, batch: problem.data, counting: [i], divisor: 1
        ).evaluation.gradient.flat
        #expect((fisher.gradients.view(at: i * p, shape: [p]) - alone).norm() <= bound)
      }
    }
  }

  @Test("F·v is Σ gᵢ⟨gᵢ, v⟩/W within its bound; F is semidefinite, of rank n", arguments: problems)
  func products(_ problem: SmallProblem) throws {
    let fisher = try EmpiricalFisherOperator(at: problem.hessian())
    let p = fisher.dimension
    let v = GaussNewtonTests.gaussian(p, 5)
    var sum = Tensor<Double>.zeros([p])
    for i in 0..<problem.samples {
      let g = fisher.gradients.view(at: i * p, shape: [p])
      sum.addProduct(g.dot(v) / fisher.totalWeight, g)
    }
    let bound = try #require(fisher.productErrorBound)
    // The sum's own chains are no longer than the products'.
    #expect((fisher.product(v) - sum).norm() <= 2 * bound && sum.norm() > 100 * bound)
    let dense = try DenseHessian(of: fisher)
    let values = try ExactSpectrum(of: dense.symmetricPart.matrix).values
    let slack = Double(p).squareRoot() * bound + 36 * Double(p) * Double.ulpOfOne * values[p - 1]
    #expect(values[0] >= -slack && values[p - 1] > 1e3 * slack)
    #expect(values.dropLast(problem.samples).allSatisfy { $0 <= slack })
  }

  @Test("under cross-entropy G is the Fisher information: Σ over labels drawn from the model")
  func modelFisher() throws {
    let problem = SmallProblem(kind: .tanh, loss: .crossEntropy, normalization: .running, seed: 31)
    let hessian = problem.hessian()
    let (n, p) = (problem.samples, hessian.dimension)
    let network = problem.network
    let logits = problem.objective.logits(
      at: hessian.parameters, statistics: hessian.statistics, images: problem.data.images)
    let shares = RowSoftmax(logits, labels: problem.data.labels).probabilities
    var fisher = Tensor<Double>.zeros([p, p])
    for c in 0..<network.classes {
      let relabeled = LabeledBatch(images: problem.data.images, labels: [Int](repeating: c, count: n))
      let rows = try problem.objective.sampleGradients(
        at: hessian.parameters, statistics: hessian.statistics, over: relabeled)
      let drawn = shares.gathered(columns: relabeled.labels).zip(.divide, scalar: Double(n))
      fisher = fisher + rows.matmul(rows.multiplyingRows(drawn), transposeSelf: true)
    }
    let g = try DenseHessian(of: hessian.term(.gaussNewton)).matrix
    // A few hundred roundings on each path.
    #expect((g - fisher).norm() <= 500 * Double.ulpOfOne * fisher.norm())
    #expect(fisher.norm() > 1e-3)
    // The empirical one is another matrix.
    let empirical = try DenseHessian(of: EmpiricalFisherOperator(at: hessian)).matrix
    #expect((g - empirical).norm() > 0.1 * fisher.norm())
  }

  @Test("gradients beyond the memory allowed are refused before they are computed")
  func refused() throws {
    let hessian = SmallProblem.numbered(0).hessian()
    let bytes = hessian.samples.labels.count * hessian.dimension * 8
    #expect(throws: Never.self) { try EmpiricalFisherOperator(at: hessian, memoryLimit: bytes) }
    let error = #expect(throws: EmpiricalFisherError.self) {
      try EmpiricalFisherOperator(at: hessian, memoryLimit: bytes - 1)
    }
    #expect(
      error
        == .tooLarge(
          samples: hessian.samples.labels.count, parameters: hessian.dimension, bytes: bytes, limit: bytes - 1
        ))
    #expect(error?.description.contains("\(bytes) bytes") == true)
  }
}
