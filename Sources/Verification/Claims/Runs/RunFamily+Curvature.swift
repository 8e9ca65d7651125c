// What is said of the spectra of trained networks: Hessians of class losses on unaugmented training pictures.

extension RunFamily {
  private static let data = "cifar10-lt100"
  private static let variant =
    "Hessians on fixed unaugmented pictures under running statistics, the loss without weight decay; CIFAR-10 LT"

  private static func quantity(_ method: String, _ metric: RunMetric, epoch: Int? = nil) -> RunQuantity {
    RunQuantity(RunSelection("\(data)/\(method)", epoch: epoch), metric)
  }

  private static func claim(
    _ id: String, _ source: ClaimSource, _ statement: String, _ questions: [RunQuestion],
    noTest: String? = nil
  ) -> RunStatement {
    RunStatement(
      id: id, source: source, tier: .paper, statement: statement, questions: questions, variant: variant,
      noTest: noTest)
  }

  /// That one class's figure exceeds another's in the same runs.
  private static func classes(
    _ method: String, _ high: Int, _ low: Int?, _ metric: (Int?) -> RunMetric
  ) -> RunQuestion {
    .exceeds(quantity(method, metric(high)), quantity(method, metric(low)), by: 0)
  }

  /// That SGD's figure of a class exceeds SAM's.
  private static func falls(_ method: String, _ label: Int, _ metric: (Int?) -> RunMetric) -> RunQuestion {
    .exceeds(quantity(method, metric(label)), quantity("\(method)-sam", metric(label)), by: 0)
  }

  /// H0 to H16, but for those judged on synthetic operators.
  static let curvature = RunFamily(
    name: "class-wise curvature",
    statements: [
      claim(
        "H0", .poster("Convergence to saddle points"),
        "Under CE+DRW |λ_min|/λ_max of the rarest class's loss exceeds that of the overall loss.",
        [classes("ce-drw", 9, nil, RunMetric.saddleRatio)]),
      claim(
        "H1", .poster("Convergence to saddle points"),
        "Under CE+DRW |λ_min|/λ_max of the rarest class's loss exceeds that of the most frequent class's.",
        [classes("ce-drw", 9, 0, RunMetric.saddleRatio)]),
      claim(
        "H2", .supplement("§D, Figure 1"), "Under CE |λ_min| of classes 7 and 9 exceeds that of class 0.",
        [7, 9].map { classes("ce", $0, 0, RunMetric.negativeCurvature) }),
      claim(
        "H3", .supplement("Figure 1"), "Under CE the loss of class 0 is low and its λ_min close to 0.", [],
        noTest: "no threshold is stated for low or close; the comparisons with other classes are H2 and H4"),
      claim(
        "H4", .supplement("§D"), "Under CE the training loss of classes 7 and 9 exceeds that of class 0.",
        [7, 9].map { classes("ce", $0, 0, RunMetric.trainingLoss) }),
      claim(
        "H5", .supplement("§D"),
        "Under CE+DRW the rarest class's loss is stationary and keeps strong negative curvature: a saddle.",
        [],
        noTest:
          "no threshold is stated for stationary or strong; under batch statistics any gradient at all forces a negative "
          + "eigenvalue, so the sign alone would show nothing"),
      claim(
        "H6", .supplement("§D"),
        "Neither CE nor CE+DRW ends in a local minimum of the rarest class's loss: λ_min < 0.",
        ["ce", "ce-drw"].map { .above(quantity($0, .negativeCurvature(ofClass: 9)), 0) }),
      claim(
        "H7", .supplement("Figure 2"),
        "Under CE+DRW λ_max and |λ_min| of classes 2, 5 and 7 are lower with SAM than with SGD.",
        [2, 5, 7].flatMap {
          [
            falls("ce-drw", $0, RunMetric.largestEigenvalue),
            falls("ce-drw", $0, RunMetric.negativeCurvature),
          ]
        }),
      claim(
        "H8", .poster("Empirical validation"),
        "Under CE+DRW |λ_min|/λ_max of classes 7 and 9 is lower with SAM than with SGD.",
        [7, 9].map { falls("ce-drw", $0, RunMetric.saddleRatio) }),
      claim(
        "H9", .supplement("Figure 3"), "Under LDAM+DRW |λ_min| of class 9 exceeds that of class 0.",
        [classes("ldam-drw", 9, 0, RunMetric.negativeCurvature)]),
      claim(
        "H10", .supplement("Figure 3"), "Under LDAM+DRW |λ_min| of class 9 is lower with SAM than with SGD.",
        [falls("ldam-drw", 9, RunMetric.negativeCurvature)]),
      claim(
        "H12", .poster("Analysis, dynamics"),
        "With SGD |λ_min|/λ_max of the rarest class rises after re-weighting begins at epoch 160.",
        [
          .exceeds(
            quantity("ce-drw", .saddleRatio(ofClass: 9)),
            quantity("ce-drw", .saddleRatio(ofClass: 9), epoch: 160), by: 0)
        ]),
      claim(
        "H13", .poster("Analysis, dynamics"),
        "With SAM |λ_min|/λ_max of the rarest class rises by less than 0.05 after epoch 160.",
        [
          .exceeds(
            quantity("ce-drw-sam", .saddleRatio(ofClass: 9), epoch: 160),
            quantity("ce-drw-sam", .saddleRatio(ofClass: 9)), by: -0.05)
        ]),
      claim(
        "H14", .supplement("§D"), "The spectrum of one class represents its group.", [],
        noTest: "a comparison of spreads within and between groups of three and four classes decides nothing"),
      claim(
        "H16", .repository("val-iisc/Saddle-LongTail", "hessian_analysis.py"),
        "Negative eigenvalues of the released script may come from augmentation drawn anew at every product.",
        [],
        noTest:
          "`escapement spectrum` measures a checkpoint in both ways; H15 judges the cause on known operators"),
    ])
}
