import EscapementKernels
import EscapementTraining

/// A loss multiplied or divided by 2¹² leads to the same perturbed points.
///
/// Powers of two scale every gradient without rounding. Two errors remain. The constant in the norm shortens each of
/// the two perturbations by constant/‖g‖ of itself. The rounding of both is 4 eps of ‖ε‖ each, as in `RadiusLaw`, plus
/// eps (‖w‖ + ‖ε‖) for adding them to w. An adaptive ascent has ‖|w|g‖ instead of ‖g‖, and its two additional products
/// round in the same way in both runs.
struct LossScaleLaw: Law {
  let name = "loss-scale"
  let statement = "A normalized ascent leads to the same point when the loss is scaled by 2⁻¹² or 2¹²."

  func exemption(for claims: RuleClaims) -> String? {
    claims.queries.contains { $0.ascent != nil } ? nil : "no ascent is claimed to be normalized"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let settings = RuleSettings()
    let form = trial.claims.form(step: 0, epoch: 0, settings: settings)!
    let eps = Double(Element.ulpOfOne)
    let start = LawCase.start(Element.self).flat.converted(to: Double.self)
    var plain = try trial.saddleWalk(settings)
    try plain.step()
    let asked = try plain.queries(of: form)
    for factor in [0x1p-12, 0x1p12] {
      var scaled = try trial.saddleWalk(settings)
      scaled.oracle.interference = { _, answer in
        answer.loss *= factor
        answer.gradient.flat = answer.gradient.flat.scaled(by: factor)
      }
      try scaled.step()
      let askedScaled = try scaled.queries(of: form)
      for (index, query) in form.queries.enumerated() {
        guard let (along, constant, isAdaptive) = query.ascent else { continue }
        let g = asked[along].answer.gradient.flat
        let a = asked[index].point.flat.converted(to: Double.self)
        let b = askedScaled[index].point.flat.converted(to: Double.self)
        let length = (a - start).norm()
        let norm = (isAdaptive ? g * LawCase.start().flat : g).norm()
        let shortening = constant / norm + constant / (factor * norm)
        evidence.compare(
          "distance of the points of query \(index), loss times \(factor)", (a - b).norm(),
          within: length * (8 * eps + shortening) + 2 * eps * (a.norm() + length))
      }
    }
  }
}

extension RuleClaims.Query {
  /// The index of the answer along which a normalized ascent goes, and the constant in its norm; nil for other places.
  fileprivate var ascent: (along: Int, constant: Double, isAdaptive: Bool)? {
    switch place {
    case .ascent(let along, _, let constant?): (along, constant, false)
    case .adaptiveAscent(let along, let constant): (along, constant, true)
    default: nil
    }
  }
}
