import Kernels
import Training

/// On a saddle with the eigenvalues λ the step is known: from the answer λ∘w at w follows the point
/// w + s·λ∘w, and from that the answer λ∘(1 + s·λ)∘w: g̃ = (I + sH)g.
///
/// The bound follows each operation's rounding, entry by entry, with s off by the relative error of the
/// gradient and of its norm. A factor 1 + sλ of the wrong sign, or one too many, is far outside.
struct ClosedFormLaw: Law {
  let name = "closed-form"
  let statement = "On a quadratic the step is that of g̃ = (I + sH)g, within its rounding errors."

  func exemption(for claims: RuleClaims) -> String? {
    guard claims.statesDescent else { return "no descent is stated as a sum of gradients" }
    guard claims.noise == nil else { return "its noise has no closed form" }
    let isClosed = claims.queries.allSatisfy { query in
      switch query.place {
      case .parameters, .ascent: true
      case .sphere, .noise, .elsewhere: false
      }
    }
    return isClosed ? nil : "no direction is stated for a query"
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
      var point = w
      if case .ascent(let along, let share, let constant) = query.place {
        let s = scale(radius * share, of: answers[along], constant)
        point = w.indices.map { w[$0] + s * answers[along][$0] }
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

  /// s with its error: that of the norm is at most the norm of the entries' errors and (n/32 + 8) roundings
  /// in Double, and s itself is a quotient rounded to Double and then to the type.
  private func scale(_ radius: Double, of gradient: [Bounded], _ constant: Double?) -> Bounded {
    let unit = gradient[0].unit
    guard let constant else { return .rounded(radius, unit: unit) }
    let norm = Tensor(gradient.map(\.value)).norm()
    let error = Tensor(gradient.map(\.error)).norm() / norm + 10 * Double.ulpOfOne + unit
    let value = radius / (norm + constant)
    // Over the smallest norm that the errors allow.
    return Bounded(value, error: value * error / (1 - error), unit: unit)
  }
}
