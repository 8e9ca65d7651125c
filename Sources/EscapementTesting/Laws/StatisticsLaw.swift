import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// Batch norm's running statistics are updated by the claimed queries and no others.
///
/// With a single observing query, at w and of the whole batch, they equal SGD's to the bit. A rule without stated
/// queries must observe at least once per step; otherwise evaluation would use the initial statistics.
struct StatisticsLaw: Law {
  let name = "statistics"
  let statement = "Running statistics are those of the claimed observing queries; of one at w, SGD's."

  func exemption(for claims: RuleClaims) -> String? { nil }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    var walk = try trial.networkWalk()
    let start = walk.oracle.base.statistics
    try walk.step()
    let statistics = walk.oracle.base.statistics
    evidence.require("running statistics took in a batch", statistics != start)

    guard let form = trial.claims.form(step: 0, epoch: 0, settings: RuleSettings()) else { return }
    var replay: NetworkOracle<Element> = LawCase.networkOracle()
    for (query, claim) in zip(walk.oracle.queries, form.queries) where claim.statistics == .observe {
      _ = try replay.evaluate(at: query.point, on: query.part, statistics: .observe)
    }
    evidence.sameBits("running statistics against the claimed queries'", statistics, replay.statistics)

    let observing = form.queries.filter { $0.statistics == .observe }
    guard observing.count == 1, !observing[0].isDisplaced, !observing[0].isShard else { return }
    var sgd = RuleWalk(try SGD<Element>(), on: LawCase.networkOracle(), from: LawCase.networkStart())
    try sgd.step()
    evidence.sameBits("running statistics against SGD's", statistics, sgd.oracle.base.statistics)
  }
}
