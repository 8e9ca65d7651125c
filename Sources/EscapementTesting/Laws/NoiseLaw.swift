import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// Noise is a function of seed, step and query only.
///
/// On a loss that is zero everywhere, without momentum and weight decay, the change of a step is the noise.
struct NoiseLaw: Law {
  let name = "noise"
  let statement = "The same seed and step give the same noise; another seed, step or query gives other noise."

  func exemption(for claims: RuleClaims) -> String? { claims.noise == nil ? "it claims no noise" : nil }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    func noise(seed: UInt64, step: Int) throws -> (
      points: [ParameterVector<Element>], parameters: ParameterVector<Element>
    ) {
      let settings = RuleSettings(momentum: 0, weightDecay: 0, seed: seed)
      let zero = Tensor<Element>.zeros([LawCase.layout.count])
      var walk = RuleWalk(
        try trial.rule(settings),
        on: PartedQuadraticOracle(spectra: [.all: zero, .head: zero, .tail: zero]), from: LawCase.start(),
        steps: step)
      try walk.step()
      return (walk.oracle.queries.map(\.point), walk.parameters)
    }
    let first = try noise(seed: 7, step: 0)
    let again = try noise(seed: 7, step: 0)
    evidence.sameBits("parameters of the same seed and step", again.parameters, first.parameters)
    evidence.require("points of the same seed and step", again.points == first.points)
    for (name, other) in [
      ("another seed", try noise(seed: 8, step: 0)), ("another step", try noise(seed: 7, step: 1)),
    ] {
      evidence.require(
        "\(name) gives other noise", other.points != first.points || other.parameters != first.parameters)
    }
    if trial.claims.noise == .points {
      let different = first.points.indices.allSatisfy { !first.points[..<$0].contains(first.points[$0]) }
      evidence.require("no two queries of a step have the same noise", different)
    }
  }
}
