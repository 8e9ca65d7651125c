import ArgumentParser
import Artifacts
import Foundation
import Verification

/// `escapement claims`: the catalogue.
struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Shows the catalogue of claims.", subcommands: [List.self, Show.self],
    defaultSubcommand: List.self)

  /// `escapement claims list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One line a claim.")

    @Option(name: .customLong("tier"), help: "Tiers to list, separated by commas; all without it.")
    var tierList: String?
    @Flag(help: "Print one JSON array.") var json = false
    @Flag(help: "Print a Markdown page with the verdicts on record.") var markdown = false
    @Option(help: "Directory of the record: claims.json.") var golden = "Golden"

    func validate() throws {
      _ = try tiers()
      if json && markdown { throw ValidationError("--json and --markdown exclude each other") }
    }

    func run() throws {
      let tiers = try tiers()
      let claims = ClaimCatalogue.standard.claims.filter { tiers.contains($0.tier) }
      if json { return Console.output(.array(claims.map(\.catalogueEntry))) }
      if markdown {
        let file = URL(fileURLWithPath: golden).appendingPathComponent("claims.json")
        return print(ClaimCatalogue(claims).markdown(record: try Baseline(contentsOf: file)), terminator: "")
      }
      var table = TextTable(heading: ["claim", "tier", "statement"])
      table.rows = claims.map { [$0.id, $0.tier.rawValue, $0.statement] }
      print(table.text)
    }

    private func tiers() throws -> Set<Tier> { try tierList.map(Tier.set) ?? Set(Tier.allCases) }
  }

  /// `escapement claims show ID`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Everything about one claim.")

    @Argument(help: ArgumentHelp("The claim.", valueName: "ID")) var id: String
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
      let catalogue = ClaimCatalogue.standard
      let claim = try catalogue.selecting(ids: [id], tiers: Set(Tier.allCases))[0]
      if json { return Console.output(claim.catalogueEntry) }
      var table = TextTable()
      table.rows = [
        ["claim", claim.id], ["source", claim.source.text], ["tier", claim.tier.rawValue],
        ["branch", ClaimTree.path(to: claim.leaf)],
        ["weight", "\(claim.weight.rawValue): \(claim.weight.text)"],
        ["statement", claim.statement], ["refuted by", claim.refutedBy], ["procedure", claim.procedure],
        ["variant", claim.variant], ["judge it", "escapement verify \(claim.id)"],
      ]
      print(table.text)
    }
  }
}

extension Claim {
  fileprivate var catalogueEntry: JSON {
    [
      "id": .string(id), "source": .string(source.text), "tier": .string(tier.rawValue),
      "branch": .string(ClaimTree.path(to: leaf)), "weight": .integer(weight.rawValue),
      "statement": .string(statement), "refutedBy": .string(refutedBy), "procedure": .string(procedure),
      "variant": .string(variant), "procedureVersion": .integer(procedureVersion),
    ]
  }
}
