import EscapementOptimizers
import EscapementTraining

/// The place of a claim in the papers.
package struct ClaimSource: Hashable, Sendable {
  /// The document.
  package var paper: String
  /// The section, equation or table.
  package var place: String

  /// A source from its parts.
  package init(paper: String, place: String) {
    self.paper = paper
    self.place = place
  }

  /// "paper, place".
  package var text: String { "\(paper), \(place)" }

  /// The poster of *Escaping Saddle Points for Effective Generalization on Class-Imbalanced Data*.
  package static func poster(_ place: String) -> ClaimSource {
    ClaimSource(paper: "Rangwani et al., NeurIPS 2022 (poster)", place: place)
  }

  /// The supplement of the same paper.
  package static func supplement(_ place: String) -> ClaimSource {
    ClaimSource(paper: "Rangwani et al., NeurIPS 2022 (supplement)", place: place)
  }

  /// The abstract of the SSE-SAM paper.
  package static let abstract = ClaimSource(paper: "SSE-SAM, AAAI 2025", place: "abstract")

  /// A public repository on GitHub, "owner/name".
  package static func repository(_ name: String, _ place: String) -> ClaimSource {
    ClaimSource(paper: "github.com/\(name)", place: place)
  }
}

/// The author of a statement. A refutation has a different meaning for each kind, so the kinds are tallied separately.
package enum ClaimKind: String, Hashable, Sendable, CaseIterable {
  /// A statement of the papers: a sentence, a number in a table, or a figure.
  case paper
  /// The consistency of what was published: text with tables, numbers with each other, paper with released code.
  case consistency
  /// A statement of this package: a consequence that it derived, or the conformity of its own presets and rules.
  case own

  /// The heading of a tally.
  package var title: String {
    switch self {
    case .paper: "the papers' claims"
    case .consistency: "consistency of text, tables and code"
    case .own: "statements of this package"
    }
  }

  /// The meaning of a verdict on such a statement, in one sentence.
  var explanation: String {
    switch self {
    case .paper: "What the papers say, judged in their words: a verdict here is about the papers."
    case .consistency:
      "Whether what was published agrees with itself: text with tables, numbers with each other, paper with released code. "
        + "A verdict here says nothing about whether runs give the numbers."
    case .own:
      "What this package derived from the papers or holds itself to. A verdict here is about this package, and no claim of "
        + "the papers stands or falls with it."
    }
  }

  /// The title with a capital letter.
  var heading: String { title.prefix(1).uppercased() + title.dropFirst() }
}

/// The nulls under which a claim must lose its verdict.
package enum ClaimNulls: Hashable, Sendable {
  /// The claim loses its verdict under each of these.
  case losing(Set<NullHypothesis>)
  /// No null applies, for the given reason.
  case none(because: String)
}

/// One checkable statement and the procedure that judges it.
package struct Claim: Sendable {
  /// A short unique name, for example "T1".
  package var id: String
  /// The author of the statement.
  package var kind: ClaimKind
  /// The place of the statement.
  package var source: ClaimSource
  /// The judged words as printed in the paper; nil for a statement of this package.
  package var quote: String?
  /// The formal statement, precise enough to be wrong and no stronger than the quoted words.
  package var statement: String
  /// The evidence that the procedure needs.
  package var tier: Tier
  /// The leaf of the tree of claims to which it belongs.
  package var leaf: ClaimTree.Leaf
  /// What part of the papers its refutation would invalidate.
  package var weight: ClaimWeight
  /// The nulls under which it must lose its verdict, or the reason why there is none.
  package var nulls: ClaimNulls
  /// Guesses, where no source states a value. A refutation that rests on a guess is capped at inconclusive.
  package let assumptions: [String]
  /// The figure that a report draws for it.
  package var figure: ClaimFigure?
  /// The family of claims about runs with which its p value is adjusted; nil for other claims.
  package var family: String?
  /// The probability that its test finds what is printed, one line per comparison; nil for claims that are not decided
  /// by a sample.
  package var power: (@Sendable () -> [String])?
  /// The result that would refute the statement.
  package var refutedBy: String
  /// The procedure in words.
  package var procedure: String
  /// The reading of the sources that is judged.
  package var variant: String
  /// The version of the procedure, incremented with every change.
  package var procedureVersion: Int
  /// Runs the procedure.
  package var judge: @Sendable (ClaimContext) throws -> Verdict

  /// A claim from its parts.
  package init(
    id: String, kind: ClaimKind, source: ClaimSource, quote: String? = nil, statement: String, tier: Tier,
    leaf: ClaimTree.Leaf, weight: ClaimWeight, nulls: ClaimNulls, assumptions: [String] = [],
    figure: ClaimFigure? = nil, family: String? = nil, power: (@Sendable () -> [String])? = nil,
    refutedBy: String,
    procedure: String, variant: String,
    procedureVersion: Int = 1, judge: @escaping @Sendable (ClaimContext) throws -> Verdict
  ) {
    self.id = id
    self.kind = kind
    self.source = source
    self.quote = quote
    self.statement = statement
    self.tier = tier
    self.leaf = leaf
    self.weight = weight
    self.nulls = nulls
    self.assumptions = assumptions
    self.figure = figure
    self.family = family
    self.power = power
    self.refutedBy = refutedBy
    self.procedure = procedure
    self.variant = variant
    self.procedureVersion = procedureVersion
    self.judge = { context in try judge(context).capped(by: assumptions) }
  }

  /// The quote in quotation marks; nil without a quote.
  package var quotedWords: String? { quote.map { "“\($0)”" } }

  /// Whether it must lose its verdict under a null.
  package func loses(under null: NullHypothesis) -> Bool {
    if case .losing(let nulls) = nulls { return nulls.contains(null) }
    return false
  }
}

/// The inputs of a procedure.
package struct ClaimContext: Sendable {
  /// See `onRun`.
  package typealias OnRun = @Sendable (_ preset: String, _ trained: Int, _ total: Int) -> Void

  /// The code under test: update rules, Lanczos, class counts.
  package var subject: any ClaimSubject {
    didSet { fixtureRuns = FixtureRuns(subject, onRun: onRun) }
  }
  /// The seed of every draw; the verifier's default is a fixed number.
  package var seed: UInt64
  /// The printed numbers that are judged.
  package var tables: [PublishedTable]
  /// The recipes that are judged.
  package var presets: [Preset]
  /// Finished runs; without them a claim about accuracies or spectra of trained networks is not judged.
  package var runs: any EvidenceSource
  /// Called with the preset whose runs a contrast needs next and the number of trained runs of all contrasts with their
  /// total: before the first and after each, one call at a time, on any thread. A null's runs are counted separately.
  package let onRun: OnRun
  /// Runs of the subject's code on the embedded images, trained on first use.
  var fixtureRuns: any EvidenceSource

  /// A context. Other subjects, tables or presets than the package's own show that a procedure can fail.
  package init(
    subject: any ClaimSubject = PackageSubject(), seed: UInt64 = 2022,
    tables: [PublishedTable] = PublishedTable.all, presets: [Preset] = Preset.all,
    runs: any EvidenceSource = InMemoryEvidence([:]),
    onRun: @escaping OnRun = { _, _, _ in }
  ) {
    self.subject = subject
    self.seed = seed
    self.tables = tables
    self.presets = presets
    self.runs = runs
    self.onRun = onRun
    fixtureRuns = FixtureRuns(subject, onRun: onRun)
  }

  /// The table with the given name, which must exist.
  func table(_ id: String) -> PublishedTable {
    guard let table = tables.first(where: { $0.id == id }) else {
      preconditionFailure("no printed table is called \(id)")
    }
    return table
  }
}
