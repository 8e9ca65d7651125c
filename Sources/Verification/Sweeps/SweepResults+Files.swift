import EscapementDrawing
import EscapementStatistics
import EscapementArtifacts
import EscapementCurvature
import EscapementKernels
import EscapementTraining

extension SweepResults {
  /// One record per row of the plan; rows of runs that are not done have empty figures.
  package var runsCSV: String {
    let names = Self.metrics.map(\.name)
    let heading =
      ["index", "run", "preset", "method", "rho", "seed", "state"] + names + names.map { "best_\($0)" }
      + ["best_epoch", NumericContract.key, "digest"] + names.map { "selected_\($0)" } + ["selected_epoch"]
    return CSVText.text(
      of: [heading]
        + rows.map { row in
          func figures(_ epoch: RecordedEpoch?) -> [String] {
            Self.metrics.map { epoch?.figures[$0.metric].map { "\($0)" } ?? "" }
          }
          return [
            "\(row.index)", row.row.id, row.row.recipe.preset, row.row.recipe.method, row.row.rho,
            "\(row.row.recipe.seed)", row.finding.state.text,
          ] + figures(row.last) + figures(row.best)
            + [
              row.best.map { "\($0.epoch)" } ?? "", row.contract.map(\.description) ?? "",
              row.last?.digest.hex ?? "",
            ] + figures(row.selected) + [row.selected.map { "\($0.epoch)" } ?? ""]
        })
  }

  /// One record per recipe: planned and finished seeds, and each accuracy's mean, standard error and, in the last columns,
  /// standard deviation over the seeds.
  package var groupsCSV: String {
    let names = Self.metrics.map(\.name)
    let heading =
      ["recipe", "preset", "method", "rho", "epochs", "planned", "done", "standing"]
      + names.flatMap { ["\($0)_mean", "\($0)_se"] } + ["best_accuracy_mean", "best_accuracy_se"]
      + names.flatMap { ["selected_\($0)_mean", "selected_\($0)_se"] }
      + (names + ["best_accuracy"] + names.map { "selected_\($0)" }).map { "\($0)_sd" }
    return CSVText.text(
      of: [heading]
        + groups.map { group in
          let row = group.rows[0].row
          func fields(_ mean: MeanEstimate?) -> [String] {
            [mean.map { "\($0.mean)" } ?? "", mean?.standardError.map { "\($0)" } ?? ""]
          }
          func deviation(_ mean: MeanEstimate?) -> String {
            mean?.standardDeviation.map { "\($0)" } ?? ""
          }
          let last = Self.metrics.map { deviation(group.mean($0.metric)) }
          let selected = Self.metrics.map { deviation(group.mean($0.metric, at: \.selected)) }
          return [
            group.digest.hex, row.recipe.preset, row.recipe.method, row.rho, "\(row.recipe.epochs)",
            "\(group.rows.count)", "\(group.done)", group.standing,
          ] + Self.metrics.flatMap { fields(group.mean($0.metric)) }
            + fields(group.mean(.accuracy, at: \.best))
            + Self.metrics.flatMap { fields(group.mean($0.metric, at: \.selected)) }
            + last + [deviation(group.mean(.accuracy, at: \.best))] + selected
        })
  }

  /// Both tables as one JSON object.
  package var json: JSON {
    func figures(_ epoch: RecordedEpoch?) -> JSON {
      guard let epoch else { return .null }
      var members: [String: JSON] = ["epoch": .integer(epoch.epoch)]
      for (name, metric) in Self.metrics { members[name] = epoch.figures[metric].map { .number($0) } }
      return .object(members)
    }
    return [
      "schema": 1, "complete": .bool(isComplete),
      "runs": .array(
        rows.map { row in
          [
            "index": .integer(row.index), "run": .string(row.row.id),
            "preset": .string(row.row.recipe.preset), "method": .string(row.row.recipe.method),
            "rho": .string(row.row.rho), "seed": .string(String(row.row.recipe.seed)),
            "state": .string(row.finding.state.name), "detail": .string(row.finding.state.text),
            "last": figures(row.last), "best": figures(row.best),
            "selected": figures(row.selected),
            "digest": row.last.map { .string($0.digest.hex) } ?? .null,
            NumericContract.key: row.contract?.json ?? .null,
          ]
        }),
      "groups": .array(groups.map(Self.json)),
    ]
  }

  private static func json(_ group: Group) -> JSON {
    let row = group.rows[0].row
    func estimate(_ mean: MeanEstimate?) -> JSON {
      guard let mean else { return .null }
      let interval = mean.interval()
      return [
        "n": .integer(mean.count), "mean": .number(mean.mean),
        "standard_error": .optional(mean.standardError),
        "standard_deviation": .optional(mean.standardDeviation),
        "interval95": interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
      ]
    }
    func means(at epoch: KeyPath<Row, RecordedEpoch?>) -> JSON {
      .object(
        Dictionary(
          uniqueKeysWithValues: metrics.map { ($0.name, estimate(group.mean($0.metric, at: epoch))) }))
    }
    return [
      "recipe_sha256": .string(group.digest.hex), "preset": .string(row.recipe.preset),
      "method": .string(row.recipe.method), "rho": .string(row.rho), "epochs": .integer(row.recipe.epochs),
      "planned": .integer(group.rows.count), "done": .integer(group.done),
      "complete": .bool(group.isComplete), "standing": .string(group.standing),
      "last": means(at: \.last), "best_accuracy": estimate(group.mean(.accuracy, at: \.best)),
      "selected": means(at: \.selected),
    ]
  }
}
