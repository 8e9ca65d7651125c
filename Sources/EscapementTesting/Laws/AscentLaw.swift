import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// ε points along the gradient from which it is claimed to be computed.
///
/// s = ρ/(‖g‖ + constant) is computed in Double, including the constant, and each entry of s·g may have the rounding
/// error of `RadiusLaw`. A reversed sign, another gradient or a missing norm gives an error of the length of ε, a
/// missing constant an error of constant/‖g‖ of it.
struct AscentLaw: Law {
  let name = "ascent"
  let statement = "ε = s·g with the claimed g and s = ρ/(‖g‖ + constant), within 4 eps ‖ε‖."

  func exemption(for claims: RuleClaims) -> String? {
    let ascends = claims.queries.contains { query in
      if case .ascent = query.place { true } else { false }
    }
    return ascends ? nil : "no query is claimed along a gradient"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    try Self.eachCase(trial) { asked, form, start, settings in
      for (index, query) in form.queries.enumerated() {
        guard case .ascent(let along, let share, let constant) = query.place else { continue }
        let g = asked[along].answer.gradient.flat.converted(to: Double.self)
        let norm = g.norm()
        let scale = share * settings.radius / (constant.map { norm + $0 } ?? 1)
        let length = scale * norm
        let eps = Double(Element.ulpOfOne)
        let placing = start.norm() == 0 ? 0 : eps * (start.norm() + length)
        let point = asked[index].point.flat.converted(to: Double.self)
        evidence.compare(
          "‖ε − s·g‖ of query \(index), ‖s·g‖ = \(length)",
          ((point - start) - g.scaled(by: scale)).norm(),
          within: 4 * eps * length + placing)
      }
    }
  }

  /// One step on linear losses from 0 and from another point, for radii from 0.05 to 2 and gradients from 2⁻¹⁰
  /// to 2¹⁰ times 20.
  static func eachCase<Element: Real>(
    _ trial: RuleTrial<Element>,
    _ body: (
      [RecordingOracle<PartedQuadraticOracle<Element>>.Query], RuleClaims.Step, Tensor<Double>, RuleSettings
    ) -> Void
  ) throws {
    for radius in [0.05, 0.5, 2] {
      for size in [0x1p-10, 1, 0x1p10] {
        for start in [ParameterVector<Element>(zeros: LawCase.layout), LawCase.start()] {
          let settings = RuleSettings(radius: radius)
          var walk = RuleWalk(try trial.rule(settings), on: LawCase.linear(size: size), from: start)
          try walk.step()
          let form = trial.claims.form(step: 0, epoch: 0, settings: settings)!
          body(try walk.queries(of: form), form, start.flat.converted(to: Double.self), settings)
        }
      }
    }
  }
}
