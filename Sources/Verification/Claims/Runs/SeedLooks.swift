import EscapementDrawing

/// After how many seeds a claim about runs is judged, and how much of α each time may spend.
///
/// A look at k seeds is at seeds 0 to k − 1 of every preset it needs, no others. With level αᵢ at look i and Σαᵢ = α the smallest of
/// pᵢ·α/αᵢ over the looks so far is a p value at α, whatever the looks share (Bonferroni, weighted). Runs beyond a
/// look wait for the next: judging after every seed would raise the chance of a false verdict at 5 % to about 15 %.
struct SeedLooks: Hashable, Sendable {
  /// One time at which a claim is judged.
  struct Look: Hashable, Sendable {
    /// k.
    let seeds: Int
    /// αᵢ.
    let level: Double
  }

  /// In rising order of seeds.
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
  /// Agreement with a printed mean: five seeds, once. More help little where the printed mean's own error rules.
  static let agreement = SeedLooks((5, 0.05))

  /// The most seeds that any look takes.
  var seeds: Int { looks.last?.seeds ?? 0 }
  /// The fewest seeds with which there is a verdict.
  var fewest: Int { looks.first?.seeds ?? 0 }
  /// α.
  var level: Double { looks.reduce(0) { $0 + $1.level } }

  /// The looks that `count` seeds reach.
  func reached(by count: Int) -> [Look] { looks.filter { $0.seeds <= count } }

  /// A p value at α from those of the looks so far, in their order; NaN where one of them is.
  func combined(_ values: [Double]) -> Double {
    // Before `min`, which takes 1 of 1 and NaN.
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
