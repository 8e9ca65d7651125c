import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// A loss or gradient that is not finite ends the step: `Divergence` contains the step, and nothing has changed.
struct DivergenceLaw: Law {
  let name = "divergence"
  let statement =
    "A non-finite loss or gradient, at any query, throws Divergence at its step and changes nothing."

  func exemption(for claims: RuleClaims) -> String? { nil }

  private enum Fault: String, CaseIterable {
    case lossNaN, lossInfinite, gradientNaN, gradientInfinite

    func spoil<Element: Real>(_ loss: inout Double, _ gradient: inout Tensor<Element>) {
      let last = gradient.count - 1
      switch self {
      case .lossNaN: loss = .nan
      case .lossInfinite: loss = .infinity
      case .gradientNaN: gradient.withMutablePointer { $0[last] = .nan }
      case .gradientInfinite: gradient.withMutablePointer { $0[last] = -.infinity }
      }
    }
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    try trial.eachQuery { walk, query in
      for fault in Fault.allCases {
        var broken = walk
        broken.oracle.interference = { index, answer in
          if index == query { fault.spoil(&answer.loss, &answer.gradient.flat) }
        }
        let place = "\(fault.rawValue) at query \(query) of step \(walk.steps)"
        do {
          try broken.step()
          evidence.require("\(place) is reported", false)
        } catch let divergence as Divergence {
          evidence.compare(
            "\(place), the step named", Double((divergence.step - walk.steps).magnitude), within: 0)
        }
        evidence.sameBits("\(place), parameters", broken.parameters, walk.parameters)
        evidence.sameState("\(place), state", broken.rule, walk.rule)
      }
    }
  }
}
