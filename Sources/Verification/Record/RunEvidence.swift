import EscapementKernels

/// The runs that a procedure requests.
package struct RunSelection: Hashable, Sendable {
  /// The preset, DATA/METHOD.
  package var preset: String
  /// A constant radius that replaces the preset's; nil for the preset's own.
  package var radius: Double?
  /// The number of completed epochs after which the figures are taken; nil for all.
  package var epoch: Int?

  /// A selection; the defaults select the unchanged preset at the end of its runs.
  package init(_ preset: String, radius: Double? = nil, epoch: Int? = nil) {
    self.preset = preset
    self.radius = radius
    self.epoch = epoch
  }

  /// The preset, with "ρ = 0.05" and "after epoch 160" if specified.
  package var text: String {
    preset + (radius.map { ", ρ = \($0)" } ?? "") + (epoch.map { ", after epoch \($0)" } ?? "")
  }
}

/// A figure of a finished run.
package enum RunMetric: Hashable, Sendable {
  /// Accuracy over all test images, in percent.
  case accuracy
  /// Mean test accuracy of the head classes, in percent.
  case head
  /// Mean test accuracy of the middle classes, in percent.
  case mid
  /// Mean test accuracy of the tail classes, in percent.
  case tail
  /// Mean training accuracy of the tail classes, in percent.
  case trainingTail
  /// Mean loss over the unaugmented training images of a class (nil: of all).
  case trainingLoss(ofClass: Int?)
  /// max(0, −λ_min) of that loss's Hessian.
  case negativeCurvature(ofClass: Int?)
  /// λ_max of that loss's Hessian.
  case largestEigenvalue(ofClass: Int?)
  /// max(0, −λ_min)/λ_max.
  case saddleRatio(ofClass: Int?)
  /// max(0, −l)/λ_max with the lower limit l of λ_min, which holds except with the stated failure probability.
  case saddleRatioLimit(ofClass: Int?)
  /// λ_min²/(L₂‖∇f‖) for λ_min < 0, otherwise 0; L₂ is the slope of the curvature measured along λ_min's eigenvector.
  /// Above 1 the point is a strict saddle: λ_min < −√(L₂‖∇f‖).
  case saddleMargin(ofClass: Int?)
  /// The share of eigenvalues below −λ_max/100, estimated from one start vector.
  case negativeMass(ofClass: Int?)

  /// The accuracies that tables print.
  package static let allAccuracies: [RunMetric] = [.accuracy, .head, .mid, .tail]

  /// The class of a figure of a loss or its Hessian; `.some(nil)` for the loss over all classes, nil for accuracies.
  package var measuredClass: Int?? {
    switch self {
    case .accuracy, .head, .mid, .tail, .trainingTail: nil
    case .trainingLoss(let label), .negativeCurvature(let label), .largestEigenvalue(let label),
      .saddleRatio(let label), .saddleRatioLimit(let label), .saddleMargin(let label),
      .negativeMass(let label):
      .some(label)
    }
  }

  /// Whether it is computed from eigenvalues, which count only if converged.
  var isOfEigenvalues: Bool {
    if case .trainingLoss = self { return false }
    return measuredClass != nil
  }

  /// The figure in words.
  package var text: String {
    func of(_ label: Int?) -> String { label.map { " of class \($0)" } ?? " of all classes" }
    return switch self {
    case .accuracy: "accuracy"
    case .head: "head accuracy"
    case .mid: "mid accuracy"
    case .tail: "tail accuracy"
    case .trainingTail: "tail accuracy on training images"
    case .trainingLoss(let label): "training loss\(of(label))"
    case .negativeCurvature(let label): "|λ_min|\(of(label))"
    case .largestEigenvalue(let label): "λ_max\(of(label))"
    case .saddleRatio(let label): "|λ_min|/λ_max\(of(label))"
    case .saddleRatioLimit(let label): "limit of |λ_min|/λ_max\(of(label))"
    case .saddleMargin(let label): "λ_min²/(L₂‖∇f‖)\(of(label))"
    case .negativeMass(let label): "share of negative eigenvalues\(of(label))"
    }
  }

  /// "%" for accuracies, nothing for the others.
  package var unit: String {
    switch self {
    case .accuracy, .head, .mid, .tail, .trainingTail: "%"
    default: ""
    }
  }
}

/// The figures of one finished run.
package struct RunEvidence: Sendable, Hashable {
  /// The seed of initialization, order and augmentation.
  package var seed: UInt64
  /// The name of the data in its manifest.
  package var data: String
  /// Whether the images are the published ones; figures from other images are at most consistent with a paper's and
  /// settle nothing.
  package var isPublished: Bool
  /// The primary figures: those at the selection's epoch, or after the last.
  package var last: [RunMetric: Double]
  /// The figures of the epoch with the best test accuracy. They are descriptive, because that epoch is chosen on the
  /// test images.
  package var best: [RunMetric: Double]
  /// The numeric contract under which it was trained. Figures of two contracts differ by rounding, as those of other
  /// packages do between machines; they are samples of the same method.
  package var contract: NumericContract
  /// The measured curvatures behind the primary figures, and those that do not count; empty if a source does not state
  /// them.
  package var curvature: [CurvatureMeasurement]

  /// A run from its parts. The contract in force is the default.
  package init(
    seed: UInt64, data: String, isPublished: Bool, last: [RunMetric: Double], best: [RunMetric: Double] = [:],
    contract: NumericContract = .current, curvature: [CurvatureMeasurement] = []
  ) {
    self.seed = seed
    self.data = data
    self.isPublished = isPublished
    self.last = last
    self.best = best
    self.contract = contract
    self.curvature = curvature
  }
}

/// A source of finished runs for procedures, which never train runs themselves.
package protocol EvidenceSource: Sendable {
  /// The finished runs of a selection, in any order; empty if there are none.
  func runs(of selection: RunSelection) throws -> [RunEvidence]
}

/// Runs held in memory.
package struct InMemoryEvidence: EvidenceSource {
  private let runs: [RunSelection: [RunEvidence]]

  /// The runs by selection.
  package init(_ runs: [RunSelection: [RunEvidence]]) { self.runs = runs }

  /// The runs of a selection.
  package func runs(of selection: RunSelection) -> [RunEvidence] { runs[selection] ?? [] }
}
