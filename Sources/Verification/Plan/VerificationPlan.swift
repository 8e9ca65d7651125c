import EscapementArtifacts
import EscapementTraining

/// What a verification would take: the runs that its claims ask for, and which of them are in the evidence.
package struct VerificationPlan: Sendable {
  /// One claim.
  package struct Item: Sendable {
    /// The claim.
    package let claim: Claim
    /// The recipes it asks for, as places in `requests`; empty for one that needs no runs.
    package let requests: [Int]
    /// Selections that no preset trains.
    package let untrained: [String]
  }

  /// The claims, in catalog order.
  package let items: [Item]
  /// The recipes asked for, in the order in which claims first ask.
  package let requests: [RunRequest]

  /// A plan of claims over the runs of an archive. What leads to one recipe is one request, under whatever names claims ask for
  /// it: a preset, another preset of the same recipe, or a preset with the radius that is its own.
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
        // A radius for a rule without one leads to no recipe; it stands for itself.
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

  /// The selection without a radius that is the preset's own.
  private static func named(_ selection: RunSelection, _ key: Digest?) -> RunSelection {
    let plain = RunSelection(selection.preset)
    return key != nil && RunStandards.digest(of: plain) == key ? plain : selection
  }

  /// Runs to train.
  package var missingRuns: Int { requests.reduce(0) { $0 + $1.missing.count } }

  /// Steps of them; requests without known counts are left out.
  package var missingSteps: Int { requests.reduce(0) { $0 + $1.missing.count * ($1.steps ?? 0) } }

  /// Training images they see.
  package var missingImages: Int { requests.reduce(0) { $0 + $1.missing.count * ($1.images ?? 0) } }

  /// Spectra measured along them.
  package var missingSpectra: Int { requests.reduce(0) { $0 + $1.missing.count * $1.spectrumCount } }

  /// What stands between a claim and its verdict: "nothing but this command", runs to train, or an obstacle.
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
