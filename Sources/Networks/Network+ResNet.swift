import EscapementCalculus
import EscapementKernels

extension Network {
  /// The CIFAR ResNet of depth 6n + 2 (He et al. 2016, section 4.2) with option-A shortcuts.
  ///
  /// It has a 3×3 stem of `width` channels, three stages of n basic blocks with `width`, 2·`width` and 4·`width`
  /// channels, of which the last two start with stride 2, global average pooling, and a classifier. ResNet-32 is depth
  /// 32 and width 16, the published width: 464,154 parameters for ten classes.
  ///
  /// Convolutions and linear weights are drawn from N(0, 2/fan_in), as in the released code; the classifier beside a
  /// projection head from PyTorch's default U(±1/√fan_in), as in PaCo's.
  public static func resNet(
    depth: Int, width: Int = 16, classes: Int, inputChannels: Int = 3, classifier: Classifier = .linear
  ) -> Network {
    precondition(depth >= 8 && (depth - 2) % 6 == 0, "a CIFAR ResNet has depth 6n + 2, got \(depth)")
    var builder = ResNetBuilder(inputChannels: inputChannels, distribution: .normalFanIn)
    builder.addStem(width: width, size: 3, stride: 1, distribution: .normalFanIn)
    for stage in 1...3 {
      builder.addStage(stage, blocks: (depth - 2) / 6, output: width << (stage - 1), shortcut: .padded)
    }
    return builder.network(
      name: "resnet\(depth)-w\(width)", classifier, named: "linear", classes: classes,
      distribution: .normalFanIn)
  }

  /// The first layers of a ResNet of torchvision's family.
  public enum Stem: String, Hashable, Sendable {
    /// For small images: a 3×3 convolution at stride 1, as SSE-SAM and ImbSAM replace torchvision's.
    case small
    /// Torchvision's: a 7×7 convolution at stride 2 and 3×3 max-pooling at stride 2.
    case imageNet = "imagenet"
  }

  /// Torchvision's ResNet-18 or ResNet-34. With 34 layers and the stem for small images it is the network of SSE-SAM
  /// and ImbSAM.
  ///
  /// It has stages of 2 or of 3, 4, 6 and 3 basic blocks with `width` to 8·`width` channels and projection shortcuts,
  /// global average pooling and a linear classifier. `width` is 64 as published: ResNet-34 then has 21,282,122
  /// parameters for ten classes with the small stem, 21,797,672 for a thousand with ImageNet's.
  ///
  /// Convolutions are drawn from N(0, 2/fan_out) and the classifier from PyTorch's default U(±1/√fan_in), as in
  /// torchvision. The released code of SSE-SAM replaces the stem afterwards, so a small stem is drawn from the default
  /// too. `depth` is 18 or 34.
  public static func resNet(
    depth: Int, stem: Stem, width: Int = 64, classes: Int, inputChannels: Int = 3
  ) -> Network {
    precondition(depth == 18 || depth == 34, "ResNet-18 or ResNet-34, got \(depth)")
    var builder = ResNetBuilder(inputChannels: inputChannels, distribution: .normalFanOut)
    builder.addStem(stem, width: width)
    let stages = depth == 18 ? [2, 2, 2, 2] : [3, 4, 6, 3]
    for (index, blocks) in stages.enumerated() {
      builder.addStage(index + 1, blocks: blocks, output: width << index, shortcut: .projection)
    }
    let suffix = stem == .small ? "" : "-\(stem.rawValue)"
    return builder.network(
      name: "resnet\(depth)\(suffix)-w\(width)", .linear, named: "fc", classes: classes,
      distribution: .uniformFanIn)
  }

  /// Torchvision's ResNet-50, for images such as those of ImageNet.
  ///
  /// It has a 7×7 stem at stride 2, 3×3 max-pooling at stride 2, stages of 3, 4, 6 and 3 bottlenecks of inner width
  /// `width` to 8·`width`, global average pooling and a classifier. `width` is 64 as published: 25,557,032 parameters
  /// for a thousand classes.
  ///
  /// Convolutions are drawn from N(0, 2/fan_out), as in torchvision; a linear classifier is drawn from PyTorch's
  /// default U(±1/√fan_in). The last gain of a block is 1 like the others, which is torchvision's default.
  public static func resNet50(
    width: Int = 64, classes: Int, inputChannels: Int = 3, classifier: Classifier = .linear
  ) -> Network {
    precondition(classifier != .projected, "only a CIFAR ResNet has a projection head")
    var builder = ResNetBuilder(inputChannels: inputChannels, distribution: .normalFanOut)
    builder.addStem(.imageNet, width: width)
    for (index, blocks) in [3, 4, 6, 3].enumerated() {
      builder.addBottlenecks(index + 1, blocks: blocks, width: width << index)
    }
    return builder.network(
      name: "resnet50-bottleneck-w\(width)", classifier, named: "fc", classes: classes,
      distribution: .uniformFanIn)
  }
}

/// Builds the layers of a ResNet in order, under the names that PyTorch gives them.
private struct ResNetBuilder {
  private var layout = ParameterLayout()
  private var statistics = ParameterLayout()
  private var layers: [any Layer] = []
  private var channels: Int
  private let distribution: WeightDistribution

  init(inputChannels: Int, distribution: WeightDistribution) {
    channels = inputChannels
    self.distribution = distribution
  }

  mutating func add(_ layer: any Layer) { layers.append(layer) }

  mutating func addStem(_ stem: Network.Stem, width: Int) {
    switch stem {
    case .small: addStem(width: width, size: 3, stride: 1, distribution: .uniformFanIn)
    case .imageNet:
      addStem(width: width, size: 7, stride: 2, distribution: distribution)
      add(MaxPool(size: 3, stride: 2, padding: 1))
    }
  }

  mutating func addStem(width: Int, size: Int, stride: Int, distribution: WeightDistribution) {
    add(
      Convolution(
        name: "conv1", input: channels, output: width, size: size, stride: stride, padding: size / 2,
        distribution: distribution, layout: &layout))
    add(BatchNorm(name: "bn1", channels: width, rectified: true, layout: &layout, statistics: &statistics))
    channels = width
  }

  mutating func addStage(_ stage: Int, blocks: Int, output: Int, shortcut: ResidualBlock.Shortcut) {
    for block in 0..<blocks {
      add(
        ResidualBlock(
          name: "layer\(stage).\(block)", input: channels, output: output,
          stride: Self.stride(stage, block), shortcut: shortcut, distribution: distribution, layout: &layout,
          statistics: &statistics))
      channels = output
    }
  }

  mutating func addBottlenecks(_ stage: Int, blocks: Int, width: Int) {
    for block in 0..<blocks {
      add(
        ResidualBlock(
          bottleneck: "layer\(stage).\(block)", input: channels, width: width,
          stride: Self.stride(stage, block), distribution: distribution, layout: &layout,
          statistics: &statistics))
      channels = 4 * width
    }
  }

  /// The first block of every stage but the first halves the height and width.
  private static func stride(_ stage: Int, _ block: Int) -> Int { stage > 1 && block == 0 ? 2 : 1 }

  mutating func network(
    name: String, _ classifier: Classifier, named last: String, classes: Int, distribution: WeightDistribution
  ) -> Network {
    add(GlobalAveragePool())
    add(
      classifier.layer(
        name: last, input: channels, output: classes, distribution: distribution, layout: &layout))
    let projection =
      classifier == .projected
      ? Network.projectionHead(features: channels, layout: &layout, statistics: &statistics) : []
    return Network(
      name: name + classifier.suffix, classes: classes, layout: layout, statisticsLayout: statistics,
      layers: layers, projection: projection)
  }
}
