import EscapementDrawing
import EscapementOptimizers

// Statements about the spectra of trained networks: Hessians of class losses on unaugmented training images.

extension RunFamily {
  /// The |λ_min|/λ_max from which negative curvature is called significant.
  ///
  /// A measurement that counts has an error of at most 0.041 (`CurvatureMeasurement.residualShare`). The limit beyond
  /// the Ritz value after 100 steps on a ResNet-32's 464,154 parameters is 0.011 of λ_max − λ_min at a failure
  /// probability of 10⁻⁶. At 0.05 a sign is therefore not an artifact of the measurement. The papers state no
  /// threshold.
  static let significant = 0.05

  /// A tenth of ln 10, the loss of guessing among ten classes: below it a loss is called low. The papers state no
  /// threshold.
  static let low = 0.230_258_509_299_404_6

  private static let data = "cifar10-lt100"
  private static let variant =
    "Hessians on fixed unaugmented images under running statistics, the loss without weight decay; CIFAR-10 LT, β = 100"

  private static func quantity(_ method: String, _ metric: RunMetric, epoch: Int? = nil) -> RunQuantity {
    RunQuantity(RunSelection("\(data)/\(method)", epoch: epoch), metric)
  }

  private static func claim(
    _ id: String, _ source: ClaimSource, _ quote: String, _ statement: String, _ questions: [RunQuestion],
    weight: ClaimWeight = .table, note: String? = nil
  ) -> RunStatement {
    RunStatement(
      id: id, source: source, quote: quote, statement: statement, leaf: .curvature, weight: weight,
      questions: questions, looks: .curvature, variant: variant + (note.map { "; \($0)" } ?? ""))
  }

  /// The question whether one class's figure exceeds another's in the same runs; nil is the loss over all classes.
  private static func classes(
    _ method: String, _ high: Int, _ low: Int?, _ metric: (Int?) -> RunMetric
  ) -> RunQuestion {
    .exceeds(quantity(method, metric(high)), quantity(method, metric(low)))
  }

  /// The question whether SGD's figure of a class exceeds SAM's.
  private static func falls(_ method: String, _ label: Int, _ metric: (Int?) -> RunMetric) -> RunQuestion {
    .exceeds(quantity(method, metric(label)), quantity("\(method)-sam", metric(label)))
  }

  private static let thresholds =
    "significant is |λ_min|/λ_max above 0.05, a threshold of this package; none is stated"
  private static let lowness = "low is below a tenth of ln 10, a threshold of this package; none is stated"
  private static let confounded =
    "confounded: the learning rate falls to a hundredth after the same epoch, and what follows cannot be put down to "
    + "re-weighting alone"

  /// Four families, by subject.
  static let curvature: [RunFamily] = [
    RunFamily(name: "curvature under CE", statements: ce),
    RunFamily(name: "curvature under CE + DRW", statements: reweighted),
    RunFamily(name: "curvature, SAM against SGD", statements: sharpnessAware),
    RunFamily(name: "curvature under LDAM", statements: margins),
  ]

  private static let ce: [RunStatement] = [
    claim(
      "H2", .supplement("§D, Figure 1"),
      "the density and magnitude of negative eigenvalues is much larger for the tail class (Class 7 and Class 9 in Fig. 1B and "
        + "1C) compared to the head classes (Fig. 1A)",
      "Under CE |λ_min| of classes 7 and 9 exceeds that of class 0.",
      [7, 9].map { classes("ce", $0, 0, RunMetric.negativeCurvature) }),
    claim(
      "H2-density", .supplement("§D, Figure 1"),
      "the density and magnitude of negative eigenvalues is much larger for the tail class (Class 7 and Class 9 in Fig. 1B and "
        + "1C) compared to the head classes (Fig. 1A)",
      "Under CE the share of eigenvalues below −λ_max/100 is larger for classes 7 and 9 than for class 0.",
      [7, 9].map { classes("ce", $0, 0, RunMetric.negativeMass) }),
    claim(
      "H3", .supplement("Figure 1"), "On the head class (A), the loss is low and λ_min is close to 0.",
      "Under CE the loss of class 0 is low and its Hessian has no significant negative eigenvalue.",
      [
        .below(quantity("ce", .trainingLoss(ofClass: 0)), low),
        .below(quantity("ce", .saddleRatioLimit(ofClass: 0)), significant),
      ], note: "\(lowness); \(thresholds)"),
    claim(
      "H4", .supplement("§D"),
      "without re-weighting, the loss on the tail class samples is high because CE minimizes the average loss",
      "Under CE the training loss of classes 7 and 9 exceeds that of class 0.",
      [7, 9].map { classes("ce", $0, 0, RunMetric.trainingLoss) }),
    claim(
      "H6-ce", .supplement("§D"),
      "both CE and CE+DRW do not converge to local minima in tail class loss landscape",
      "Under CE the rarest class's loss ends with significant negative curvature.",
      [.above(quantity("ce", .saddleRatio(ofClass: 9)), significant)], note: thresholds),
  ]

  private static let reweighted: [RunStatement] = [
    claim(
      "H0", .poster("Convergence to saddle points"),
      "We propose Hessian analysis of per class loss in contrast to overall loss analysis in prior art.",
      "Under CE + DRW |λ_min|/λ_max of the rarest class's loss exceeds that of the overall loss.",
      [classes("ce-drw", 9, nil, RunMetric.saddleRatio)]),
    claim(
      "H1", .poster("Convergence to saddle points"),
      "Solution for tail classes reach a region of large negative curvature (high λ_min) indicating convergence to saddle point "
        + "(bottom)",
      "Under CE + DRW |λ_min| of the rarest class's loss exceeds that of the most frequent class's.",
      [classes("ce-drw", 9, 0, RunMetric.negativeCurvature)], weight: .headline),
    claim(
      "H1-head", .poster("Convergence to saddle points"),
      "Head classes converge to minima (low λ_min) (top).",
      "Under CE + DRW the most frequent class's loss ends without a significant negative eigenvalue.",
      [.below(quantity("ce-drw", .saddleRatioLimit(ofClass: 0)), significant)], note: thresholds),
    claim(
      "H4-drw", .supplement("§D"),
      "in CE+DRW after re-weighting, we observe that the loss on tail class samples is very low",
      "Under CE + DRW the training loss of classes 7 and 9 is low, and lower than under CE.",
      [7, 9].flatMap { label -> [RunQuestion] in
        let own = quantity("ce-drw", .trainingLoss(ofClass: label))
        return [.below(own, low), .exceeds(quantity("ce", .trainingLoss(ofClass: label)), own)]
      }, note: lowness),
    claim(
      "H5", .supplement("§D"),
      "in CE+DRW, we can evidently conclude that the presence of large negative curvature indicates convergence to a saddle point",
      "Under CE + DRW the rarest class's loss ends at a strict saddle: λ_min < −√(L₂‖∇f‖).",
      [.above(quantity("ce-drw", .saddleMargin(ofClass: 9)), 1)], weight: .headline,
      note:
        "second-order stationarity of Nesterov and Polyak (2006), with the L₂ that is measured along the eigenvector, the reading "
        + "that favors a saddle: a larger L₂ would make it less of one"),
    claim(
      "H6-drw", .supplement("§D"),
      "both CE and CE+DRW do not converge to local minima in tail class loss landscape",
      "Under CE + DRW the rarest class's loss ends with significant negative curvature.",
      [.above(quantity("ce-drw", .saddleRatio(ofClass: 9)), significant)], note: thresholds),
    claim(
      "H12", .poster("Analysis, dynamics"),
      "With re-weighting for tail classes the networks moves to non-convex region with large negative λ_min and converges to a "
        + "saddle point.",
      "With SGD |λ_min|/λ_max of the rarest class is larger at the end than after epoch 160, when re-weighting begins.",
      [
        .exceeds(
          quantity("ce-drw", .saddleRatio(ofClass: 9)),
          quantity("ce-drw", .saddleRatio(ofClass: 9), epoch: 160))
      ], note: confounded),
    claim(
      "H14", .supplement("§D"),
      "the spectral density of a class is representative of the other classes in same category (Head, Mid or Tail)",
      "Under CE + DRW |λ_min| and λ_max differ less within head, middle and tail than between them.",
      [RunMetric.negativeCurvature, RunMetric.largestEigenvalue].map { metric in
        let figures = (0..<10).map { quantity("ce-drw", metric($0)) }
        return RunQuestion(
          quantities: figures, statistic: .groupSpread([[0, 1, 2], [3, 4, 5, 6], [7, 8, 9]]),
          test: .exceeds(0),
          text:
            "mean |difference| of \(metric(nil).text.replacing(" of all classes", with: "")) between groups > within groups, "
            + "\(data)/ce-drw")
      }),
  ]

  private static let sharpnessAware: [RunStatement] = [
    claim(
      "H7", .supplement("§D, Figure 2"),
      "the magnitude of λ_max and λ_min is much lower with SAM in all the classes (Fig. 2 D, E, F)",
      "Under CE + DRW λ_max and |λ_min| of classes 2, 5 and 7 are lower with SAM than with SGD.",
      [2, 5, 7].flatMap {
        [
          falls("ce-drw", $0, RunMetric.largestEigenvalue), falls("ce-drw", $0, RunMetric.negativeCurvature),
        ]
      }),
    claim(
      "H8", .poster("Empirical validation"),
      "For CIFAR-10 LT tail class, we find that SAM converges to minima with low λ_min.",
      "Under CE + DRW |λ_min| of classes 7 and 9 is lower with SAM than with SGD.",
      [7, 9].map { falls("ce-drw", $0, RunMetric.negativeCurvature) }, weight: .headline),
    claim(
      "H8-minimum", .supplement("§D, Figure 2"),
      "SAM reaches a flatter local minima with no significant presence of negative eigenvalues, escaping saddle points",
      "Under CE + DRW + SAM the losses of classes 2, 5 and 7 end without a significant negative eigenvalue.",
      [2, 5, 7].map { .below(quantity("ce-drw-sam", .saddleRatioLimit(ofClass: $0)), significant) },
      weight: .headline, note: thresholds),
    claim(
      "H13", .poster("Analysis, dynamics"),
      "With SAM we find that it prevents entry to non-convex region and leads towards a minima.",
      "With SAM |λ_min|/λ_max of the rarest class rises by less than 0.05 after epoch 160, and ends below SGD's.",
      [
        .exceeds(
          quantity("ce-drw-sam", .saddleRatio(ofClass: 9), epoch: 160),
          quantity("ce-drw-sam", .saddleRatio(ofClass: 9)), by: -0.05),
        falls("ce-drw", 9, RunMetric.saddleRatio),
      ], note: confounded),
  ]

  private static let margins: [RunStatement] = [
    claim(
      "H9", .supplement("§D, Figure 3"),
      "The existence of negative eigenvalues in the tail class spectral density (Fig. 3B) indicates that even for LDAM loss […] "
        + "the solutions do converge to a saddle point.",
      "Under LDAM + DRW the loss of class 9 ends with significant negative curvature.",
      [.above(quantity("ldam-drw", .saddleRatio(ofClass: 9)), significant)], note: thresholds),
    claim(
      "H10", .supplement("§D, Figure 3"),
      "The spectral density of the tail class of LDAM with SAM (Fig. 3D) contains fewer negative eigenvalues compared to SGD",
      "Under LDAM + DRW the share of eigenvalues of class 9 below −λ_max/100 is smaller with SAM than with SGD.",
      [falls("ldam-drw", 9, RunMetric.negativeMass)]),
    claim(
      "H10-magnitude", .supplement("Figure 3"),
      "we observe existence of negative eigenvalues in the loss landscape for the tail class, which reduce in magnitude when "
        + "LDAM is used with SAM",
      "Under LDAM + DRW |λ_min| of class 9 is lower with SAM than with SGD.",
      [falls("ldam-drw", 9, RunMetric.negativeCurvature)]),
  ]
}
