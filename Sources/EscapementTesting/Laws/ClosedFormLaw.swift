import EscapementKernels
import EscapementTraining

/// On a saddle with the eigenvalues λ the step is known. The answer λ∘w at w gives the point w + s·λ∘w, and the answer
/// there is λ∘(1 + s·λ)∘w: g̃ = (I + sH)g.
///
/// The bound follows each operation's rounding, entry by entry; s has the relative error of the gradient and of its
/// norm. A wrong sign in 1 + sλ, or an additional factor, is far outside the bound.
struct ClosedFormLaw: Law {
  let name = "closed-form"
  let statement = "On a quadratic the step is that of g̃ = (I + sH)g, within its rounding errors."

  func exemption(for claims: RuleClaims) -> String? {
    guard claims.statesDescent else { return "no descent is stated as a sum of gradients" }
    guard claims.noise == nil else { return "its noise has no closed form" }
    return claims.areStatedInFull ? nil : "no direction is stated for a query"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let unit = Double(Element.ulpOfOne)
    let w = LawCase.start(Element.self).flat.elements.map(Double.init)
    for radius in [0.05, 0.5, 2] {
      let settings = RuleSettings(radius: radius)
      var walk = try trial.saddleWalk(settings)
      var reference = BoundedDescent(settings, from: w, unit: unit)
      for step in 0..<3 {
        try walk.step()
        let form = trial.claims.form(step: step, epoch: 0, settings: settings)!
        reference.descend(
          along: gradient(form, at: reference.parameters, radius: radius), learningRate: walk.learningRate)
        evidence.compare(
          "parameters after step \(step), ρ = \(radius)", walk.parameters.flat,
          reference.parameters.map(\.value), within: reference.parameters.map(\.error))
      }
    }
  }

  private func gradient(_ form: RuleClaims.Step, at w: [Bounded], radius: Double) -> [Bounded] {
    var answers: [[Bounded]] = []
    for query in form.queries {
      let point =
        switch query.place {
        case .ascent(let along, let share, let constant):
          moved(
            w, along: answers[along], radius: radius * share, normBy: constant.map { (answers[along], $0) })
        case .adaptiveAscent(let along, let constant):
          moved(
            w, along: zip(w, answers[along]).map { $0 * $0 * $1 }, radius: radius,
            normBy: (zip(w, answers[along]).map(*), constant))
        default: w
        }
      let spectrum: Tensor<Double> = LawCase.spectrum(query.part)
      answers.append(point.indices.map { Bounded(spectrum[$0], unit: point[$0].unit) * point[$0] })
    }
    return w.indices.map { i in
      let terms = form.descent!.map { term in
        term.weight == 1
          ? answers[term.query][i]
          : Bounded.rounded(term.weight, unit: w[i].unit) * answers[term.query][i]
      }
      return terms.dropFirst().reduce(terms[0], +)
    }
  }

  /// w + s·direction with s = radius/(‖v‖ + constant), or the radius itself without v.
  ///
  /// The error of the norm is at most the norm of the entries' errors plus (n/32 + 8) roundings in Double; s is a
  /// quotient rounded to Double and then to the type.
  private func moved(
    _ w: [Bounded], along direction: [Bounded], radius: Double, normBy: (v: [Bounded], constant: Double)?
  ) -> [Bounded] {
    let unit = w[0].unit
    var s = Bounded.rounded(radius, unit: unit)
    if let (v, constant) = normBy {
      let norm = Tensor(v.map(\.value)).norm()
      let error = Tensor(v.map(\.error)).norm() / norm + 10 * Double.ulpOfOne + unit
      let value = radius / (norm + constant)
      // The relative error is taken over the smallest norm that the errors allow.
      s = Bounded(value, error: value * error / (1 - error), unit: unit)
    }
    return zip(w, direction).map { $0 + s * $1 }
  }
}
