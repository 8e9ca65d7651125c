/// The section of a claim in a report: the branches of the tree of claims, and families within the branch about runs.
enum ReportSection: String, CaseIterable {
  case theory = "Theory"
  case hessian = "Hessian"
  case data = "Data and method"
  case printed = "Printed tables"
  case fixture = "Contrasts at fixture scale"
  case runs = "Runs"

  /// The section of a claim, by its leaf of the tree.
  init(_ claim: Claim) {
    switch claim.leaf {
    case .theory: self = .theory
    case .spectra: self = .hessian
    case .data, .protocols, .algorithm: self = .data
    case .printed: self = .printed
    case .fixture: self = .fixture
    case .accuracies, .gains, .radius, .curvature, .stages, .large: self = .runs
    }
  }

  /// What the section is about.
  var text: String {
    switch self {
    case .theory: "The theorems and their assumptions, on losses whose gradient, Hessian and noise are known."
    case .hessian: "How a spectrum is measured and what it is of."
    case .data:
      "Class counts, splits, step counts, constants and Algorithm 1, compared with what the papers state."
    case .printed: "What the papers' own tables say, by arithmetic alone."
    case .fixture:
      "Whether contrasts of the papers show on synthetic images: seen or not, nothing of the papers stands or falls with it."
    case .runs: "What finished runs say: accuracies, gains, radii and the curvature of trained networks."
    }
  }
}
