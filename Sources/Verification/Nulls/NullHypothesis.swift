import Calculus
import Kernels
import LongTail
import Networks
import Training

/// A world without the effect that a claim is about. A procedure that gives its verdict there as well has not looked.
public enum NullHypothesis: String, Sendable, CaseIterable {
  /// What a number belongs to is exchanged: class k with class C − 1 − k in the data, and the methods of each data set in
  /// the printed tables, the first with the last.
  case permutedLabels = "permuted-labels"
  /// SAM's radius is 0, and in the printed tables SAM has the numbers of its base method.
  case rhoZero = "rho-zero"
  /// Every class has as many pictures as the most frequent, and in the printed tables every group the accuracy of all.
  case balanced
  /// The Hessian is the identity.
  case identityHessian = "identity-hessian"

  /// What a procedure works with under the null.
  public func context(_ context: ClaimContext = ClaimContext()) -> ClaimContext {
    var changed = context
    changed.subject = NullSubject(null: self, base: context.subject)
    changed.tables = context.tables.map(table)
    return changed
  }

  private func table(_ table: PublishedTable) -> PublishedTable {
    PublishedTable(id: table.id, source: table.source, rows: table.rows.map { row($0, of: table) })
  }

  private func row(_ row: PublishedRow, of table: PublishedTable) -> PublishedRow {
    let cells: [PublishedCell]
    switch self {
    case .permutedLabels:
      let members = table.rows.filter { $0.data == row.data }
      let place = members.firstIndex(of: row) ?? 0
      cells = members[members.count - 1 - place].cells
    case .rhoZero:
      let base = table.rows.first { $0.data == row.data && "\($0.method)+SAM" == row.method }
      cells = base?.cells ?? row.cells.map(Self.withoutGain)
    case .balanced:
      cells = row.cells.map { cell in
        switch cell.quantity {
        case .head, .mid, .tail:
          PublishedCell(quantity: cell.quantity, mean: row[.accuracy], std: row.cell(.accuracy)?.std)
        case .tailGain: PublishedCell(quantity: .tailGain, mean: row[.accuracyGain], std: nil)
        case .accuracy, .radius, .accuracyGain, .gain: cell
        }
      }
    case .identityHessian: cells = row.cells
    }
    return PublishedRow(data: row.data, method: row.method, cells: cells)
  }

  /// A gain that nothing brings about is 0.
  private static func withoutGain(_ cell: PublishedCell) -> PublishedCell {
    switch cell.quantity {
    case .accuracyGain, .tailGain, .gain: PublishedCell(quantity: cell.quantity, mean: 0, std: cell.std)
    case .accuracy, .head, .mid, .tail, .radius: cell
    }
  }
}

/// The code under judgement in a world without the effect.
struct NullSubject: ClaimSubject {
  let null: NullHypothesis
  let base: any ClaimSubject

  func gradientDescent<Element: Real>(
    momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try base.gradientDescent(momentum: momentum, as: type)
  }

  func sharpnessAware<Element: Real>(
    rho: Double, normalised: Bool, momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try base.sharpnessAware(
      rho: null == .rhoZero ? 0 : rho, normalised: normalised, momentum: momentum, as: type)
  }

  func ritzExtremes(
    of map: @escaping (Tensor<Double>) throws -> Tensor<Double>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    try base.ritzExtremes(
      of: null == .identityHessian ? { $0 } : map, dimension: dimension, steps: steps, seed: seed)
  }

  func classCounts(_ kind: ImbalanceProfile.Kind, classes: Int) throws -> [Int] {
    let counts = try base.classCounts(kind, classes: classes)
    switch null {
    case .balanced: return counts.map { _ in counts.max() ?? 0 }
    case .permutedLabels: return counts.reversed()
    case .rhoZero, .identityHessian: return counts
    }
  }

  func classGroups() -> ClassGroups { base.classGroups() }

  func hessianProduct(
    classWeights: [Double]?, network: Network, parameters: ParameterVector<Double>,
    statistics: ParameterVector<Double>, direction: ParameterVector<Double>, samples: ImageSource<Double>
  ) throws -> Tensor<Double> {
    if null == .identityHessian { return direction.flat }
    // Class k takes the weight of class C − 1 − k, which is what exchanging the labels does to the loss's weights.
    return try base.hessianProduct(
      classWeights: null == .permutedLabels ? classWeights.map { $0.reversed() } : classWeights,
      network: network, parameters: parameters, statistics: statistics, direction: direction, samples: samples
    )
  }
}
