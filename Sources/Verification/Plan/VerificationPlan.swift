import Training

/// What a verification would take: the runs that its claims ask for, and which of them are in the evidence.
public struct VerificationPlan: Sendable {
  /// One claim.
  public struct Item: Sendable {
    /// The claim.
    public let claim: Claim
    /// The recipes it asks for, as places in `requests`; empty for one that needs no runs.
    public let requests: [Int]
    /// Selections that no preset trains.
    public let untrained: [String]
    /// Why no test of it is registered; nil where one is.
    public let noTest: String?
  }

  /// The claims, in catalogue order.
  public let items: [Item]
  /// The recipes asked for, in the order in which claims first ask.
  public let requests: [RunRequest]

  /// A plan of claims over the runs of an archive.
  public init(_ claims: [Claim], archive: RunArchive) {
    let statements = Dictionary(
      RunFamily.all.flatMap(\.statements).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var keys: [RunSelection] = []
    var asked: [RunSelection: (claims: [String], quantities: [RunQuantity], seeds: Int)] = [:]
    var items: [Item] = []
    for claim in claims {
      let statement = statements[claim.id]
      var places: [Int] = []
      var untrained: [String] = []
      for quantity in statement?.questions.flatMap(\.quantities) ?? [] {
        let selection = quantity.selection
        guard Preset.all.contains(where: { $0.name == selection.preset }) else {
          if !untrained.contains(selection.preset) { untrained.append(selection.preset) }
          continue
        }
        // Figures after different epochs are of the same runs.
        let key = RunSelection(selection.preset, radius: selection.radius)
        if asked[key] == nil {
          keys.append(key)
          asked[key] = ([], [], 0)
        }
        if asked[key]?.claims.last != claim.id { asked[key]?.claims.append(claim.id) }
        asked[key]?.quantities.append(quantity)
        let seeds = max(asked[key]?.seeds ?? 0, statement?.looks.seeds ?? 0)
        asked[key]?.seeds = seeds
        if let place = keys.firstIndex(of: key), !places.contains(place) { places.append(place) }
      }
      items.append(
        Item(
          claim: claim, requests: places, untrained: untrained,
          noTest: statement?.noTest))
    }
    self.items = items
    requests = keys.compactMap { key in
      guard let preset = Preset.all.first(where: { $0.name == key.preset }), let wanted = asked[key] else {
        return nil
      }
      return RunRequest(
        preset: preset, radius: key.radius, claims: wanted.claims, quantities: wanted.quantities,
        seeds: wanted.seeds, archive: archive)
    }
  }

  /// Runs to train.
  public var missingRuns: Int { requests.reduce(0) { $0 + $1.missing.count } }

  /// Steps of them; requests without known counts are left out.
  public var missingSteps: Int { requests.reduce(0) { $0 + $1.missing.count * ($1.steps ?? 0) } }

  /// Training pictures they see.
  public var missingImages: Int { requests.reduce(0) { $0 + $1.missing.count * ($1.images ?? 0) } }

  /// What stands between a claim and its verdict: "nothing but this command", runs to train, or an obstacle.
  public func need(of item: Item) -> String {
    if let noTest = item.noTest { return "no test is registered: \(noTest)" }
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
