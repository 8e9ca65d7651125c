import EscapementOptimizers

// The numbers printed on the poster.

extension PublishedTable {
  /// The poster's table of methods on CIFAR LT with imbalance 100.
  static let posterResults = PublishedTable(
    id: "poster-results", source: .poster("Experiments, table"),
    rows: [
      PublishedRow("cifar10-lt100", "CE", .accuracy(71.7, 0.1), .tail(52.3, 3.7)),
      PublishedRow("cifar100-lt100", "CE", .accuracy(38.5, 0.5), .tail(8.2, 1.0)),
      PublishedRow("cifar10-lt100", "CE+SAM", .accuracy(73.1, 0.3), .tail(51.7, 1.0)),
      PublishedRow("cifar100-lt100", "CE+SAM", .accuracy(39.6, 0.6), .tail(8.0, 0.6)),
      PublishedRow("cifar10-lt100", "CE+DRW", .accuracy(75.5, 0.2), .tail(61.4, 0.9)),
      PublishedRow("cifar100-lt100", "CE+DRW", .accuracy(41.0, 0.6), .tail(14.7, 0.9)),
      PublishedRow("cifar10-lt100", "CE+DRW+SAM", .accuracy(80.6, 0.4), .tail(73.1, 0.9)),
      PublishedRow("cifar100-lt100", "CE+DRW+SAM", .accuracy(44.6, 0.4), .tail(20.7, 0.6)),
      PublishedRow("cifar10-lt100", "LDAM+DRW", .accuracy(77.5, 0.5), .tail(66.4, 0.2)),
      PublishedRow("cifar100-lt100", "LDAM+DRW", .accuracy(42.7, 0.3), .tail(19.4, 0.9)),
      PublishedRow("cifar10-lt100", "LDAM+DRW+SAM", .accuracy(81.9, 0.4), .tail(76.4, 1.1)),
      PublishedRow("cifar100-lt100", "LDAM+DRW+SAM", .accuracy(45.4, 0.1), .tail(20.8, 0.3)),
      PublishedRow("cifar10-lt100", "VS", .accuracy(78.6, 0.3), .tail(70.3, 0.5)),
      PublishedRow("cifar100-lt100", "VS", .accuracy(41.7, 0.5), .tail(26.8, 1.0)),
      PublishedRow("cifar10-lt100", "VS+SAM", .accuracy(82.4, 0.4), .tail(78.0, 0.2)),
      PublishedRow("cifar100-lt100", "VS+SAM", .accuracy(46.6, 0.4), .tail(31.7, 0.1)),
    ])

  /// The poster's table of methods of escaping saddles, on CE+DRW. Its imbalance is not printed; its first and last
  /// rows are those of imbalance 100.
  static let posterOptimizers = PublishedTable(
    id: "poster-optimizers", source: .poster("Analysis, table"),
    rows: [
      PublishedRow("cifar10-lt100", "CE+DRW", .accuracy(75.5), .tail(61.4)),
      PublishedRow("cifar100-lt100", "CE+DRW", .accuracy(41.0), .tail(14.7)),
      PublishedRow("cifar10-lt100", "CE+DRW+PGD", .accuracy(77.2), .tail(65.0)),
      PublishedRow("cifar100-lt100", "CE+DRW+PGD", .accuracy(42.2), .tail(17.0)),
      PublishedRow("cifar10-lt100", "CE+DRW+LPF-SGD", .accuracy(78.5), .tail(67.2)),
      PublishedRow("cifar100-lt100", "CE+DRW+LPF-SGD", .accuracy(42.9), .tail(15.8)),
      PublishedRow("cifar10-lt100", "CE+DRW+SAM", .accuracy(80.6), .tail(73.1)),
      PublishedRow("cifar100-lt100", "CE+DRW+SAM", .accuracy(44.6), .tail(20.7)),
    ])
}
