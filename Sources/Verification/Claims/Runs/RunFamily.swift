/// A claim about finished runs: a conjunction of questions.
struct RunStatement: Sendable {
  var id: String
  var source: ClaimSource
  var tier: Tier
  var statement: String
  var questions: [RunQuestion]
  /// What else must be known to read the verdict.
  var variant: String = "presets as listed by `escapement presets`; last epoch"
  /// For a statement without questions: why no test of it was registered.
  var noTest: String? = nil
}

/// Statements whose p values are adjusted together.
///
/// A statement is a conjunction, and its p value the largest of its questions': it is supported only if each of them is, and
/// an intersection of tests at level α has level α. It falls if one question is contradicted; those p values are
/// adjusted among the questions. Over the statements of a family either p value is adjusted by Holm's method; one without
/// evidence counts in the family with p = 1. A row of a table is a family of its own: nothing is concluded from some row's
/// agreement, so the rows share no error.
struct RunFamily: Sendable {
  /// α.
  static let level = 0.05
  /// The seeds a verdict needs.
  static let seeds = 5
  /// The runs beyond which an agreement is called not settleable.
  static let cap = 100

  var name: String
  var statements: [RunStatement]

  /// The claims of the family, in its order.
  var claims: [Claim] {
    statements.map { statement in
      Claim(
        id: statement.id, kind: .paper, source: statement.source, statement: statement.statement,
        tier: statement.tier, leaf: .accuracies, weight: .table,
        nulls: .none(because: "its contrasts of runs are tests against a null of their own"), family: name,
        refutedBy: statement.noTest == nil
          ? "A comparison contradicted at α: a mean beyond its margin, or a contrast the other way."
          : "No test of it is registered.",
        procedure: procedure(statement), variant: statement.variant
      ) { context in try judge(statement, context) }
    }
  }

  private func procedure(_ statement: RunStatement) -> String {
    if let reason = statement.noTest { return reason }
    let size = statements.count { $0.noTest == nil }
    return statement.questions.map(\.text).joined(separator: "; ")
      + ". One-sided Welch tests and two one-sided tests of equivalence, paired where both figures are of the same runs, α = "
      + "\(NumberText.short(Self.level)), \(Self.seeds) seeds or more, last epoch"
      + (size == 1 ? "." : "; Holm over the \(size) claims of the family \"\(name)\".")
  }

  /// The answers to a statement's questions; throws `RunSample.Gap`.
  private func answers(_ statement: RunStatement, _ source: any EvidenceSource) throws -> [RunAnswer] {
    try statement.questions.map { try RunAnswer($0, from: source, level: Self.level) }
  }

  /// p for and against a statement from those of its questions; NaN where one has none.
  private static func combine(_ answers: [RunAnswer]) -> (for: Double, against: Double) {
    let values = answers.map(\.pFor)
    let largest = values.contains { $0.isNaN } ? .nan : values.max() ?? .nan
    return (largest, HolmStepDown.adjusted(answers.map(\.pAgainst)).min() ?? .nan)
  }

  private func judge(_ statement: RunStatement, _ context: ClaimContext) throws -> Verdict {
    if let reason = statement.noTest { return Self.notRun(reason, "no test is registered") }
    let own: [RunAnswer]
    do { own = try answers(statement, context.runs) } catch let gap as RunSample.Gap {
      return Self.verdict(of: gap, context)
    }
    var verdict = Verdict(
      outcome: .inconclusive, measurements: own.flatMap(\.measurements), summary: "",
      details: zip(statement.questions, own).map { "\($0.text): p = \(NumberText.short($1.pFor))" })
    let count = own.map(\.count).min() ?? 0
    verdict.details.append("data: " + Set(own.flatMap(\.data)).sorted().joined(separator: ", "))
    verdict.details.append(
      "numeric contracts of the runs: "
        + Set(own.flatMap(\.contracts)).sorted().map(\.description).joined(separator: ", "))
    for procedure in Set(own.flatMap(\.procedures)).map(\.text).sorted() {
      verdict.details.append("curvature: \(procedure)")
    }
    guard count >= Self.seeds else {
      verdict.summary = "\(count) of the \(Self.seeds) seeds that a verdict needs"
      return verdict
    }
    guard own.allSatisfy({ !$0.pFor.isNaN }) else {
      verdict.summary = "figures without spread, or not finite: no test exists"
      return verdict
    }
    let adjusted = try adjusted(statement, own, context)
    verdict.measurements.append(
      Measurement(
        name: "p, largest of the comparisons, adjusted over the family", value: adjusted.for,
        expectation: .atMost(Self.level), reason: "Holm, \(name)"))
    let (supports, contradicts) = (adjusted.for <= Self.level, adjusted.against <= Self.level)
    let numbers =
      "p = \(NumberText.rounded(adjusted.for)) for, \(NumberText.rounded(adjusted.against)) against, "
      + "\(count) seeds"
    guard own.allSatisfy(\.isPublished) else {
      let word =
        supports ? "consistent" : contradicts ? "not consistent" : "neither consistent nor not consistent"
      verdict.summary = "\(word) on pictures other than the published ones: \(numbers)"
      return verdict
    }
    if supports { verdict.outcome = .supported } else if contradicts { verdict.outcome = .refuted }
    verdict.summary = numbers
    if verdict.outcome == .inconclusive { verdict.details += Self.power(statement.questions, own, count) }
    return verdict
  }

  /// The statement's p values after Holm's adjustment over the family.
  private func adjusted(
    _ statement: RunStatement, _ own: [RunAnswer], _ context: ClaimContext
  ) throws -> (for: Double, against: Double) {
    let members = statements.filter { $0.noTest == nil }
    let pairs = try members.map { member -> (for: Double, against: Double) in
      if member.id == statement.id { return Self.combine(own) }
      do {
        let others = try answers(member, context.runs)
        // A member that could not be decided itself frees nothing for the others.
        let counts = others.allSatisfy { $0.count >= Self.seeds && $0.isPublished }
        return counts ? Self.combine(others) : (.nan, .nan)
      } catch is RunSample.Gap { return (.nan, .nan) }
    }
    let place = members.firstIndex { $0.id == statement.id }!
    return (
      HolmStepDown.adjusted(pairs.map(\.for))[place], HolmStepDown.adjusted(pairs.map(\.against))[place]
    )
  }

  /// What more seeds would do for the agreements that were not shown.
  private static func power(_ questions: [RunQuestion], _ answers: [RunAnswer], _ count: Int) -> [String] {
    zip(questions, answers).compactMap { question, answer in
      guard let power = answer.power, answer.pFor > level else { return nil }
      let now = power.power(count: count) ?? .nan
      let needed =
        power.count(cap: cap).map { "0.8 needs \($0) seeds" }
        ?? "not settleable: no number of seeds up to \(cap) has 0.8"
      return
        "\(question.text): power \(NumberText.coarse(now)) with \(count) seeds if the means are equal; \(needed) "
        + "(\(EquivalenceTest.assumedCount) seeds assumed behind the printed mean)"
    }
  }

  private static func verdict(of gap: RunSample.Gap, _ context: ClaimContext) -> Verdict {
    switch gap {
    case .noRuns(let selection):
      let isKnown = context.presets.contains { $0.name == selection.preset }
      return notRun(
        "no runs of \(selection.text) in the evidence" + (isKnown ? "" : ", and no preset trains it"))
    case .noFigure(let quantity):
      return notRun("a run of \(quantity.selection.text) has no \(quantity.metric.text)")
    case .uncounted(let quantity, let seed, let reason):
      return notRun("the \(quantity.text), seed \(seed), does not count: \(reason)")
    case .severalProcedures(let procedures):
      return Verdict(
        outcome: .inconclusive, measurements: [],
        summary: "curvature measured in several ways is not compared: "
          + procedures.map(\.text).sorted().joined(separator: " | "))
    case .repeatedSeed(let selection, let seed):
      return Verdict(
        outcome: .inconclusive, measurements: [],
        summary: "two runs of \(selection.text) have the seed \(seed): they are no independent sample")
    }
  }

  private static func notRun(_ reason: String, _ summary: String = "\(seeds) seeds are needed") -> Verdict {
    Verdict(outcome: .notRun(reason), measurements: [], summary: summary)
  }
}
