import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementVerification

/// `escapement claims`: the catalog.
struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Shows the catalog of claims.",
    discussion: "Example: escapement claims show T3", subcommands: [List.self, Show.self],
    defaultSubcommand: List.self)

  /// `escapement claims list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One line a claim.")

    @Argument(help: ArgumentHelp(VerifyCommand.wordsHelp, valueName: "ID or PLACE")) var words: [String] = []
    @Option(help: "Kinds of statement to list, separated by commas: paper, consistency, own; all without it.")
    var kind: String?
    @Option(name: .customLong("tier"), help: "Tiers to list, separated by commas; all without it.")
    var tierList: String?
    @Flag(help: "Print one JSON array.") var json = false
    @Flag(help: "Print a Markdown page with the verdicts on record.") var markdown = false
    @OptionGroup var record: RecordOptions
    @OptionGroup var tables: TableOptions

    func validate() throws {
      _ = try (tiers(), kinds())
      if json && markdown { throw ValidationError("--json and --markdown exclude each other") }
    }

    func run() throws {
      let kinds = try kinds()
      let claims = try ClaimCatalog.standard.selecting(ids: words, tiers: tiers()).filter {
        kinds.contains($0.kind)
      }
      if json { return Console.output(.array(claims.map(\.catalogEntry))) }
      if markdown {
        return Console.print(
          ClaimCatalog(claims).markdown(record: try record.baseline()), terminator: "")
      }
      let verdicts = try record.baseline().entries
      let table = TextTable(
        heading: ["claim", "kind", "tier", "verdict", "statement"],
        rows: claims.map { claim in
          let verdict = verdicts[claim.id]?.outcome.name ?? "not run"
          return [claim.id, claim.kind.rawValue, claim.tier.rawValue, verdict, claim.statement]
        }, outcomes: [3])
      Console.print(table, in: tables.layout)
    }

    private func tiers() throws -> Set<Tier> { try tierList.map(Tier.set) ?? Set(Tier.allCases) }

    private func kinds() throws -> Set<ClaimKind> {
      guard let kind else { return Set(ClaimKind.allCases) }
      return Set(
        try ClaimCatalog.words(of: kind).map { name in
          guard let kind = ClaimKind(rawValue: name) else {
            throw ValidationError(
              UnknownName("kind", name, known: ClaimKind.allCases.map(\.rawValue)).description)
          }
          return kind
        })
    }
  }

  /// `escapement claims show ID`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Everything about one claim.")

    @Argument(help: ArgumentHelp("The claim.", valueName: "ID")) var id: String
    @Flag(help: "Print one JSON object.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let catalog = ClaimCatalog.standard
      let found = try catalog.selecting(ids: [id], tiers: Set(Tier.allCases))
      guard found.count == 1, let claim = found.first else {
        let first = found.prefix(4).map(\.id).joined(separator: ", ")
        throw ToolError.usage(
          "\"\(id)\" names \(found.count) claims (\(first)\(found.count > 4 ? ", …" : "")); give one, or use "
            + "`claims list`")
      }
      if json { return Console.output(claim.catalogEntry) }
      var table = TextTable()
      table.rows = [
        ["claim", claim.id], ["kind", "\(claim.kind.rawValue): \(claim.kind.title)"],
        ["source", claim.source.text],
      ]
      if let words = claim.quotedWords { table.rows.append(["the paper's words", words]) }
      table.rows += [["formal statement", claim.statement], ["refuted by", claim.refutedBy]]
      table.rows += claim.assumptions.enumerated().map { [$0.offset == 0 ? "assumed" : "", $0.element] }
      if let family = claim.family { table.rows.append(["family", family]) }
      table.rows += [
        ["procedure", claim.procedure], ["variant", claim.variant], ["tier", claim.tier.rawValue],
        ["branch", ClaimTree.path(to: claim.leaf)],
        ["weight", "\(claim.weight.rawValue): \(claim.weight.text)"],
        ["judge it", "escapement verify \(claim.id)"],
      ]
      Console.print(table, in: tables.layout)
    }
  }
}

extension Claim {
  fileprivate var catalogEntry: JSON {
    [
      "id": .string(id), "kind": .string(kind.rawValue), "source": .string(source.text),
      "tier": .string(tier.rawValue), "quote": .optional(quote),
      "assumptions": .array(assumptions.map { .string($0) }), "family": .optional(family),
      "branch": .string(ClaimTree.path(to: leaf)), "weight": .integer(weight.rawValue),
      "statement": .string(statement), "refutedBy": .string(refutedBy), "procedure": .string(procedure),
      "variant": .string(variant), "procedureVersion": .integer(procedureVersion),
    ]
  }
}
