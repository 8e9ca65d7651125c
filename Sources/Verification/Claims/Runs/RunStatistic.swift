import EscapementKernels
/// One number per seed, computed from a question's figures of that seed, or of all seeds.
///
/// Figures of one seed share initialization and order of data, so the difference of two methods is computed seed by
/// seed. The tests are of the mean of these numbers over seeds.
enum RunStatistic: Hashable, Sendable {
  /// Σ cᵢ·figureᵢ.
  case sum([Double])
  /// The mean |difference| of two figures of different groups minus that of two figures of the same group; groups are
  /// lists of positions.
  case groupSpread([[Int]])
  /// The loss of the rule "raise ρ while accuracy rises". The rule reads this seed's accuracies, given in order of
  /// increasing ρ. Its loss is computed from the means over the other seeds: the best of them minus the chosen one.
  case regretOfRaising
  /// The slope of log₂ of the best radius over log₁₀ β, by least squares. Figures by β and, within each, by radius.
  case slopeOfBest(radii: [Double], ratios: [Double])

  /// Whether it takes few values, so that all seeds may give the same number.
  var isDiscrete: Bool {
    switch self {
    case .sum, .groupSpread: false
    case .regretOfRaising, .slopeOfBest: true
    }
  }

  /// The number of each seed from `figures[place][seed]`; NaN if it does not exist.
  func values(_ figures: [[Double]]) -> [Double] {
    let seeds = figures.first?.count ?? 0
    return (0..<seeds).map { seed in
      let column = figures.map { $0[seed] }
      // A maximum would ignore a NaN.
      guard column.allSatisfy(\.isFinite) else { return .nan }
      switch self {
      case .sum(let factors): return zip(factors, column).reduce(0) { $0 + $1.0 * $1.1 }
      case .groupSpread(let groups): return Self.spread(column, groups)
      case .regretOfRaising: return Self.regret(figures, seed)
      case .slopeOfBest(let radii, let ratios): return Self.slope(column, radii, ratios)
      }
    }
  }

  private static func spread(_ column: [Double], _ groups: [[Int]]) -> Double {
    var (within, between) = ([Double](), [Double]())
    let members = groups.enumerated().flatMap { group, places in places.map { (group, $0) } }
    for (index, a) in members.enumerated() {
      for b in members[(index + 1)...] {
        let distance = (column[a.1] - column[b.1]).magnitude
        if a.0 == b.0 { within.append(distance) } else { between.append(distance) }
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    return mean(between) - mean(within)
  }

  private static func regret(_ figures: [[Double]], _ seed: Int) -> Double {
    let others = (0..<figures[0].count).filter { $0 != seed }
    guard !others.isEmpty else { return .nan }
    let means = figures.map { row in others.reduce(0) { $0 + row[$1] } / Double(others.count) }
    guard means.allSatisfy(\.isFinite) else { return .nan }
    let own = figures.map { $0[seed] }
    let choice =
      zip(own, own.dropFirst()).enumerated().first { $0.element.1 < $0.element.0 }?.offset ?? own.count - 1
    return means.max()! - means[choice]
  }

  private static func slope(_ column: [Double], _ radii: [Double], _ ratios: [Double]) -> Double {
    let best = ratios.indices.map { index -> Double in
      let row = column[(index * radii.count)..<((index + 1) * radii.count)]
      return ownLog(radii[row.firstIndex(of: row.max()!)! - row.startIndex])
    }
    let factors = Self.slopeFactors(ratios.map { ownLog($0) })
    // Convert to log₂ over log₁₀.
    return zip(factors, best).reduce(0) { $0 + $1.0 * $1.1 } * ownLog(10) / ownLog(2)
  }

  /// cᵢ = (xᵢ − x̄)/Σ(x − x̄)²: Σ cᵢyᵢ is the least-squares slope of y over x.
  static func slopeFactors(_ x: [Double]) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let scale = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return x.map { ($0 - mean) / scale }
  }
}
