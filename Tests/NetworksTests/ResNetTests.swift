import Calculus
import CKernels
import Kernels
import LongTail
import Randomness
import Testing

@testable import Networks

@Suite("ResNet")
struct ResNetTests {
  @Test("parameter counts are those of the published models", arguments: [(10, 464_154), (100, 470_004)])
  func parameterCount(classes: Int, expected: Int) {
    #expect(Network.resNet(depth: 32, classes: classes).layout.count == expected)
  }
}

extension ResNetTests {
  @Test("names and order are PyTorch's")
  func names() {
    let layout = Network.resNet(depth: 8, width: 4, classes: 10).layout
    #expect(
      layout.segments.map(\.name) == [
        "conv1.weight", "bn1.weight", "bn1.bias",
        "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn1.bias",
        "layer1.0.conv2.weight", "layer1.0.bn2.weight", "layer1.0.bn2.bias",
        "layer2.0.conv1.weight", "layer2.0.bn1.weight", "layer2.0.bn1.bias",
        "layer2.0.conv2.weight", "layer2.0.bn2.weight", "layer2.0.bn2.bias",
        "layer3.0.conv1.weight", "layer3.0.bn1.weight", "layer3.0.bn1.bias",
        "layer3.0.conv2.weight", "layer3.0.bn2.weight", "layer3.0.bn2.bias",
        "linear.weight", "linear.bias",
      ])
    #expect(layout.segments[3].shape == [3, 3, 4, 4])
    #expect(layout.segments[9].shape == [3, 3, 4, 8])
    #expect(layout.segments[21].shape == [16, 10])
  }

  @Test("initial parameters follow the published distributions and the seed")
  func initialization() {
    let network = Network.resNet(depth: 32, classes: 10)
    let w: ParameterVector<Float> = network.initialParameters(seed: 1)
    #expect(w == network.initialParameters(seed: 1))
    #expect(w != network.initialParameters(seed: 2))
    for (index, segment) in network.layout.segments.enumerated() {
      let values = w[index].converted(to: Double.self)
      switch segment.role {
      case .convolution, .dense:
        let variance = 2 / Double(segment.count / segment.shape.columns)
        let n = Double(segment.count)
        // Five standard errors of the mean and of the second moment of n normals.
        #expect(abs(values.sum() / n) <= 5 * (variance / n).squareRoot(), "\(segment.name)")
        #expect(
          abs(values.dot(values) / n - variance) <= 5 * variance * (2 / n).squareRoot(), "\(segment.name)")
      case .vector where segment.name == "linear.bias":
        #expect(values.elements.allSatisfy { abs($0) <= 0.125 } && values.norm() > 0)
      case .vector:
        let expected: Double = segment.name.hasSuffix(".weight") ? 1 : 0
        #expect(values.elements.allSatisfy { $0 == expected }, "\(segment.name)")
      }
    }
  }

  @Test("a steady gradient step copies nothing on write")
  func noCopies() {
    let network = Network.resNet(depth: 8, width: 4, classes: 3)
    let objective = Objective<Float>(network: network)
    let batch = randomBatch(Float.self, samples: 8, shape: [16, 16, 3], classes: 3)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    var shared = batch.images
    let unshared = Tensor<Float>.copiesOnWrite
    shared.addProduct(1, batch.images)
    #expect(Tensor<Float>.copiesOnWrite == unshared + 1, "the counter counts")
    let before = Tensor<Float>.copiesOnWrite
    _ = objective.trainingStep(at: w, batch: batch)
    #expect(Tensor<Float>.copiesOnWrite == before)
  }
}
