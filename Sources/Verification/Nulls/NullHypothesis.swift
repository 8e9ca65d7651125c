import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// A null hypothesis: inputs without the effect that a claim is about. A procedure that gives the same verdict there
/// does not test the effect.
package enum NullHypothesis: String, Sendable, CaseIterable {
  /// Labels are exchanged: class k with class C − 1 − k in the data, and the methods of each data set in the printed
  /// tables, the first with the last.
  case permutedLabels = "permuted-labels"
  /// SAM's radius is 0, and in the printed tables SAM has the numbers of its base method.
  case rhoZero = "rho-zero"
  /// Every class has as many images as the most frequent one, and in the printed tables every group has the accuracy
  /// over all classes.
  case balanced
  /// The Hessian is the identity.
  case identityHessian = "identity-hessian"

  /// The context of a procedure under the null.
  package func context(_ context: ClaimContext = ClaimContext()) -> ClaimContext {
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

  /// Without the effect, a gain is 0.
  private static func withoutGain(_ cell: PublishedCell) -> PublishedCell {
    switch cell.quantity {
    case .accuracyGain, .tailGain, .gain: PublishedCell(quantity: cell.quantity, mean: 0, std: cell.std)
    case .accuracy, .head, .mid, .tail, .radius: cell
    }
  }
}

/// The code under test, without the effect.
struct NullSubject: ClaimSubject {
  let null: NullHypothesis
  let base: any ClaimSubject

  func gradientDescent<Element: Real>(
    momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try base.gradientDescent(momentum: momentum, as: type)
  }

  func sharpnessAware<Element: Real>(
    rho: Double, normalized: Bool, momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try base.sharpnessAware(
      rho: null == .rhoZero ? 0 : rho, normalized: normalized, momentum: momentum, as: type)
  }

  func ritzExtremes(
    of map: @escaping (Tensor<Double>) throws -> Tensor<Double>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    try base.ritzExtremes(
      of: null == .identityHessian ? { $0 } : map, dimension: dimension, steps: steps, seed: seed)
  }

  func releasedRitzExtremes(
    of map: @escaping (Tensor<Float>) throws -> Tensor<Float>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    try base.releasedRitzExtremes(
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

  func fixture() throws -> LongTailedData {
    let data = try base.fixture()
    switch null {
    case .rhoZero, .identityHessian: return data
    case .permutedLabels:
      return LongTailedData(
        name: data.name, train: Self.exchanged(data.train), test: Self.exchanged(data.test),
        groups: data.groups)
    case .balanced:
      let profile = ImbalanceProfile(
        kind: .step, ratio: 1, classes: data.train.classes, perClass: data.counts.max() ?? 1)
      let train = FixtureStore.ten.generator.images(
        .train, counts: profile.counts, name: data.train.provenance.name)
      return LongTailedData(name: data.name, train: train, test: data.test, groups: data.groups)
    }
  }

  /// The images with class k relabeled as class C − 1 − k.
  private static func exchanged(_ images: any LabeledImages) -> ImageSet {
    guard let set = images as? ImageSet else { preconditionFailure("the fixture is not in memory") }
    return ImageSet(
      images: set.images, labels: set.labels.map { set.classes - 1 - $0 }, classes: set.classes,
      provenance: set.provenance
    ).withOwnDigest()
  }

  func trained(_ recipe: Recipe, on data: LongTailedData) throws -> TrainingState<Float> {
    var recipe = recipe
    if null == .rhoZero, let rule = recipe.optimizer.with(rho: 0) { recipe.optimizer = rule }
    return try base.trained(recipe, on: data)
  }

  func hessianProduct(
    classWeights: [Double]?, network: Network, parameters: ParameterVector<Double>,
    statistics: ParameterVector<Double>, direction: ParameterVector<Double>, samples: ImageSource<Double>
  ) throws -> Tensor<Double> {
    if null == .identityHessian { return direction.flat }
    // Class k takes the weight of class C − 1 − k, which is the effect of exchanging the labels on the loss's weights.
    return try base.hessianProduct(
      classWeights: null == .permutedLabels ? classWeights.map { $0.reversed() } : classWeights,
      network: network, parameters: parameters, statistics: statistics, direction: direction, samples: samples
    )
  }
}
