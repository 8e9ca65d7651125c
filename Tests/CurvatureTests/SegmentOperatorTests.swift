import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing

@testable import EscapementCurvature

/// Blocks of an operator, and more than one certified pair at each end.
@Suite struct SegmentOperatorTests {
  /// The block of a layer is that part of the dense Hessian, entry by entry.
  @Test(arguments: ["linear1.", "linear2.", "linear1.weight", ""])
  func aBlockIsThePartOfTheDenseMatrix(_ beginning: String) throws {
    let network = Network.multilayerPerceptron(features: [3, 4, 3], activation: .tanh)
    let layout = network.layout
    let segments = layout.segments.filter { $0.name.hasPrefix(beginning) }
    try #require(
      !segments.isEmpty && (beginning.isEmpty || segments.count < layout.segments.count), "\(layout)")
    var numbers = TestNumbers(seed: 4)
    let images = Tensor<Double>(numbers.values(5 * 3), shape: [5, 3])
    let hessian = HessianOperator<Double>(
      objective: Objective(network: network), parameters: network.initialParameters(seed: 2),
      statistics: network.initialStatistics(), samples: LabeledBatch(images: images, labels: [0, 1, 2, 0, 1]))
    let whole = try DenseHessian(of: hessian).matrix
    let block = SegmentOperator(of: hessian, layout: layout) { $0.name.hasPrefix(beginning) }
    let part = try DenseHessian(of: block).matrix
    let places = segments.flatMap { Array($0.offset..<($0.offset + $0.count)) }
    #expect(block.dimension == places.count && part.shape == [places.count, places.count])
    // The products are the same, and so are their bits.
    for (i, row) in places.enumerated() {
      for (j, column) in places.enumerated() {
        #expect(part[i * places.count + j] == whole[row * whole.shape[1] + column], "\(row), \(column)")
      }
    }
  }

  /// On ten distinct eigenvalues ten steps find all of them, from either end.
  @Test func pairsAreTheEigenvaluesFromBothEnds() throws {
    let eigenvalues = [-7.0, -3, -1, 0.5, 1, 2, 4, 8, 16, 32]
    let matrix = Tensor<Double>(
      (0..<100).map { $0 % 11 == 0 ? eigenvalues[$0 / 11] : 0 }, shape: [10, 10])
    let map = DenseSymmetricOperator(matrix)
    let one = try CertifiedSpectrum(of: map, measuredBy: map, steps: 10, seed: 3)
    #expect(one.smallestPairs == [one.report.smallest] && one.largestPairs == [one.report.largest])
    let spectrum = try CertifiedSpectrum(of: map, measuredBy: map, steps: 10, seed: 3, pairs: 4)
    #expect(spectrum.products == one.products + 6)
    for (index, (low, high)) in zip(spectrum.smallestPairs, spectrum.largestPairs).enumerated() {
      #expect(low.interval.contains(eigenvalues[index]), "\(low)")
      #expect(high.interval.contains(eigenvalues[9 - index]), "\(high)")
      #expect(low.residual < 1e-10 && high.residual < 1e-10)
    }
    // No more pairs than steps.
    #expect(
      try CertifiedSpectrum(of: map, measuredBy: map, steps: 3, seed: 3, pairs: 9).smallestPairs.count == 3)
  }
}
