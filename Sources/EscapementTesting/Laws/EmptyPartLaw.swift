import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// Parts without samples have zero gradients, and a rule continues with the other parts.
///
/// All points and parameters stay finite. The ascent along an empty part stays exactly at w. If every ascent does, the
/// step is SGD's on the rest of the batch, for example ImbSAM without tail samples. On a batch without samples, and
/// without momentum, weight decay and noise, w does not change.
struct EmptyPartLaw: Law {
  let name = "empty-parts"
  let statement = "An empty part perturbs nothing: its ascents stay at w, and the step is the others'."

  func exemption(for claims: RuleClaims) -> String? { nil }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    try judgeEmptyBatch(trial, &evidence)
    try judge(trial, empty: [.tail], rest: .head, &evidence)
    try judge(trial, empty: [.head], rest: .tail, &evidence)
    let shards = Set(trial.claims.queries.filter(\.isShard).map(\.part))
    if shards.count > 1 {
      try judge(
        trial, empty: shards.subtracting([.shard(index: 0, count: shards.count)]), rest: .all, &evidence)
    }
  }

  private func judgeEmptyBatch<Element: Real>(
    _ trial: RuleTrial<Element>, _ evidence: inout LawEvidence
  ) throws {
    let moves = trial.claims.noise == .weights || trial.claims.noise == .gradient
    var walk = try trial.saddleWalk(
      RuleSettings(radius: moves ? 0 : 0.5, momentum: 0, weightDecay: 0),
      emptyParts: Set(trial.claims.queries.map(\.part)).union([.all, .head, .tail]))
    // A shard that no claim names is evaluated on the whole batch, which has samples.
    walk.oracle.interference = { _, answer in
      answer.loss = 0
      answer.gradient.flat = .zeros(answer.gradient.flat.shape)
    }
    for step in 0..<2 {
      try walk.step()
      checkFinite(walk, "step \(step) of an empty batch", &evidence)
      evidence.sameBits("parameters after step \(step) of an empty batch", walk.parameters, LawCase.start())
    }
  }

  private func judge<Element: Real>(
    _ trial: RuleTrial<Element>, empty: Set<BatchPart>, rest: BatchPart, _ evidence: inout LawEvidence
  ) throws {
    let settings = RuleSettings()
    var walk = RuleWalk(
      try trial.rule(settings), on: LawCase.saddle(emptyParts: empty, all: rest), from: LawCase.start())
    var sgd = RuleWalk(
      try SGD<Element>(momentum: settings.momentum, weightDecay: settings.weightDecay),
      on: LawCase.saddle(all: rest), from: LawCase.start())
    for step in 0..<3 {
      let before = walk.parameters
      try walk.step()
      try sgd.step()
      let place = "step \(step) with \(rest) alone"
      checkFinite(walk, place, &evidence)
      guard let form = trial.claims.form(step: step, epoch: 0, settings: settings) else { continue }
      var staysAtW = true
      for (query, claim) in zip(walk.oracle.queries, form.queries) where claim.isDisplaced {
        if case .ascent(let along, _, _) = claim.place, empty.contains(form.queries[along].part) {
          evidence.sameBits("\(place), the point of an ascent along nothing", query.point, before)
        } else {
          staysAtW = false
        }
      }
      if staysAtW, trial.claims.asksForParts, form.descent != nil, trial.claims.noise == nil {
        evidence.sameBits("\(place), parameters against SGD's", walk.parameters, sgd.parameters)
        evidence.sameState("\(place), state against SGD's", walk.rule, sgd.rule)
      }
    }
  }

  private func checkFinite<Element: Real>(
    _ walk: RuleWalk<PartedQuadraticOracle<Element>>, _ place: String, _ evidence: inout LawEvidence
  ) {
    for (index, query) in walk.oracle.queries.enumerated() {
      evidence.require("\(place), the point of query \(index) is finite", query.point.flat.isFinite)
    }
    evidence.require("\(place), the parameters are finite", walk.parameters.flat.isFinite)
  }
}
