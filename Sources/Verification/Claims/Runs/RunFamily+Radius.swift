// SAM's radius: sweeps.

extension RunFamily {
  private static let sweep = [0.05, 0.1, 0.2, 0.5, 0.8]

  private static func quantity(_ preset: String, _ metric: RunMetric, _ radius: Double) -> RunQuantity {
    RunQuantity(RunSelection(preset, radius: radius), metric)
  }

  private static let reweighted = ["cifar10-lt100", "cifar100-lt100"].map { "\($0)/ce-drw-sam" }

  /// P18, R1, R2, R6 and R7.
  static let radius = RunFamily(
    name: "radius",
    statements: [
      RunStatement(
        id: "P18", source: .poster("Analysis, ρ"), tier: .paper,
        statement:
          "The tail accuracy of CE+DRW+SAM rises with ρ over 0.05, 0.1, 0.2, 0.5 and 0.8 on CIFAR-10 LT.",
        questions: zip(sweep, sweep.dropFirst()).map { low, high in
          .exceeds(quantity(reweighted[0], .tail, high), quantity(reweighted[0], .tail, low), by: 0)
        },
        variant: "values of ρ as in the plot; its numbers are not printed"),
      RunStatement(
        id: "R1", source: .supplement("Table 1"), tier: .paper,
        statement:
          "On CIFAR LT at β = 100 no radius of 0.05, 0.1, 0.2, 0.5 and 0.8 has an accuracy 1 point above that of Table 1's.",
        questions: PublishedTable.radii.rows.filter { $0.data.hasSuffix("-lt100") }.flatMap { row in
          sweep.filter { $0 != row[.radius] }.map {
            .exceeds(RunQuantity(row.preset, .accuracy), quantity(row.preset, .accuracy, $0), by: -1)
          }
        },
        variant:
          "the printed radius is that of the preset; not worse means by less than the margin of 1 point"),
      RunStatement(
        id: "R2", source: .supplement("§C"), tier: .paper,
        statement:
          "With ρ = 0.05 CE+DRW+SAM has the accuracy of CE+DRW to 1 point on both CIFAR LT sets, and less than with Table 1's ρ.",
        questions: reweighted.flatMap { preset -> [RunQuestion] in
          let small = quantity(preset, .accuracy, 0.05)
          return [
            .matches(small, RunQuantity(String(preset.dropLast(4)), .accuracy), margin: 1),
            .exceeds(RunQuantity(preset, .accuracy), small, by: 0),
          ]
        },
        variant: "no significant gain is read as equality to 1 point: insignificance alone shows nothing"),
      RunStatement(
        id: "R6", source: .supplement("§C"), tier: .paper,
        statement: "Accuracy rises and then falls with ρ, so that tuning may stop at the first fall.",
        questions: [],
        noTest: "a rule of thumb; unimodality of a curve of five points is shown by no comparison of means"),
      RunStatement(
        id: "R7", source: .supplement("§C"), tier: .paper,
        statement: "The higher the imbalance, the larger is the best ρ.", questions: [],
        noTest: "the papers print radii for one imbalance only; a best radius has no mean to compare"),
    ])

  /// Every family of claims about runs, in the order of the catalogue.
  static let all: [RunFamily] =
    accuracies + [posterGains, supplementGains, largeScale, radius, curvature, stageWise]
}
