import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import Testing

/// What is drawn at the start. Sample moments are held within five standard errors, which a sound generator exceeds
/// with a probability below 6e-7; the seeds are fixed.
@Suite("Initial parameters")
struct InitializationTests {
  private func expectNormal(_ x: Tensor<Double>, variance: Double, _ name: String) {
    let n = Double(x.count)
    #expect(abs(x.sum() / n) <= 5 * (variance / n).squareRoot(), "\(name)")
    // Var z² = 2σ⁴.
    #expect(abs(x.dot(x) / n - variance) <= 5 * variance * (2 / n).squareRoot(), "\(name)")
    // Uniform numbers of this variance end at √3σ; of n normals none lies beyond with probability 0.917ⁿ.
    if n >= 400 {
      #expect(x.elements.contains { abs($0) > (3 * variance).squareRoot() }, "\(name) looks uniform")
    }
  }

  private func expectUniform(_ x: Tensor<Double>, bound: Double, _ name: String) {
    let n = Double(x.count)
    let variance = bound * bound / 3
    // Rounding to Float may reach the bound's own rounding.
    #expect(x.elements.allSatisfy { abs($0) <= bound * (1 + 0x1p-24) }, "\(name)")
    #expect(abs(x.sum() / n) <= 5 * (variance / n).squareRoot(), "\(name)")
    // Var u² = (1/5 − 1/9)·bound⁴.
    let spread = bound * bound * (4.0 / 45 / n).squareRoot()
    #expect(abs(x.dot(x) / n - variance) <= 5 * spread, "\(name)")
    // All n stay below 1 − 20/n of the bound with probability e⁻²⁰.
    if n >= 100 { #expect(x.elements.contains { abs($0) > bound * (1 - 20 / n) }, "\(name)") }
  }

  private func values(_ network: Network, seed: UInt64) -> (String) throws -> Tensor<Double> {
    let w: ParameterVector<Float> = network.initialParameters(seed: seed)
    return { name in w[try #require(network.layout.index(of: name))].converted(to: Double.self) }
  }

  @Test("the CIFAR networks draw all weights by fan-in", arguments: [Classifier.linear, .cosine])
  func cifar(classifier: Classifier) throws {
    let network = Network.resNet(depth: 32, classes: 10, classifier: classifier)
    let w: ParameterVector<Float> = network.initialParameters(seed: 1)
    #expect(w == network.initialParameters(seed: 1) && w != network.initialParameters(seed: 2))
    let value = values(network, seed: 1)
    for segment in network.layout.segments {
      let x = try value(segment.name)
      switch segment.role {
      case .convolution, .dense:
        expectNormal(x, variance: 2 / Double(segment.count / segment.shape.columns), segment.name)
      case .matrix: try expectUnitColumns(x)
      case .vector where segment.name == "linear.bias": expectUniform(x, bound: 0.125, segment.name)
      case .vector:
        let expected: Double = segment.name.hasSuffix(".weight") ? 1 : 0
        #expect(x.elements.allSatisfy { $0 == expected }, "\(segment.name)")
      }
    }
  }

  private func expectUnitColumns(_ x: Tensor<Double>) throws {
    let squares = x.channelDots(x).elements
    // r/(r + 1e-7) with r about √(64/3), and entries rounded to Float.
    for square in squares { #expect(abs(square.squareRoot() - 1) <= 1e-7 + 0x1p-24) }
    let n = Double(x.count)
    // Sixty-four uniform entries to unit length: entries of variance 1/64 whose size stays below √(3/64) times the
    // length's own deviation, 5·√(1/(5·64)) of itself.
    #expect(abs(x.sum() / n) <= 5 * (1 / 64.0 / n).squareRoot())
    #expect(x.elements.allSatisfy { abs($0) <= (3 / 64.0).squareRoot() / (1 - 5 * (1 / 320.0).squareRoot()) })
  }

  @Test("the ResNet-34 draws convolutions by fan-out, stem and classifier from PyTorch's default")
  func resNet34() throws {
    let network = Network.resNet(depth: 34, stem: .small, width: 16, classes: 10)
    let value = values(network, seed: 7)
    for segment in network.layout.segments {
      let x = try value(segment.name)
      let shape = segment.shape
      switch segment.name {
      case "conv1.weight": expectUniform(x, bound: 1 / 27.0.squareRoot(), segment.name)
      case "fc.weight", "fc.bias": expectUniform(x, bound: 1 / 128.0.squareRoot(), segment.name)
      default:
        guard segment.role == .convolution else { continue }
        expectNormal(x, variance: 2 / Double(shape[0] * shape[1] * shape[3]), segment.name)
      }
    }
  }

  @Test("the ResNet-50 draws its stem by fan-out too, and its cosines of unit length")
  func resNet50() throws {
    for classifier in [Classifier.linear, .cosine] {
      let network = Network.resNet50(width: 8, classes: 20, classifier: classifier)
      let value = values(network, seed: 8)
      expectNormal(try value("conv1.weight"), variance: 2 / Double(49 * 8), "conv1")
      expectNormal(try value("layer2.0.downsample.0.weight"), variance: 2 / 64.0, "downsample")
      expectNormal(try value("layer3.0.conv2.weight"), variance: 2 / Double(9 * 32), "conv2")
      #expect(try value("layer1.0.bn3.weight").elements.allSatisfy { $0 == 1 })
      let weight = try value("fc.weight")
      if classifier == .linear {
        expectUniform(weight, bound: 1 / 256.0.squareRoot(), "fc.weight")
      } else {
        for square in weight.channelDots(weight).elements {
          #expect(abs(square.squareRoot() - 1) <= 1e-7 + 0x1p-24)
        }
      }
    }
  }

  @Test("running means begin at 0 and variances at 1")
  func statistics() {
    let network = Network.resNet(depth: 34, stem: .small, width: 4, classes: 3)
    let s: ParameterVector<Float> = network.initialStatistics()
    for (index, segment) in network.statisticsLayout.segments.enumerated() {
      let expected: Float = segment.name.hasSuffix("running_var") ? 1 : 0
      #expect(s[index].elements.allSatisfy { $0 == expected }, "\(segment.name)")
    }
  }
}
