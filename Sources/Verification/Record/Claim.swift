import EscapementOptimizers
import EscapementTraining

/// Where a claim stands in the papers.
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

/// Whose statement a claim is. A refutation means something else for each, so they are tallied apart.
package enum ClaimKind: String, Hashable, Sendable, CaseIterable {
  /// The papers say it: a sentence, a number of a table, a figure.
  case paper
  /// That what was published agrees with itself: text with tables, numbers with each other, paper with released code.
  case consistency
  /// This package says it: a consequence that it derived, or the conformity of its own presets and rules.
  case own

  /// The heading of a tally.
  package var title: String {
    switch self {
    case .paper: "the papers' claims"
    case .consistency: "consistency of text, tables and code"
    case .own: "statements of this package"
    }
  }

  /// What a verdict on such a statement is about, in one sentence.
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

  /// The title as a heading, with a capital letter.
  var heading: String { title.prefix(1).uppercased() + title.dropFirst() }
}

/// In which worlds without the effect a claim must lose its verdict.
package enum ClaimNulls: Hashable, Sendable {
  /// Under each of these.
  case losing(Set<NullHypothesis>)
  /// Under none, for the reason given.
  case none(because: String)
}

/// One checkable statement and the procedure that judges it.
package struct Claim: Sendable {
  /// A short unique name, for example "T1".
  package var id: String
  /// Whose statement it is.
  package var kind: ClaimKind
  /// Where the statement stands.
  package var source: ClaimSource
  /// The words that are judged, as the paper prints them; nil for a statement of this package.
  package var quote: String?
  /// The formal statement, precise enough to be wrong and no stronger than the quoted words.
  package var statement: String
  /// How much evidence the procedure needs.
  package var tier: Tier
  /// The leaf of the tree of claims in which it stands.
  package var leaf: ClaimTree.Leaf
  /// What of the papers falls with it.
  package var weight: ClaimWeight
  /// The worlds in which it must lose its verdict, or why there is none.
  package var nulls: ClaimNulls
  /// What is guessed because no source states it. A refutation that rests on a guess is capped at inconclusive.
  package let assumptions: [String]
  /// What a report draws beside it.
  package var figure: ClaimFigure?
  /// The claims about runs with which its p value is adjusted; nil for the others.
  package var family: String?
  /// The chance that its test finds what is printed, a line a comparison; nil for claims that no sample decides.
  package var power: (@Sendable () -> [String])?
  /// What would refute the statement.
  package var refutedBy: String
  /// The procedure in words.
  package var procedure: String
  /// Which reading of the sources is judged.
  package var variant: String
  /// Raised whenever the procedure changes.
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

  /// The quote in quotation marks; nil where nothing is quoted.
  package var quotedWords: String? { quote.map { "“\($0)”" } }

  /// Whether it must lose its verdict under a null.
  package func loses(under null: NullHypothesis) -> Bool {
    if case .losing(let nulls) = nulls { return nulls.contains(null) }
    return false
  }
}

/// What a procedure works with.
package struct ClaimContext: Sendable {
  /// The code under judgment: update rules, Lanczos, class counts.
  package var subject: any ClaimSubject {
    didSet { fixtureRuns = FixtureRuns(subject, onRun: onRun) }
  }
  /// The seed of every draw; the default of the verifier is fixed, never the clock.
  package var seed: UInt64
  /// The printed numbers under judgment.
  package var tables: [PublishedTable]
  /// The recipes under judgment.
  package var presets: [Preset]
  /// Finished runs; without them a claim about accuracies or spectra of trained networks is not judged.
  package var runs: any EvidenceSource
  /// Hears how many runs of the contrasts are trained, of how many: before the first and after each, one call at a time, on
  /// any thread. A null's runs are counted on their own.
  package let onRun: @Sendable (_ trained: Int, _ total: Int) -> Void
  /// Runs of the subject's code on the embedded images, trained when they are asked for.
  var fixtureRuns: any EvidenceSource

  /// A context; a subject, tables or presets other than the package's own serve to show that a procedure can fail.
  package init(
    subject: any ClaimSubject = PackageSubject(), seed: UInt64 = 2022,
    tables: [PublishedTable] = PublishedTable.all, presets: [Preset] = Preset.all,
    runs: any EvidenceSource = InMemoryEvidence([:]),
    onRun: @escaping @Sendable (_ trained: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.subject = subject
    self.seed = seed
    self.tables = tables
    self.presets = presets
    self.runs = runs
    self.onRun = onRun
    fixtureRuns = FixtureRuns(subject, onRun: onRun)
  }

  /// The table of that name; one that is not there is a caller's bug.
  func table(_ id: String) -> PublishedTable {
    guard let table = tables.first(where: { $0.id == id }) else {
      preconditionFailure("no printed table is called \(id)")
    }
    return table
  }
}
