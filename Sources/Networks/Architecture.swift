import EscapementKernels

/// A published network as data: the family, the width and the classifier.
///
/// Its description is the network's name, for example `resnet32-w16`, `resnet32-w16-cosine`, `resnet34-w64` or
/// `resnet50-bottleneck-w64`.
public struct Architecture: Hashable, Sendable, LosslessStringConvertible {
  /// A family of networks.
  public enum Family: Hashable, Sendable {
    /// The CIFAR ResNet of depth 6n + 2 (`Network.resNet`), published with width 16.
    case cifarResNet(depth: Int)
    /// The ResNet-34 of SSE-SAM (`Network.resNet34`), published with width 64 and a linear classifier.
    case resNet34
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
  /// width (option A adds half a width of channels on either side), a width outside 1...1024, or a ResNet-34 with the
  /// cosine classifier, which is not published.
  public init?(_ family: Family, width: Int? = nil, classifier: Classifier = .linear) {
    self.family = family
    self.classifier = classifier
    switch family {
    case .cifarResNet(let depth):
      self.width = width ?? 16
      guard (8...1202).contains(depth), depth % 6 == 2, self.width % 2 == 0 else { return nil }
    case .resNet34:
      self.width = width ?? 64
      guard classifier == .linear else { return nil }
    case .resNet50: self.width = width ?? 64
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
    case "resnet34": family = .resNet34
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
      case .resNet34: "resnet34"
      case .resNet50: "resnet50-bottleneck"
      }
    return "\(base)-w\(width)\(classifier.suffix)"
  }

  /// The network for that number of classes and three input channels.
  public func network(classes: Int) -> Network {
    switch family {
    case .cifarResNet(let depth):
      .resNet(depth: depth, width: width, classes: classes, classifier: classifier)
    case .resNet34: .resNet34(width: width, classes: classes)
    case .resNet50: .resNet50(width: width, classes: classes, classifier: classifier)
    }
  }

  /// The published CIFAR network of the NeurIPS 2022 paper.
  public static let resNet32 = Architecture(published: .cifarResNet(depth: 32), width: 16)
  /// The published network of SSE-SAM.
  public static let resNet34 = Architecture(published: .resNet34, width: 64)
  /// The published network on ImageNet-LT and iNaturalist 2018.
  public static let resNet50 = Architecture(published: .resNet50, width: 64)

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
