import EscapementOptimizers

// The numbers printed in the supplement.

extension PublishedTable {
  /// SAM's radius ρ by method and data set.
  static let radii = PublishedTable(
    id: "supplement-1", source: .supplement("Table 1"),
    rows: [
      PublishedRow("cifar10-lt100", "CE+SAM", .radius(0.1)),
      PublishedRow("cifar10-step100", "CE+SAM", .radius(0.1)),
      PublishedRow("cifar100-lt100", "CE+SAM", .radius(0.2)),
      PublishedRow("cifar100-step100", "CE+SAM", .radius(0.5)),
      PublishedRow("cifar10-lt100", "CE+DRW+SAM", .radius(0.5)),
      PublishedRow("cifar10-step100", "CE+DRW+SAM", .radius(0.2)),
      PublishedRow("cifar100-lt100", "CE+DRW+SAM", .radius(0.8)),
      PublishedRow("cifar100-step100", "CE+DRW+SAM", .radius(0.2)),
      PublishedRow("cifar10-lt100", "LDAM+DRW+SAM", .radius(0.8)),
      PublishedRow("cifar10-step100", "LDAM+DRW+SAM", .radius(0.1)),
      PublishedRow("cifar100-lt100", "LDAM+DRW+SAM", .radius(0.8)),
      PublishedRow("cifar100-step100", "LDAM+DRW+SAM", .radius(0.5)),
      PublishedRow("cifar10-lt100", "VS+SAM", .radius(0.5)),
      PublishedRow("cifar10-step100", "VS+SAM", .radius(0.2)),
      PublishedRow("cifar100-lt100", "VS+SAM", .radius(0.8)),
      PublishedRow("cifar100-step100", "VS+SAM", .radius(0.2)),
    ])

  /// ImageNet-LT with ResNet-50. cRT, LWS, MisLAS, DisAlign and DRO-LT are quoted from other papers.
  static let imageNet = PublishedTable(
    id: "supplement-2", source: .supplement("Table 2"),
    rows: [
      PublishedRow("imagenet-lt", "CE", .accuracy(42.7), .head(62.5), .mid(36.6), .tail(12.5)),
      PublishedRow("imagenet-lt", "cRT", .accuracy(50.3), .head(62.5), .mid(47.4), .tail(29.5)),
      PublishedRow("imagenet-lt", "LWS", .accuracy(51.2), .head(61.8), .mid(48.6), .tail(33.5)),
      PublishedRow("imagenet-lt", "MisLAS", .accuracy(52.7), .head(61.7), .mid(51.3), .tail(35.8)),
      PublishedRow("imagenet-lt", "DisAlign", .accuracy(52.9), .head(61.3), .mid(52.2), .tail(31.4)),
      PublishedRow("imagenet-lt", "DRO-LT", .accuracy(53.5), .head(64.0), .mid(49.8), .tail(33.1)),
      PublishedRow("imagenet-lt", "LDAM+DRW", .accuracy(49.9), .head(61.1), .mid(48.2), .tail(28.3)),
      PublishedRow("imagenet-lt", "LDAM+DRW+SAM", .accuracy(53.1), .head(62.0), .mid(52.1), .tail(34.8)),
    ])

  /// CIFAR-10 LT by imbalance. The numbers of LDAM at 100 and 200 are unreadable in the available text.
  static let cifar10ByRatio = PublishedTable(
    id: "supplement-3", source: .supplement("Table 3"),
    rows: [
      PublishedRow("cifar10-lt10", "CE+DRW", .accuracy(88.3), .head(93.6), .mid(85.3), .tail(86.9)),
      PublishedRow("cifar10-lt10", "CE+DRW+SAM", .accuracy(89.7), .head(93.4), .mid(86.1), .tail(90.8)),
      PublishedRow("cifar10-lt10", "LDAM+DRW", .accuracy(87.8), .head(91.9), .mid(85.0), .tail(87.5)),
      PublishedRow("cifar10-lt10", "LDAM+DRW+SAM", .accuracy(89.4), .head(93.4), .mid(86.2), .tail(89.8)),
      PublishedRow("cifar10-lt50", "CE+DRW", .accuracy(79.9), .head(92.2), .mid(76.5), .tail(72.0)),
      PublishedRow("cifar10-lt50", "CE+DRW+SAM", .accuracy(83.8), .head(91.3), .mid(80.5), .tail(80.8)),
      PublishedRow("cifar10-lt50", "LDAM+DRW", .accuracy(82.0), .head(90.9), .mid(78.7), .tail(77.5)),
      PublishedRow("cifar10-lt50", "LDAM+DRW+SAM", .accuracy(84.8), .head(92.8), .mid(82.1), .tail(80.4)),
      PublishedRow("cifar10-lt100", "CE+DRW", .accuracy(75.5), .head(91.6), .mid(74.1), .tail(61.4)),
      PublishedRow("cifar10-lt100", "CE+DRW+SAM", .accuracy(80.6), .head(91.4), .mid(78.0), .tail(73.1)),
      PublishedRow("cifar10-lt100", "LDAM+DRW", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
      PublishedRow("cifar10-lt100", "LDAM+DRW+SAM", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
      PublishedRow("cifar10-lt200", "CE+DRW", .accuracy(69.9), .head(91.1), .mid(70.0), .tail(48.4)),
      PublishedRow("cifar10-lt200", "CE+DRW+SAM", .accuracy(76.6), .head(91.5), .mid(74.9), .tail(64.0)),
      PublishedRow("cifar10-lt200", "LDAM+DRW", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
      PublishedRow("cifar10-lt200", "LDAM+DRW+SAM", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
    ])

  /// CIFAR-100 LT by imbalance. The numbers of LDAM at 100 and 200 are unreadable in the available text.
  static let cifar100ByRatio = PublishedTable(
    id: "supplement-4", source: .supplement("Table 4"),
    rows: [
      PublishedRow("cifar100-lt10", "CE+DRW", .accuracy(58.1), .head(65.6), .mid(58.5), .tail(48.2)),
      PublishedRow("cifar100-lt10", "CE+DRW+SAM", .accuracy(60.7), .head(66.0), .mid(60.5), .tail(54.4)),
      PublishedRow("cifar100-lt10", "LDAM+DRW", .accuracy(57.8), .head(67.5), .mid(58.9), .tail(44.5)),
      PublishedRow("cifar100-lt10", "LDAM+DRW+SAM", .accuracy(60.1), .head(70.2), .mid(61.3), .tail(46.1)),
      PublishedRow("cifar100-lt50", "CE+DRW", .accuracy(46.5), .head(63.3), .mid(47.5), .tail(24.4)),
      PublishedRow("cifar100-lt50", "CE+DRW+SAM", .accuracy(50.0), .head(61.9), .mid(50.9), .tail(33.7)),
      PublishedRow("cifar100-lt50", "LDAM+DRW", .accuracy(47.1), .head(62.9), .mid(48.2), .tail(26.1)),
      PublishedRow("cifar100-lt50", "LDAM+DRW+SAM", .accuracy(49.4), .head(66.1), .mid(50.2), .tail(27.8)),
      PublishedRow("cifar100-lt100", "CE+DRW", .accuracy(41.0), .head(61.3), .mid(41.7), .tail(14.7)),
      PublishedRow("cifar100-lt100", "CE+DRW+SAM", .accuracy(44.6), .head(61.2), .mid(47.5), .tail(20.7)),
      PublishedRow("cifar100-lt100", "LDAM+DRW", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
      PublishedRow("cifar100-lt100", "LDAM+DRW+SAM", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
      PublishedRow("cifar100-lt200", "CE+DRW", .accuracy(36.9), .head(59.7), .mid(36.1), .tail(9.6)),
      PublishedRow("cifar100-lt200", "CE+DRW+SAM", .accuracy(41.7), .head(63.4), .mid(43.0), .tail(13.1)),
      PublishedRow("cifar100-lt200", "LDAM+DRW", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
      PublishedRow("cifar100-lt200", "LDAM+DRW+SAM", .accuracy(nil), .head(nil), .mid(nil), .tail(nil)),
    ])

  /// The influence-balanced loss and parametric contrastive learning on CIFAR-100 LT. Of the two rows of IB, 40.4 and
  /// 10.3 are assigned to the one without SAM; the other cell is unreadable.
  static let influenceAndContrast = PublishedTable(
    id: "supplement-5", source: .supplement("Table 5"),
    rows: [
      PublishedRow("cifar100-lt100", "IB", .accuracy(40.4), .tail(14.9)),
      PublishedRow("cifar100-lt100", "IB+SAM", .accuracy(nil), .tail(25.0)),
      PublishedRow("cifar100-lt200", "IB", .accuracy(36.7), .tail(10.3)),
      PublishedRow("cifar100-lt200", "IB+SAM", .accuracy(37.7), .tail(nil)),
      PublishedRow("cifar100-lt100", "PaCo", .accuracy(51.5), .tail(33.9)),
      PublishedRow("cifar100-lt200", "PaCo", .accuracy(47.0), .tail(26.9)),
      PublishedRow("cifar100-lt100", "PaCo+SAM", .accuracy(53.0), .tail(36.0)),
      PublishedRow("cifar100-lt200", "PaCo+SAM", .accuracy(48.0), .tail(27.8)),
    ])

  /// Gains of SAM that the text of the supplement states. "cifar10-lt" and "cifar100-lt" are means over CE+DRW and
  /// LDAM+DRW at imbalance 10, 50, 100 and 200.
  static let statedGains = PublishedTable(
    id: "supplement-text", source: .supplement("§D to §F, text"),
    rows: [
      PublishedRow("cifar10-lt", "mean of eight", .accuracyGain(3.9), .tailGain(8.6)),
      PublishedRow("cifar100-lt", "mean of eight", .accuracyGain(3.2), .tailGain(3.9)),
      PublishedRow("cifar10-lt10", "CE+DRW", .accuracyGain(1.2), .tailGain(3.9)),
      PublishedRow("cifar10-lt200", "CE+DRW", .accuracyGain(6.7), .tailGain(15.6)),
      PublishedRow("imagenet-lt", "LDAM+DRW", .accuracyGain(3.2), .tailGain(6.5)),
      PublishedRow("unspecified", "LDAM", .gain(12.7)),
    ])
}
