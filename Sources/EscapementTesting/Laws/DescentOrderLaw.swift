import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// Weight decay is added to the gradient, the gradient to the momentum, and the momentum moves w:
///
///     d = g + λ·w;   b = d on the first step, μ·b + d after it;   w = w − η·b
///
/// On a loss that is linear in w, g is the same everywhere, so the radius has no effect. The gradient that the rule
/// forms from its answers may differ by 16 eps ‖g‖; the rest is bounded operation by operation. Weight decay inside the
/// ascent does not change g here: see the law "ascent".
struct DescentOrderLaw: Law {
  let name = "descent-order"
  let statement = "On a linear loss the rule is d = g + λw, b = μb + d, w = w − ηb, decay before momentum."

  func exemption(for claims: RuleClaims) -> String? {
    claims.followsLinearLoss ? nil : "its descent on a linear loss is claimed to differ from the gradient"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let unit = Double(Element.ulpOfOne)
    let parts: [BatchPart: Tensor<Element>] = [.head: LawCase.slope(.head), .tail: LawCase.slope(.tail)]
    // Whole numbers: the parts add up to the whole exactly.
    let whole = parts[.head]! + parts[.tail]!
    let slack = 16 * unit * whole.norm()
    let gradient = whole.elements.map { Bounded(Double($0), error: slack, unit: unit) }
    for radius in trial.claims.noise == nil ? [0, 0.5] : [0] {
      let settings = RuleSettings(radius: radius)
      let start: ParameterVector<Element> = LawCase.start()
      var walk = RuleWalk(
        try trial.rule(settings),
        on: PartedQuadraticOracle(spectra: [:], slopes: parts.merging([.all: whole]) { $1 }), from: start)
      var reference = BoundedDescent(settings, from: start.flat.elements.map(Double.init), unit: unit)
      for step in 0..<4 {
        walk.learningRate = step < 2 ? 0.125 : 0.07
        try walk.step()
        reference.descend(along: gradient, learningRate: walk.learningRate)
        evidence.compare(
          "parameters after step \(step), ρ = \(radius)", walk.parameters.flat,
          reference.parameters.map(\.value), within: reference.parameters.map(\.error))
      }
    }
  }
}
