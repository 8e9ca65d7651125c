import EscapementDrawing

/// The numbers of seeds after which a claim about runs is judged, and the share of α that each look may spend.
///
/// A look at k seeds uses seeds 0 to k − 1 of every preset it needs, and no others. With level αᵢ at look i and Σαᵢ =
/// α, the smallest of pᵢ·α/αᵢ over the looks so far is a p value at α, whatever the dependence of the looks (weighted
/// Bonferroni). Runs beyond a look are not used before the next: judging after every seed would raise the probability
/// of a false verdict at 5 % to about 15 %.
struct SeedLooks: Hashable, Sendable {
  /// One look at which a claim is judged.
  struct Look: Hashable, Sendable {
    /// The number of seeds k.
    let seeds: Int
    /// The level αᵢ.
    let level: Double
  }

  /// The looks, in increasing order of seeds.
  let looks: [Look]

  private init(_ looks: (seeds: Int, level: Double)...) {
    self.looks = looks.map { Look(seeds: $0.seeds, level: $0.level) }
  }

  /// Contrasts of accuracies: ten seeds, with interim looks at five and at three.
  static let contrast = SeedLooks((3, 0.01), (5, 0.01), (10, 0.03))
  /// Curvature, whose measurement costs as much as the training: three seeds, and five.
  static let curvature = SeedLooks((3, 0.03), (5, 0.02))
  /// Sweeps over radii, and methods of single rows: two seeds, and five.
  static let sweep = SeedLooks((2, 0.03), (5, 0.02))
  /// Agreement with a printed mean: five seeds, once. More seeds help little, because the printed mean's own error
  /// dominates.
  static let agreement = SeedLooks((5, 0.05))

  /// The largest number of seeds of any look.
  var seeds: Int { looks.last?.seeds ?? 0 }
  /// The smallest number of seeds with a verdict.
  var fewest: Int { looks.first?.seeds ?? 0 }
  /// α.
  var level: Double { looks.reduce(0) { $0 + $1.level } }

  /// The looks that `count` seeds reach.
  func reached(by count: Int) -> [Look] { looks.filter { $0.seeds <= count } }

  /// A p value at α from those of the looks so far, in their order; NaN if one of them is NaN.
  func combined(_ values: [Double]) -> Double {
    // Check before `min`, which returns 1 for 1 and NaN.
    guard !values.contains(where: \.isNaN) else { return .nan }
    return zip(values, looks).map { min(1, $0 * level / $1.level) }.min() ?? .nan
  }

  /// One line.
  var text: String {
    looks.count == 1
      ? "one look, at seeds 0 to \(seeds - 1), α = \(NumberText.short(level))"
      : "looks at "
        + looks.map { "\($0.seeds) seeds (\(NumberText.short($0.level)))" }.joined(separator: ", ")
        + ", which spend α = \(NumberText.short(level)) together"
  }
}
