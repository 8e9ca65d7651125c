import EscapementArtifacts
import EscapementTraining

/// The runs that the claims of a verification need, and which of them are in the evidence.
package struct VerificationPlan: Sendable {
  /// One claim.
  package struct Item: Sendable {
    /// The claim.
    package let claim: Claim
    /// The recipes that it needs, as indices into `requests`; empty for a claim that needs no runs.
    package let requests: [Int]
    /// The selections that no preset trains.
    package let untrained: [String]
  }

  /// The claims, in catalog order.
  package let items: [Item]
  /// The requested recipes, in the order of the first claim that needs each.
  package let requests: [RunRequest]

  /// A plan of claims over the runs of an archive. Selections of the same recipe become one request, whatever their
  /// names: a preset, another preset of the same recipe, or a preset with its own radius.
  package init(_ claims: [Claim], archive: RunArchive) {
    let statements = Dictionary(
      RunFamily.all.flatMap(\.statements).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var asked:
      [(key: Digest?, selection: RunSelection, claims: [String], quantities: [RunQuantity], seeds: Int)] = []
    // Figures after different epochs are of the same runs.
    var keys: [RunSelection: Digest?] = [:]
    var items: [Item] = []
    for claim in claims {
      let statement = statements[claim.id]
      var places: [Int] = []
      var untrained: [String] = []
      for quantity in statement?.questions.flatMap(\.quantities) ?? [] {
        let selection = RunSelection(quantity.selection.preset, radius: quantity.selection.radius)
        guard Preset.all.contains(where: { $0.name == selection.preset }) else {
          if !untrained.contains(selection.preset) { untrained.append(selection.preset) }
          continue
        }
        let key = keys[selection] ?? RunStandards.digest(of: selection)
        keys[selection] = key
        // A radius for a rule without one gives no recipe; such a selection is its own key.
        let known = asked.firstIndex {
          $0.key == nil || key == nil ? $0.selection == selection : $0.key == key
        }
        let place = known ?? asked.count
        if known == nil { asked.append((key, Self.named(selection, key), [], [], 0)) }
        if asked[place].claims.last != claim.id { asked[place].claims.append(claim.id) }
        if !asked[place].quantities.contains(quantity) { asked[place].quantities.append(quantity) }
        asked[place].seeds = max(asked[place].seeds, statement?.looks.seeds ?? 0)
        if !places.contains(place) { places.append(place) }
      }
      items.append(
        Item(
          claim: claim, requests: places, untrained: untrained))
    }
    self.items = items
    requests = asked.compactMap { wanted in
      guard let preset = Preset.all.first(where: { $0.name == wanted.selection.preset }) else { return nil }
      return RunRequest(
        preset: preset, radius: wanted.selection.radius, claims: wanted.claims, quantities: wanted.quantities,
        seeds: wanted.seeds, archive: archive)
    }
  }

  /// The selection, without its radius if that is the preset's own.
  private static func named(_ selection: RunSelection, _ key: Digest?) -> RunSelection {
    let plain = RunSelection(selection.preset)
    return key != nil && RunStandards.digest(of: plain) == key ? plain : selection
  }

  /// The number of runs to train.
  package var missingRuns: Int { requests.reduce(0) { $0 + $1.missing.count } }

  /// The number of their steps; requests with unknown counts are excluded.
  package var missingSteps: Int { requests.reduce(0) { $0 + $1.missing.count * ($1.steps ?? 0) } }

  /// The number of training images they see.
  package var missingImages: Int { requests.reduce(0) { $0 + $1.missing.count * ($1.images ?? 0) } }

  /// The number of spectra measured in them.
  package var missingSpectra: Int { requests.reduce(0) { $0 + $1.missing.count * $1.spectrumCount } }

  /// What a claim needs for a verdict: "nothing but this command", runs to train, or the removal of an obstacle.
  package func need(of item: Item) -> String {
    if item.requests.isEmpty && item.untrained.isEmpty { return "no runs" }
    let asked = item.requests.map { requests[$0] }
    var parts: [String] = []
    if !item.untrained.isEmpty { parts.append("no preset trains \(item.untrained.joined(separator: ", "))") }
    for request in asked {
      if let obstacle = request.obstacle, request.present.count < request.seeds {
        parts.append("\(request.preset.name): \(obstacle)")
      }
    }
    let present = asked.reduce(0) { sum, request in
      sum + request.present.count { $0 < UInt64(request.seeds) }
    }
    parts.append("\(present) of \(asked.reduce(0) { $0 + $1.seeds }) runs present")
    return parts.joined(separator: "; ")
  }
}
