import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import EscapementVerification

extension NullHypothesis: ExpressibleByArgument {}

/// Claims under a null, as text or JSON.
struct NullReport {
  private let null: NullHypothesis
  private let trials: [NullTrial]
  /// Claims that are not judged under it, with the reason.
  private let others: [(id: String, reason: String)]

  /// Judges the claims that must lose their verdict under the null.
  init(_ claims: [Claim], under null: NullHypothesis) {
    self.null = null
    let (meter, runMeter) = (ProgressMeter(), ProgressMeter())
    let context = ClaimContext { runMeter.show("runs of \($0)", done: $1, total: $2) }
    let total = claims.count { $0.loses(under: null) }
    var done = 0
    trials = NullTrial.trials(claims, under: null, context: context) { claim in
      meter.show(claim.id, done: done, total: total)
      done += 1
    }
    meter.clear()
    runMeter.clear()
    others = claims.filter { !$0.loses(under: null) }.map { claim in
      switch claim.nulls {
      case .none(let reason): (claim.id, reason)
      case .losing(let nulls):
        (claim.id, "its nulls are \(nulls.map(\.rawValue).sorted().joined(separator: ", "))")
      }
    }
  }

  /// Prints the report; the exit code is 1 if a claim keeps its verdict, and 2 if none is judged.
  func write(json: Bool, in layout: TextLayout) throws {
    if json { Console.output(self.json) } else { Console.print(text(in: layout)) }
    for trial in trials where trial.isKept {
      Console.error("\(trial.claim.id) is \(trial.verdict.outcome.name) under \(null.rawValue) as well")
    }
    if trials.contains(where: \.isKept) { throw ExitCode(ExitStatus.differs.rawValue) }
    if trials.isEmpty { throw ExitCode(ExitStatus.inconclusive.rawValue) }
  }

  private func text(in layout: TextLayout) -> String {
    var table = TextTable(
      heading: ["claim", "verdict", "under \(null.rawValue)", "outcome", "numbers"], outcomes: [3])
    table.rows = trials.map {
      [
        $0.claim.id, $0.verdict.outcome.name, $0.underNull.outcome.name,
        $0.isKept ? "KEPT" : $0.hasVerdict ? "lost" : "none to lose",
        $0.underNull.summary,
      ]
    }
    var rest = TextTable(heading: ["not judged", "because"])
    rest.rows = others.map { [$0.id, $0.reason] }
    let kept = trials.count(where: \.isKept)
    let without = trials.count { !$0.hasVerdict }
    return table.text(in: layout) + (others.isEmpty ? "" : "\n\n" + rest.text(in: layout))
      + "\n\n\(trials.count) claims, \(trials.count - kept - without) lose their verdict, \(kept) keep it"
      + (without > 0 ? ", \(without) have none to lose" : "")
  }

  private var json: JSON {
    [
      "null": .string(null.rawValue),
      "trials": .array(
        trials.map {
          [
            "id": .string($0.claim.id), "verdict": .string($0.verdict.outcome.name),
            "under_null": .string($0.underNull.outcome.name), "kept": .bool($0.isKept),
            "summary": .string($0.underNull.summary),
          ]
        }),
      "not_judged": .array(others.map { ["id": .string($0.id), "reason": .string($0.reason)] }),
    ]
  }
}
