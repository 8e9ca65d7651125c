/// The quantity that a printed number measures.
package enum PublishedQuantity: String, Sendable, Hashable, CaseIterable {
  /// Top-1 accuracy over all test images, in percent.
  case accuracy
  /// Mean of the head classes' accuracies, in percent.
  case head
  /// Mean of the middle classes' accuracies, in percent.
  case mid
  /// Mean of the tail classes' accuracies, in percent.
  case tail
  /// SAM's radius ρ.
  case radius = "rho"
  /// Accuracy with SAM minus accuracy without, in points.
  case accuracyGain = "accuracy gain"
  /// Tail accuracy with SAM minus tail accuracy without, in points.
  case tailGain = "tail gain"
  /// A gain of an unspecified quantity, in points.
  case gain

  /// "%", "points", or empty for a pure number.
  package var unit: String {
    switch self {
    case .accuracy, .head, .mid, .tail: "%"
    case .accuracyGain, .tailGain, .gain: "points"
    case .radius: ""
    }
  }
}

/// One cell of a printed table.
package struct PublishedCell: Sendable, Hashable {
  /// What is measured.
  package let quantity: PublishedQuantity
  /// The number; nil if the table's text has no readable number.
  package let mean: Double?
  /// The number after "±"; nil if none is printed. Its definition and its number of seeds are not stated.
  package let std: Double?

  static func accuracy(_ mean: Double?, _ std: Double? = nil) -> Self {
    Self(quantity: .accuracy, mean: mean, std: std)
  }
  static func head(_ mean: Double?) -> Self { Self(quantity: .head, mean: mean, std: nil) }
  static func mid(_ mean: Double?) -> Self { Self(quantity: .mid, mean: mean, std: nil) }
  static func tail(_ mean: Double?, _ std: Double? = nil) -> Self {
    Self(quantity: .tail, mean: mean, std: std)
  }
  static func radius(_ value: Double) -> Self { Self(quantity: .radius, mean: value, std: nil) }
  static func accuracyGain(_ value: Double) -> Self { Self(quantity: .accuracyGain, mean: value, std: nil) }
  static func tailGain(_ value: Double) -> Self { Self(quantity: .tailGain, mean: value, std: nil) }
  static func gain(_ value: Double) -> Self { Self(quantity: .gain, mean: value, std: nil) }
}

/// One row of a printed table.
package struct PublishedRow: Sendable, Hashable {
  /// The data set under the name of the presets, for example "cifar10-lt100".
  package let data: String
  /// The method as printed, for example "CE+DRW+SAM".
  package let method: String
  /// The cells, in printed order.
  package let cells: [PublishedCell]

  init(_ data: String, _ method: String, _ cells: PublishedCell...) {
    self.init(data: data, method: method, cells: cells)
  }

  init(data: String, method: String, cells: [PublishedCell]) {
    self.data = data
    self.method = method
    self.cells = cells
  }

  /// The number of a quantity; nil if it is not in the row or is unreadable.
  package subscript(quantity: PublishedQuantity) -> Double? { cell(quantity)?.mean }

  /// The cell of a quantity.
  package func cell(_ quantity: PublishedQuantity) -> PublishedCell? {
    cells.first { $0.quantity == quantity }
  }

  /// The name of the preset that trains this row, as the presets spell methods.
  package var preset: String {
    "\(data)/\(method.lowercased().split(separator: "+").joined(separator: "-"))"
  }
}

/// A printed table, as data.
package struct PublishedTable: Sendable, Hashable {
  /// A short unique name.
  package let id: String
  /// The place where it is printed.
  package let source: ClaimSource
  /// Its rows, in printed order.
  package let rows: [PublishedRow]

  /// The row of a data set and a method, which must exist.
  package func row(_ data: String, _ method: String) -> PublishedRow {
    guard let row = rows.first(where: { $0.data == data && $0.method == method }) else {
      preconditionFailure("table \(id) has no row \(method) on \(data)")
    }
    return row
  }

  /// One line per number, "table|data|method|quantity|mean|std", with two decimals and "-" for a number that is not
  /// printed.
  var canonicalLines: [String] {
    rows.flatMap { row in
      row.cells.map { cell in
        [
          id, row.data, row.method, cell.quantity.rawValue, Self.decimal(cell.mean), Self.decimal(cell.std),
        ].joined(separator: "|")
      }
    }
  }

  private static func decimal(_ value: Double?) -> String {
    guard let value else { return "-" }
    let hundredths = Int((value * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }

  /// All tables: the papers' first, then those of the repositories' README files.
  package static let all: [PublishedTable] = [
    posterResults, posterOptimizers, radii, imageNet, cifar10ByRatio, cifar100ByRatio, influenceAndContrast,
    statedGains, sseSAMReadme, imbSAMReadme, glmcReadme, checkpointsReadme,
  ]
}
