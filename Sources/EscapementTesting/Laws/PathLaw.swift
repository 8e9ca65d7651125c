import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementRandomness
import EscapementTraining

/// A step has the same bits on every instruction set and with any number of threads.
struct PathLaw: Law {
  let name = "same-bits"
  let statement = "Every instruction set and thread count gives the same bits, on long vectors and a network."

  func exemption(for claims: RuleClaims) -> String? { nil }

  /// A layout long enough that every vector operation is split among threads.
  private static let layout: ParameterLayout = {
    var layout = ParameterLayout()
    layout.append(name: "weight", shape: [150, 100], role: .dense)
    layout.append(name: "bias", shape: [5000], role: .vector)
    return layout
  }()

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    func vector(_ index: UInt64) -> Tensor<Element> {
      .standardNormal(seed: 21, purpose: .fixture, index: index, shape: [Self.layout.count])
    }
    let oracle = PartedQuadraticOracle(spectra: [.all: vector(0), .head: vector(1), .tail: vector(2)])
    let start = ParameterVector(layout: Self.layout, flat: vector(3))
    let long = try finish(RuleWalk(trial.rule(), on: oracle, from: start))
    let network = try finish(trial.networkWalk())
    for path in ExecutionPath.all {
      let walk = try path.run { try finish(RuleWalk(trial.rule(), on: oracle, from: start)) }
      evidence.sameBits("parameters of a long vector on \(path)", walk.parameters, long.parameters)
      evidence.sameState("state of a long vector on \(path)", walk.rule, long.rule)
    }
    for path in ExecutionPath.each(turn: 1) {
      let walk = try path.run { try finish(trial.networkWalk()) }
      evidence.sameBits("parameters of the network on \(path)", walk.parameters, network.parameters)
      evidence.sameBits(
        "running statistics on \(path)", walk.oracle.base.statistics, network.oracle.base.statistics)
    }
  }

  private func finish<Oracle: GradientOracle>(_ start: RuleWalk<Oracle>) throws -> RuleWalk<Oracle> {
    var walk = start
    for _ in 0..<2 { try walk.step() }
    return walk
  }
}
