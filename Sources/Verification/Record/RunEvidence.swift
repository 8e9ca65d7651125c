import EscapementKernels

/// Which runs a procedure asks for.
package struct RunSelection: Hashable, Sendable {
  /// The preset, DATA/METHOD.
  package var preset: String
  /// A constant radius in place of the preset's; nil: the preset's own.
  package var radius: Double?
  /// Completed epochs after which the figures are taken; nil: all of them.
  package var epoch: Int?

  /// A selection; without radius and epoch the runs of the preset as it stands, at their end.
  package init(_ preset: String, radius: Double? = nil, epoch: Int? = nil) {
    self.preset = preset
    self.radius = radius
    self.epoch = epoch
  }

  /// The preset, with "ρ = 0.05" and "after epoch 160" where they are asked for.
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
  /// max(0, −l)/λ_max with the lower limit l that λ_min has but for the stated failure probability.
  case saddleRatioLimit(ofClass: Int?)
  /// λ_min²/(L₂‖∇f‖) for λ_min < 0, else 0; L₂ is the slope of the curvature measured along λ_min's eigenvector. Above 1 the point is a strict
  /// saddle: λ_min < −√(L₂‖∇f‖).
  case saddleMargin(ofClass: Int?)
  /// The share of eigenvalues below −λ_max/100, estimated from one start vector.
  case negativeMass(ofClass: Int?)

  /// The accuracies that tables print.
  package static let allAccuracies: [RunMetric] = [.accuracy, .head, .mid, .tail]

  /// The class that a figure of a loss or its Hessian is of; `.some(nil)` for the loss over all classes, nil for accuracies.
  package var measuredClass: Int?? {
    switch self {
    case .accuracy, .head, .mid, .tail, .trainingTail: nil
    case .trainingLoss(let label), .negativeCurvature(let label), .largestEigenvalue(let label),
      .saddleRatio(let label), .saddleRatioLimit(let label), .saddleMargin(let label),
      .negativeMass(let label):
      .some(label)
    }
  }

  /// Whether it is made of eigenvalues, which must be converged to count.
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
  /// The data as its manifest names them.
  package var data: String
  /// Whether the images are the published ones; figures from others are consistent with a paper's, or not, and
  /// settle nothing.
  package var isPublished: Bool
  /// The figures at the selection's epoch, or after the last: the primary ones.
  package var last: [RunMetric: Double]
  /// The figures of the epoch with the best test accuracy: descriptive, as that epoch is chosen on the test images.
  package var best: [RunMetric: Double]
  /// The numeric contract that it was trained under. Figures of two differ by rounding, as those of two machines of any
  /// other package do: they are samples of one method.
  package var contract: NumericContract
  /// The curvatures among the primary figures as they were measured, and those that do not count; empty where a source
  /// does not say.
  package var curvature: [CurvatureMeasurement]

  /// A run from its parts, trained under the contract in force unless another is named.
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

/// Where procedures find finished runs. They are never trained by a procedure.
package protocol EvidenceSource: Sendable {
  /// The finished runs of a selection, in any order; empty where there are none.
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
