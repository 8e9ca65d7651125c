import EscapementKernels
import EscapementDrawing
import EscapementOptimizers

// SAM's radius: sweeps.

extension RunFamily {
  private static let sweep = [0.05, 0.1, 0.2, 0.5, 0.8]

  private static func quantity(_ preset: String, _ metric: RunMetric, _ radius: Double) -> RunQuantity {
    RunQuantity(RunSelection(preset, radius: radius), metric)
  }

  /// Statements about ρ, one family per data set.
  static let radius: [RunFamily] = [("C10", "cifar10", 0.5), ("C100", "cifar100", 0.8)].map {
    short, set, own in
    let data = "\(set)-lt100"
    let preset = "\(data)/ce-drw-sam"
    let ratios = [10.0, 50, 100, 200]
    func at(_ metric: RunMetric, _ radius: Double) -> RunQuantity { quantity(preset, metric, radius) }
    let rising = sweep.filter { $0 <= own }
    var statements = [
      RunStatement(
        id: "P18-\(short)", source: .poster("Analysis, ρ"),
        quote:
          "How does neighborhood size of SAM (ρ) impact tail accuracy? As ρ increases, […] This leads to an increase in tail "
          + "accuracy.",
        statement: "The tail accuracy of CE + DRW + SAM rises with log ρ from 0.05 up to Table 1's radius, "
          + "\(NumberText.short(own)), on \(data).",
        leaf: .radius,
        questions: [
          .rises(
            rising.map { (ownLog($0), [(1, at(.tail, $0))]) },
            text:
              "slope over log ρ of tail accuracy, \(preset), ρ = \(rising.map(NumberText.short).joined(separator: ", ")) > 0"
          )
        ], looks: .sweep,
        variant:
          "radii as in the plot, whose numbers are not printed, up to the radius that the authors chose"),
      RunStatement(
        id: "R2-\(short)-small", source: .supplement("§C"),
        quote:
          "default value of ρ (0.05) as suggested in Foret et al. does not lead to significant gain in accuracy",
        statement: "With ρ = 0.05 CE + DRW + SAM has the accuracy of CE + DRW to 1 point on \(data).",
        leaf: .radius,
        questions: [.matches(at(.accuracy, 0.05), RunQuantity("\(data)/ce-drw", .accuracy), margin: 1)],
        looks: .sweep,
        variant: "no significant gain is read as equality to 1 point: insignificance alone shows nothing"),
      RunStatement(
        id: "R2-\(short)-large", source: .supplement("§C"),
        quote:
          "On long-tail CIFAR-10 and CIFAR-100 setting with re-weighting (DRW), a large value of ρ (0.5 or 0.8) seems to work "
          + "best instead",
        statement:
          "CE + DRW + SAM has a higher accuracy with Table 1's ρ = \(NumberText.short(own)) than with 0.05 on \(data).",
        leaf: .radius,
        questions: [.exceeds(RunQuantity(preset, .accuracy), at(.accuracy, 0.05))], looks: .sweep),
      RunStatement(
        id: "R6-\(short)", source: .supplement("§C"),
        quote:
          "we suggest starting with ρ = 0.05 and increasing ρ till the overall accuracy starts to decrease",
        statement:
          "Raising ρ from 0.05 until the accuracy of CE + DRW + SAM falls loses less than 1 point against the best radius of the "
          + "sweep on \(data).",
        leaf: .radius,
        questions: [
          RunQuestion(
            quantities: sweep.map { at(.accuracy, $0) }, statistic: .regretOfRaising, test: .isBelow(1),
            text: "accuracy lost by the radius that the rule chooses, \(preset) < 1")
        ], looks: .contrast,
        variant:
          "the rule reads one seed's accuracies and is judged by the other seeds'; radii 0.05, 0.1, 0.2, 0.5 and 0.8"
      ),
      RunStatement(
        id: "R7-\(short)", source: .supplement("§C"),
        quote: "large regularization (ρ) is required for highly imbalanced datasets to escape saddle points",
        statement: "The best radius of CE + DRW + SAM rises with β over 10, 50, 100 and 200 on \(set) LT.",
        leaf: .radius,
        questions: [
          RunQuestion(
            quantities: ratios.flatMap { ratio in
              sweep.map { quantity("\(set)-lt\(Int(ratio))/ce-drw-sam", .accuracy, $0) }
            }, statistic: .slopeOfBest(radii: sweep, ratios: ratios), test: .exceeds(0),
            text: "slope over log β of log₂ of the radius with the highest accuracy, \(set) LT > 0")
        ], looks: .contrast),
    ]
    statements += PublishedTable.radii.rows.filter { $0.data == data }.map { row in
      RunStatement(
        id: "R1-\(short)-\(row.method.dropLast(4).lowercased().replacing("+", with: "-"))",
        source: .supplement("Table 1"),
        quote:
          "\(row.method.replacing("+", with: " + ")), LT (β = 100): \(NumberText.short(row[.radius] ?? .nan))",
        statement:
          "No radius of 0.05, 0.1, 0.2, 0.5 and 0.8 gives \(row.method) on \(data) an accuracy 1 point above that of "
          + "Table 1's.",
        leaf: .radius,
        questions: sweep.filter { $0 != row[.radius] }.map {
          .exceeds(RunQuantity(row.preset, .accuracy), quantity(row.preset, .accuracy, $0), by: -1)
        }, looks: .sweep,
        variant:
          "the printed radius is that of the preset; not worse means by less than the margin of 1 point")
    }
    return RunFamily(name: "radius, \(data)", statements: statements)
  }

  /// Every family of claims about runs, in the order of the catalog.
  static let all: [RunFamily] =
    accuracies + posterGains + posterOrders + supplementGains + [combinations, largeScale] + radius
    + curvature + [stageWise]
}
