import EscapementDrawing
import EscapementStatistics
import EscapementKernels
import EscapementTraining

/// A claim about finished runs: a conjunction of questions.
struct RunStatement: Sendable {
  var id: String
  var source: ClaimSource
  /// The paper's words.
  var quote: String
  var tier: Tier = .paper
  var statement: String
  var leaf: ClaimTree.Leaf
  var weight: ClaimWeight = .table
  var questions: [RunQuestion]
  var looks: SeedLooks
  /// The further conditions of the verdict.
  var variant: String = "presets as listed by `escapement presets`; last epoch"
  /// Guesses in addition to those of the presets.
  var furtherAssumptions: [String] = []

  /// The guesses of the presets and of the claim, where no source states a value.
  var assumptions: [String] {
    let presets = Set(questions.flatMap(\.quantities).map(\.selection.preset))
    let guesses = Preset.all.filter { presets.contains($0.name) }.flatMap(\.assumptions)
    return Set(guesses + furtherAssumptions).sorted()
  }
}

/// Statements whose p values are adjusted together.
///
/// A statement is a conjunction, and its p value at a look is the largest of its questions': it is supported only if
/// each of them is, and an intersection of tests at level α has level α. It is refuted if one question is contradicted;
/// those p values are adjusted among the questions. `SeedLooks` combines the looks into one p value. Over the
/// statements of a family, both p values are adjusted by Holm's method; a statement without evidence counts in the
/// family with p = 1. Each number of a table is its own family: nothing is concluded from the agreement of some number,
/// so they share no error.
struct RunFamily: Sendable {
  /// α.
  static let level = 0.05
  /// The number of runs beyond which an agreement is called not settleable.
  static let cap = 100

  var name: String
  var statements: [RunStatement]

  /// The claims of the family, in its order.
  var claims: [Claim] {
    statements.map { statement in
      Claim(
        id: statement.id, kind: .paper, source: statement.source, quote: statement.quote,
        statement: statement.statement, tier: statement.tier, leaf: statement.leaf, weight: statement.weight,
        nulls: .none(because: "its contrasts of runs are tests against a null of their own"),
        assumptions: statement.assumptions, family: name,
        power: power(statement),
        refutedBy: "A comparison contradicted at α: a mean beyond its margin, or a contrast the other way.",
        procedure: procedure(statement), variant: statement.variant, procedureVersion: 2
      ) { context in try judge(statement, context) }
    }
  }

  private func power(_ statement: RunStatement) -> @Sendable () -> [String] {
    let count = statements.count
    return { RunPower.text(of: statement, among: count) }
  }

  private func procedure(_ statement: RunStatement) -> String {
    statement.questions.map(\.text).joined(separator: "; ")
      + ". Student's t tests, one-sided, of the means over seeds, two of them where equality is asked for; paired by seed; last "
      + "epoch; \(statement.looks.text)"
      + (statements.count == 1
        ? "." : "; Holm over the \(statements.count) claims of the family \"\(name)\".")
  }

  /// A statement's answers, from its first look to the last that the evidence reaches.
  private struct Answers {
    let samples: [[RunSample]]
    let looks: [(look: SeedLooks.Look, answers: [RunAnswer])]

    init(_ statement: RunStatement, _ source: any EvidenceSource) throws {
      samples = try statement.questions.map { question in
        try question.quantities.map { try RunSample($0, from: source) }
      }
      let procedures = samples.joined().reduce(into: Set()) { $0.formUnion($1.procedures) }
      guard procedures.count <= 1 else { throw RunSample.Gap.severalProcedures(procedures) }
      let samples = samples
      looks = statement.looks.reached(by: samples.joined().map(\.count).min() ?? 0).map { look in
        (
          look,
          zip(statement.questions, samples).map {
            RunAnswer($0, $1, count: look.seeds, level: look.level)
          }
        )
      }
    }

    var isPublished: Bool { samples.joined().allSatisfy(\.isPublished) }

    /// The p values for and against the statement over its looks; NaN if a question has none, or if no look is reached.
    func combined(_ looks: SeedLooks) -> (for: Double, against: Double) {
      let pairs = self.looks.map { RunFamily.combine($0.answers) }
      return (looks.combined(pairs.map(\.for)), looks.combined(pairs.map(\.against)))
    }
  }

  /// The p values for and against a conjunction from those of its questions; NaN if one has none.
  private static func combine(_ answers: [RunAnswer]) -> (for: Double, against: Double) {
    let values = answers.map(\.pFor)
    let largest = values.contains { $0.isNaN } ? .nan : values.max() ?? .nan
    return (largest, HolmStepDown.adjusted(answers.map(\.pAgainst)).min() ?? .nan)
  }

  private func judge(_ statement: RunStatement, _ context: ClaimContext) throws -> Verdict {
    let own: Answers
    do { own = try Answers(statement, context.runs) } catch let gap as RunSample.Gap {
      return Self.verdict(of: gap, statement, context)
    }
    var verdict = Verdict(outcome: .inconclusive, measurements: [], summary: "")
    let samples = own.samples.joined()
    verdict.details.append("data: " + Set(samples.flatMap(\.data)).sorted().joined(separator: ", "))
    verdict.details.append(
      "numeric contracts of the runs: "
        + Set(samples.flatMap(\.contracts)).sorted().map(\.description).joined(separator: ", "))
    for procedure in Set(samples.flatMap(\.procedures)).map(\.text).sorted() {
      verdict.details.append("curvature: \(procedure)")
    }
    guard let last = own.looks.last else {
      verdict.summary = Self.shortage(statement, own)
      return verdict
    }
    verdict.measurements = last.answers.flatMap(\.measurements)
    for (look, answers) in own.looks {
      verdict.details += zip(statement.questions, answers).map {
        "\(look.seeds) seeds: \($0.text): p = \(NumberText.short($1.pFor))"
      }
    }
    let pairs = try adjusted(statement, own, context)
    guard !pairs.for.isNaN, last.answers.allSatisfy({ !$0.pFor.isNaN }) else {
      verdict.summary = "figures without spread, or not finite: no test exists"
      return verdict
    }
    verdict.measurements.append(
      Measurement(
        name: "p, largest of the comparisons, adjusted over looks and family", value: pairs.for,
        expectation: .atMost(Self.level), reason: "Bonferroni over looks, Holm over \(name)"))
    let (supports, contradicts) = (pairs.for <= Self.level, pairs.against <= Self.level)
    let numbers =
      "p = \(NumberText.rounded(pairs.for)) for, \(NumberText.rounded(pairs.against)) against, "
      + "\(last.look.seeds) seeds"
    guard own.isPublished else {
      let word =
        supports ? "consistent" : contradicts ? "not consistent" : "neither consistent nor not consistent"
      verdict.summary = "\(word) on images other than the published ones: \(numbers)"
      return verdict
    }
    // Two looks may contradict each other, which decides nothing.
    if supports != contradicts { verdict.outcome = supports ? .supported : .refuted }
    verdict.summary = numbers
    if verdict.outcome == .inconclusive {
      verdict.details += RunPower.text(of: statement, among: statements.count)
    }
    return verdict
  }

  /// The statement's p values after Holm's adjustment over the family.
  private func adjusted(
    _ statement: RunStatement, _ own: Answers, _ context: ClaimContext
  ) throws -> (for: Double, against: Double) {
    let mine = own.combined(statement.looks)
    guard !mine.for.isNaN else { return mine }
    let pairs = try statements.map { member -> (for: Double, against: Double) in
      if member.id == statement.id { return mine }
      do {
        let others = try Answers(member, context.runs)
        // A member that could not itself be decided does not relax the adjustment of the others.
        return others.isPublished ? others.combined(member.looks) : (.nan, .nan)
      } catch is RunSample.Gap { return (.nan, .nan) }
    }
    let place = statements.firstIndex { $0.id == statement.id }!
    return (
      HolmStepDown.adjusted(pairs.map(\.for))[place], HolmStepDown.adjusted(pairs.map(\.against))[place]
    )
  }

  /// A text that states what is missing for the first look.
  private static func shortage(_ statement: RunStatement, _ answers: Answers) -> String {
    for (question, samples) in zip(statement.questions, answers.samples) {
      for (quantity, sample) in zip(question.quantities, samples) where sample.count < statement.looks.fewest
      {
        let runs = sample.values.count == 1 ? "1 run" : "\(sample.values.count) runs"
        return "\(runs) of \(quantity.selection.text): the first look needs seeds 0 to "
          + "\(statement.looks.fewest - 1), and seed \(sample.count) is missing"
      }
    }
    return "\(statement.looks.fewest) seeds are needed"
  }

  private static func verdict(
    of gap: RunSample.Gap, _ statement: RunStatement, _ context: ClaimContext
  ) -> Verdict {
    func notRun(_ reason: String) -> Verdict {
      Self.notRun(reason, "seeds 0 to \(statement.looks.fewest - 1) are needed")
    }
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

  private static func notRun(_ reason: String, _ summary: String) -> Verdict {
    Verdict(outcome: .notRun(reason), measurements: [], summary: summary)
  }
}
