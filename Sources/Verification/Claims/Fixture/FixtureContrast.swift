import EscapementDrawing
import EscapementOptimizers
import EscapementStatistics
import EscapementCurvature

// Contrasts of the papers at a small scale. Presets, figures, directions, seeds, tests and level are given below and in
// `FixtureRuns`. They were registered before any of these runs was looked at, and the results are kept, whatever they
// are.

/// One contrast of the papers between runs on the embedded synthetic images.
///
/// The verdict states whether this package sees the contrast at that scale, and nothing about the papers. It is
/// "consistent" if the difference has the papers' sign at α after Holm's adjustment over the four, and "not consistent"
/// in every other case, whether nine seeds show no difference or the opposite one.
struct FixtureContrast: Sendable {
  /// The level α of the family.
  static let level = 0.05

  let id: String
  let source: ClaimSource
  let statement: String
  /// The nulls under which it must lose its verdict.
  let nulls: Set<NullHypothesis>
  let question: RunQuestion

  /// The four contrasts, in the order of the catalog.
  static let all: [FixtureContrast] = [
    FixtureContrast(
      id: "F-DRW", source: .poster("Experiments, table, first and third row"),
      statement:
        "On the embedded synthetic images CE with deferred re-weighting has a higher tail accuracy than CE.",
      nulls: [.permutedLabels],
      question: .exceeds(RunQuantity(reweighted, .tail), RunQuantity("fixture/ce", .tail))),
    FixtureContrast(
      id: "F-P10", source: .poster("Experiments, table, third and fourth row"),
      statement:
        "On the embedded synthetic images SAM raises the tail accuracy of CE with deferred re-weighting.",
      nulls: [.rhoZero],
      question: .exceeds(RunQuantity(sharpnessAware, .tail), RunQuantity(reweighted, .tail))),
    FixtureContrast(
      id: "F-H7", source: .supplement("§D, Figure 2"),
      statement:
        "On the embedded synthetic images, under CE with deferred re-weighting, |λ_min| of the rarest class is lower with "
        + "SAM than with SGD.",
      nulls: [.rhoZero, .identityHessian],
      question: .exceeds(
        RunQuantity(reweighted, .negativeCurvature(ofClass: 9)),
        RunQuantity(sharpnessAware, .negativeCurvature(ofClass: 9)))),
    FixtureContrast(
      id: "F-H1", source: .poster("Convergence to saddle points"),
      statement:
        "On the embedded synthetic images, under CE with deferred re-weighting, |λ_min|/λ_max of the rarest class's loss "
        + "exceeds that of the most frequent class's.",
      nulls: [.permutedLabels, .identityHessian],
      question: .exceeds(
        RunQuantity(reweighted, .saddleRatio(ofClass: 9)), RunQuantity(reweighted, .saddleRatio(ofClass: 0)),
        by: 0)),
  ]

  private static let reweighted = "fixture/ce-drw"
  private static let sharpnessAware = "fixture/ce-drw-sam"

  /// The claim.
  var claim: Claim {
    Claim(
      id: id, kind: .own, source: source, statement: statement, tier: .contrast, leaf: .fixture,
      weight: .nothing,
      nulls: .losing(nulls),
      refutedBy:
        "Nothing: not to see a contrast on synthetic images refutes no statement of a paper. Not consistent is p > "
        + "\(NumberText.short(Self.level)).",
      procedure:
        "\(question.text). One-sided Welch test of \(FixtureRuns.seeds.count) seeds a preset with the paired test beside it; "
        + "the paired test where both figures are of the same runs. Holm over the \(Self.all.count) contrasts, α = "
        + "\(NumberText.short(Self.level)). Last epoch; Hessians of the plain cross-entropy over the first "
        + "\(FixtureRuns.imagesPerClass) un-augmented images of a class, \(FixtureRuns.lanczosSteps) Lanczos steps.",
      variant: "presets as listed by `escapement presets`, seeds 0 to \(FixtureRuns.seeds.count - 1)"
    ) { context in
      try verdict(from: context.fixtureRuns)
    }
  }

  /// The verdict from the given runs; throws if there is none.
  func verdict(from runs: any EvidenceSource) throws -> Verdict {
    let answers = try Self.all.map { try Answer($0.question, from: runs) }
    guard let place = Self.all.firstIndex(where: { $0.id == id }) else {
      preconditionFailure("\(id) is none of the registered contrasts")
    }
    let answer = answers[place]
    // A figure without spread has no test; its p value counts as 1.
    let adjusted = HolmStepDown.adjusted(answers.map(\.pFor))[place]
    let opposite = HolmStepDown.adjusted(answers.map(\.pAgainst))[place]
    let measurement = Measurement(
      name: "p, adjusted over the four contrasts", value: adjusted, expectation: .atMost(Self.level),
      reason: "Holm")
    let means = answer.measurements.filter { $0.name.hasPrefix("mean ") }.map(\.valueText)
    let isConsistent = measurement.holds == true
    let word =
      isConsistent
      ? "consistent"
      : opposite <= Self.level ? "not consistent, the difference is the opposite one" : "not consistent"
    return Verdict(
      outcome: isConsistent ? .consistent : .notConsistent,
      measurements: answer.measurements + [measurement],
      summary: "\(word) at fixture scale: \(means.joined(separator: " against ")), p = "
        + "\(NumberText.coarse(adjusted)), \(answer.count) seeds",
      details: ["Synthetic images and a small network say nothing of the papers' runs."])
  }

  /// The result of nine seeds for a contrast: Welch's test of two presets, or the paired test if both figures are of
  /// the same runs. It was registered in this form; claims about the papers' runs are always paired by seed.
  private struct Answer {
    private(set) var pFor = Double.nan
    private(set) var pAgainst = Double.nan
    private(set) var measurements: [Measurement] = []
    let count: Int

    init(_ question: RunQuestion, from source: any EvidenceSource) throws {
      let samples = try question.quantities.map { try RunSample($0, from: source) }
      let count = samples.map(\.count).min() ?? 0
      self.count = count
      let values = samples.map { $0.figures(count) }
      func observe(_ name: String, _ value: Double, _ unit: String = "", _ reason: String = "shown") {
        measurements.append(
          Measurement(name: name, value: value, expectation: .observed, unit: unit, reason: reason))
      }
      for (quantity, figures) in zip(question.quantities, values) {
        observe("n, \(quantity.selection.text)", Double(count), "seeds")
        observe(
          "mean \(quantity.text)", MeanEstimate(figures).mean, quantity.metric.unit, "last epoch: primary")
      }
      let paired = PairedTest(values[0], values[1])
      let areTheSameRuns = question.quantities[0].selection == question.quantities[1].selection
      guard let test = areTheSameRuns ? paired?.test : WelchTest(values[0], values[1]) else { return }
      (pFor, pAgainst) = (test.pAbove(), test.pBelow())
      measurements += test.measurements(level: FixtureContrast.level, p: pFor)
      guard let paired else { return }
      observe("p of the paired test", paired.test.pAbove(), "", "same seeds: descriptive")
      if let correlation = paired.correlation {
        observe("correlation of the seeds", correlation, "", "what pairing is worth")
      }
    }
  }
}
