import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// ‖ε‖ = ρ for every size of the gradient.
///
/// The gradients have the norm 20·size exactly. An ascent's scale and product round once each, which is within 1 eps in
/// Float. In Double, the added constant, the quotient and the product give 1.5 eps, and the norm computed here of at
/// most 32 squares in 32 lanes adds 2 eps; the bound is 4 eps. The constant shortens ε by constant/‖g‖ of itself. At w
/// ≠ 0 each entry of w + ε is rounded by half an ulp of itself, which is less than eps (‖w‖ + ρ) in total.
struct RadiusLaw: Law {
  let name = "radius"
  let statement = "A normalized perturbation has the length ρ, within ρ(4 eps + constant/‖g‖)."

  func exemption(for claims: RuleClaims) -> String? {
    claims.queries.contains(where: \.hasLength) ? nil : "no query is claimed at the distance ρ"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    try AscentLaw.eachCase(trial) { asked, form, start, settings in
      for (index, query) in form.queries.enumerated() where query.hasLength {
        let (share, roundings, shortening) = query.length(asked)
        let length = share * settings.radius
        let eps = Double(Element.ulpOfOne)
        let placing = start.norm() == 0 ? 0 : eps * (start.norm() + length)
        let epsilon = asked[index].point.flat.converted(to: Double.self) - start
        evidence.compare(
          "‖ε‖ − ρ of query \(index), ρ = \(length)", (epsilon.norm() - length).magnitude,
          within: length * (roundings * eps + shortening) + placing)
      }
    }
  }
}

extension RuleClaims.Query {
  /// Whether its distance from w is claimed to be ρ.
  fileprivate var hasLength: Bool {
    switch place {
    case .ascent(_, _, let constant): constant != nil
    case .sphere: true
    case .parameters, .adaptiveAscent, .noise, .elsewhere: false
    }
  }

  /// The share of ρ, the number of roundings, and the fraction by which the constant shortens the perturbation.
  fileprivate func length<Oracle: GradientOracle>(
    _ asked: [RecordingOracle<Oracle>.Query]
  ) -> (share: Double, roundings: Double, shortening: Double) {
    switch place {
    case .ascent(let along, let share, let constant?):
      (share, 4, constant / asked[along].answer.gradient.flat.norm())
    case .sphere(let roundings, let slack): (1, roundings, slack)
    default: preconditionFailure("\(place) has no length")
    }
  }
}
