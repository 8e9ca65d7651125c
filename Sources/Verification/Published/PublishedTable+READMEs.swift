import EscapementOptimizers

// The numbers in the README files of released code. They concern the same statements but are not in the papers.

extension PublishedTable {
  /// ResNet-34 on CIFAR-100 LT; classes above 100, of 20 to 100 and below 20 images.
  static let sseSAMReadme = PublishedTable(
    id: "sse-sam-readme", source: .repository("Zemdalk/SSE-SAM", "README"),
    rows: [
      PublishedRow("cifar100-lt100", "CE", .head(74.3), .mid(43.1), .tail(11.6), .accuracy(44.6)),
      PublishedRow("cifar100-lt100", "CE+SAM", .head(75.3), .mid(45.6), .tail(12.9), .accuracy(46.2)),
      PublishedRow("cifar100-lt100", "CE+ImbSAM", .head(72.3), .mid(50.4), .tail(16.6), .accuracy(47.9)),
      PublishedRow("cifar100-lt100", "CE+SSE-SAM", .head(71.7), .mid(54.5), .tail(17.1), .accuracy(49.3)),
    ])

  /// ResNet-34 on CIFAR-100 LT; classes above 100, of 20 to 100 and below 20 images.
  static let imbSAMReadme = PublishedTable(
    id: "imbsam-readme", source: .repository("cool-xuan/Imbalanced_SAM", "README"),
    rows: [
      PublishedRow("cifar100-lt100", "SGD", .head(77.8), .mid(46.6), .tail(13.5), .accuracy(47.6)),
      PublishedRow("cifar100-lt100", "SAM", .head(79.7), .mid(49.3), .tail(12.4), .accuracy(48.9)),
      PublishedRow("cifar100-lt100", "ImbSAM", .head(75.9), .mid(53.5), .tail(19.4), .accuracy(51.1)),
    ])

  /// GLMC with and without SAM of radius 0.05.
  static let glmcReadme = PublishedTable(
    id: "glmc-readme", source: .repository("val-iisc/Saddle-LongTail", "README, GLMC"),
    rows: [
      PublishedRow("cifar10-lt50", "GLMC", .accuracy(89.81)),
      PublishedRow("cifar10-lt100", "GLMC", .accuracy(87.55)),
      PublishedRow("cifar100-lt50", "GLMC", .accuracy(62.49)),
      PublishedRow("cifar100-lt100", "GLMC", .accuracy(57.63)),
      PublishedRow("cifar10-lt50", "GLMC+SAM", .accuracy(91.56)),
      PublishedRow("cifar10-lt100", "GLMC+SAM", .accuracy(89.18)),
      PublishedRow("cifar100-lt50", "GLMC+SAM", .accuracy(65.28)),
      PublishedRow("cifar100-lt100", "GLMC+SAM", .accuracy(59.01)),
    ])

  /// Released checkpoints.
  static let checkpointsReadme = PublishedTable(
    id: "saddle-readme", source: .repository("val-iisc/Saddle-LongTail", "README, checkpoints"),
    rows: [
      PublishedRow("cifar10-lt100", "LDAM+DRW+SAM", .accuracy(81.9)),
      PublishedRow("cifar10-lt100", "CE+DRW+SAM", .accuracy(80.6)),
      PublishedRow("cifar100-lt100", "LDAM+DRW+SAM", .accuracy(45.4)),
      PublishedRow("cifar100-lt100", "CE+DRW+SAM", .accuracy(44.6)),
      PublishedRow("imagenet-lt", "LDAM+DRW+SAM", .accuracy(53.1)),
      PublishedRow("imagenet-lt", "CE+DRW+SAM", .accuracy(47.1)),
      PublishedRow("inat18", "LDAM+DRW+SAM", .accuracy(70.1)),
      PublishedRow("inat18", "CE+DRW+SAM", .accuracy(65.3)),
    ])
}
