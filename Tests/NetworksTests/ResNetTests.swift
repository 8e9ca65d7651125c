import EscapementCalculus
import CEscapementKernels
import EscapementKernels
import EscapementLongTail
import EscapementRandomness
import Testing

@testable import EscapementNetworks

@Suite("ResNet")
struct ResNetTests {
  /// The last two networks by torchvision's own counts, 21,797,672 and 25,557,032 for 1000 classes: the small stem has
  /// (49 − 9)·3·64 weights less, and each class 513 parameters.
  @Test(
    "parameter counts are those of the published models",
    arguments: [
      ("resnet32-w16", 10, 464_154), ("resnet32-w16-cosine", 10, 464_144), ("resnet32-w16", 100, 470_004),
      ("resnet32-w16-cosine", 100, 469_904), ("resnet20-w16", 10, 269_722), ("resnet44-w16", 10, 658_586),
      ("resnet56-w16", 10, 853_018), ("resnet34-w64", 1000, 21_797_672 - 40 * 3 * 64),
      ("resnet34-w64", 100, 21_797_672 - 40 * 3 * 64 - 900 * 513),
      ("resnet50-bottleneck-w64", 1000, 25_557_032),
      ("resnet50-bottleneck-w64-cosine", 8142, 25_557_032 - 1000 * 2049 + 8142 * 2048),
    ])
  func parameterCount(name: String, classes: Int, expected: Int) throws {
    let architecture = try #require(Architecture(name))
    let network = architecture.network(classes: classes)
    #expect(network.layout.count == expected && network.classes == classes)
    #expect(network.name == name && architecture.description == name)
  }

  @Test("names of no network are refused")
  func refusedNames() {
    for name in [
      "", "resnet32", "resnet33-w16", "resnet2-w16", "resnet1208-w16", "resnet32-w15", "resnet32-w0",
      "resnet32-w1026", "resnet032-w16", "resnet32-w16-linear", "resnet34-w64-cosine", "resnet50-bottleneck",
      "vgg16-w16", "resnet32-w16-cosine-cosine", "resnet-w16", "resnet32--w16",
    ] { #expect(Architecture(name) == nil, "\(name)") }
    // A CIFAR ResNet of depth 50 is another network than torchvision's.
    #expect(Architecture("resnet50-w16")?.family == .cifarResNet(depth: 50))
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

  @Test("names and order are torchvision's where it has the network")
  func torchvisionNames() {
    func names(_ block: String, _ convolutions: Int, projected: Bool) -> [String] {
      func pair(_ convolution: String, _ norm: String) -> [String] {
        ["\(convolution).weight", "\(norm).weight", "\(norm).bias"].map { "\(block)\($0)" }
      }
      return (1...convolutions).flatMap { pair("conv\($0)", "bn\($0)") }
        + (projected ? pair("downsample.0", "downsample.1") : [])
    }
    for (network, convolutions) in [
      (Network.resNet(depth: 34, stem: .small, width: 4, classes: 10), 2),
      (.resNet50(width: 4, classes: 10), 3),
    ] {
      var expected = names("", 1, projected: false)
      for (stage, blocks) in [3, 4, 6, 3].enumerated() {
        for block in 0..<blocks {
          // The bottleneck's first stage widens at stride 1.
          let projected = block == 0 && (stage > 0 || convolutions == 3)
          expected += names("layer\(stage + 1).\(block).", convolutions, projected: projected)
        }
      }
      #expect(network.layout.segments.map(\.name) == expected + ["fc.weight", "fc.bias"])
      #expect(network.statisticsLayout.segments.count == 2 * (expected.count / 3))
    }
    let cosine = Network.resNet50(width: 4, classes: 10, classifier: .cosine).layout.segments.last
    #expect(cosine?.name == "fc.weight" && cosine?.shape == [128, 10] && cosine?.role == .matrix)
    let deep = Network.resNet50(width: 4, classes: 10).layout
    #expect(deep.index(of: "layer2.0.conv2.weight").map { deep.segments[$0].shape } == [3, 3, 8, 8])
    #expect(deep.index(of: "layer2.0.downsample.0.weight").map { deep.segments[$0].shape } == [1, 1, 16, 32])
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
