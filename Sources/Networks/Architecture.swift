import EscapementKernels

/// A published network as data: the family, the width and the classifier.
///
/// Its description is the network's name, for example `resnet32-w16`, `resnet32-w16-cosine`, `resnet34-w64`,
/// `resnet18-imagenet-w64` or `resnet50-bottleneck-w64`.
public struct Architecture: Hashable, Sendable, LosslessStringConvertible {
  /// A family of networks.
  public enum Family: Hashable, Sendable {
    /// The CIFAR ResNet of depth 6n + 2 (`Network.resNet`), published with width 16.
    case cifarResNet(depth: Int)
    /// Torchvision's ResNet-18 or ResNet-34 (`Network.resNet(depth:stem:…)`), published with width 64 and a linear
    /// classifier. The ResNet-34 with the small stem is that of SSE-SAM.
    case resNet(depth: Int, stem: Network.Stem)
    /// Torchvision's ResNet-50 (`Network.resNet50`), published with width 64.
    case resNet50
  }

  /// The family.
  public let family: Family
  /// The channels of the first stage; the default is the published width.
  public let width: Int
  /// The last layer.
  public let classifier: Classifier

  /// An architecture; nil if the family has no such member: a CIFAR depth that is not 6n + 2 in 8...1202, an odd CIFAR
  /// width (option A adds half a width of channels on either side), a width outside 1...1024, another depth than 18 or 34
  /// of torchvision's basic blocks, or a classifier with which the family is not published: cosines on those blocks, a
  /// projection head on all but CIFAR ResNets.
  public init?(_ family: Family, width: Int? = nil, classifier: Classifier = .linear) {
    self.family = family
    self.classifier = classifier
    switch family {
    case .cifarResNet(let depth):
      self.width = width ?? 16
      guard (8...1202).contains(depth), depth % 6 == 2, self.width % 2 == 0 else { return nil }
    case .resNet(let depth, _):
      self.width = width ?? 64
      guard depth == 18 || depth == 34, classifier == .linear else { return nil }
    case .resNet50:
      self.width = width ?? 64
      guard classifier != .projected else { return nil }
    }
    guard (1...1024).contains(self.width) else { return nil }
  }

  /// Parses a name; nil if the text is not one.
  public init?(_ description: String) {
    var parts = description.split(separator: "-", omittingEmptySubsequences: false)
    let classifier = parts.last.flatMap { Classifier(rawValue: String($0)) }
    if classifier != nil { parts.removeLast() }
    guard let last = parts.popLast(), last.first == "w", let width = Int(last.dropFirst()) else { return nil }
    let family: Family
    switch parts.joined(separator: "-") {
    case "resnet18": family = .resNet(depth: 18, stem: .small)
    case "resnet34": family = .resNet(depth: 34, stem: .small)
    case "resnet18-imagenet": family = .resNet(depth: 18, stem: .imageNet)
    case "resnet34-imagenet": family = .resNet(depth: 34, stem: .imageNet)
    case "resnet50-bottleneck": family = .resNet50
    case let name:
      guard name.hasPrefix("resnet"), let depth = Int(name.dropFirst(6)) else { return nil }
      family = .cifarResNet(depth: depth)
    }
    self.init(family, width: width, classifier: classifier ?? .linear)
    // Each architecture has one name: no leading zeros, no "-linear".
    guard self.description == description else { return nil }
  }

  /// The name.
  public var description: String {
    let base =
      switch family {
      case .cifarResNet(let depth): "resnet\(depth)"
      case .resNet(let depth, .small): "resnet\(depth)"
      case .resNet(let depth, .imageNet): "resnet\(depth)-imagenet"
      case .resNet50: "resnet50-bottleneck"
      }
    return "\(base)-w\(width)\(classifier.suffix)"
  }

  /// The network for that number of classes and three input channels.
  public func network(classes: Int) -> Network {
    switch family {
    case .cifarResNet(let depth):
      .resNet(depth: depth, width: width, classes: classes, classifier: classifier)
    case .resNet(let depth, let stem): .resNet(depth: depth, stem: stem, width: width, classes: classes)
    case .resNet50: .resNet50(width: width, classes: classes, classifier: classifier)
    }
  }

  /// The published CIFAR network of the NeurIPS 2022 paper.
  public static let resNet32 = Architecture(published: .cifarResNet(depth: 32), width: 16)
  /// The published network of SSE-SAM.
  public static let resNet34 = Architecture(published: .resNet(depth: 34, stem: .small), width: 64)
  /// The published network on ImageNet-LT and iNaturalist 2018.
  public static let resNet50 = Architecture(published: .resNet50, width: 64)

  /// The usual side of its input images in pixels: 224 for the networks of ImageNet, 32 for the others.
  public var inputSide: Int {
    switch family {
    case .cifarResNet, .resNet(_, .small): 32
    case .resNet(_, .imageNet), .resNet50: 224
    }
  }

  private init(published family: Family, width: Int) {
    self.family = family
    self.width = width
    classifier = .linear
  }

  /// The same architecture with another classifier; nil if that combination is not published.
  public func with(_ classifier: Classifier) -> Architecture? {
    Architecture(family, width: width, classifier: classifier)
  }
}
