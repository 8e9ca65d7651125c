extension Claim {
  /// The nulls under which the claim must lose its verdict.
  public var nulls: Set<NullHypothesis> {
    Set(NullHypothesis.allCases.filter { Self.losing[$0]?.contains(id) ?? false })
  }

  /// Why no null applies; nil for a claim that has one.
  public var withoutNull: String? {
    if tier.waitsForRuns { return "its contrasts of runs are tests against a null of their own" }
    return nulls.isEmpty ? Self.reasons.first { $0.ids.contains(id) }?.text : nil
  }

  /// Stated before any trial by what each claim is about: the radius, which class or method a number belongs to, imbalance, or
  /// the Hessian.
  private static let losing: [NullHypothesis: [String]] = [
    .rhoZero: [
      "T1", "T2", "T3", "T3b", "T4", "T5", "T6", "T7", "T8", "T9", "T11", "T12", "T13", "T14", "M1", "P9",
      "P10", "P11", "P17", "G1", "G6", "G9", "G10", "F-P10", "F-H7",
    ],
    .permutedLabels: [
      "D1", "D4", "D8", "P9", "P10", "P11", "P13", "P16", "P17", "G1", "G2", "G3", "G5", "G6", "G8", "G9",
      "G10", "F-DRW", "F-H1",
    ],
    .balanced: ["D1", "D3", "D4", "P10", "G9"],
    .identityHessian: ["H15", "H17", "F-H7", "F-H1"],
  ]

  private static let reasons: [(ids: [String], text: String)] = [
    (
      ["T10"],
      "its procedure holds the mini-batches' noise against isotropic noise, which is its null, on networks of its own"
    ),
    (["M3"], "an invariance under the loss's scale, which holds at every radius"),
    (
      ["M4", "M5", "D5", "D7", "D9", "R3"],
      "it compares stated constants or formulas: no radius, label, class count or Hessian enters"
    ),
    (["S-T3"], "an identity between printed numbers of one row: no effect is claimed"),
    (
      ["M2", "A6", "D2", "D6", "S-T2", "S-T4", "G4", "G7", "H11"],
      "it is refuted as it stands: there is no effect that a null could take from it"
    ),
  ]
}
