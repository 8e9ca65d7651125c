import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// If every sample is a tail sample, a rule that perturbs the tail is SAM on the tail's loss.
///
/// The tail's loss is the batch's times the factor by which the oracle weights the tail (2 here); the head is empty.
/// The constants added to ‖g‖ differ from SAM's, so s differs relatively by at most the larger constant over ‖g‖.
/// Otherwise the two differ by rounding, which is bounded operation by operation.
struct AllTailLaw: Law {
  let name = "all-tail"
  let statement = "On a batch of tail samples alone the rule is SAM on the weighted tail's loss."

  func exemption(for claims: RuleClaims) -> String? {
    constant(in: claims) == nil ? "no tail is perturbed along its own gradient" : nil
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let settings = RuleSettings()
    let unit = Double(Element.ulpOfOne)
    let spectrum: Tensor<Element> = LawCase.spectrum(.all).scaled(by: 2)
    let start: ParameterVector<Element> = LawCase.start()
    var walk = RuleWalk(
      try trial.rule(settings), on: PartedQuadraticOracle(spectra: [.tail: spectrum], emptyParts: [.head]),
      from: start)
    let base = try SGD<Element>(momentum: settings.momentum, weightDecay: settings.weightDecay)
    var sam = RuleWalk(
      try SAM(base: base, rho: settings.radius), on: PartedQuadraticOracle(spectra: [.all: spectrum]),
      from: start)
    try walk.step()
    try sam.step()

    let eigenvalues = spectrum.elements.map(Double.init)
    let w = start.flat.elements.map(Double.init)
    let g = zip(eigenvalues, w).map { Bounded($0, unit: unit) * Bounded($1, unit: unit) }
    let norm = Tensor(g.map(\.value)).norm()
    let scale = settings.radius / norm
    let slack = max(constant(in: trial.claims)!, SAM<SGD<Element>>.normConstant) / norm + 2 * unit
    // Both runs are within the bound of the same exact step, so their distance is at most twice the bound.
    let s = Bounded(scale, error: scale * slack, unit: unit)
    var reference = BoundedDescent(settings, from: w, unit: unit)
    reference.descend(
      along: w.indices.map { i in
        Bounded(eigenvalues[i], unit: unit) * (Bounded(w[i], unit: unit) + s * g[i])
      }, learningRate: walk.learningRate)
    evidence.compare(
      "parameters against SAM's", walk.parameters.flat, sam.parameters.flat.elements.map(Double.init),
      within: reference.parameters.map { 2 * $0.error })
    evidence.compare(
      "momentum against SAM's", try walk.momentum().flat, try sam.momentum().flat.elements.map(Double.init),
      within: reference.buffer!.map { 2 * $0.error })
  }

  /// The constant of the tail's ascent along the tail's gradient, at the full radius.
  private func constant(in claims: RuleClaims) -> Double? {
    guard claims.statesDescent, let form = claims.steps.first else { return nil }
    for query in form.queries where query.part == .tail {
      if case .ascent(let along, 1, let constant?) = query.place, form.queries[along].part == .tail {
        return constant
      }
    }
    return nil
  }
}
