/// The evidence that a claim's procedure needs, cheapest first.
///
/// A verdict is valid at the tier of its procedure and not above it: synthetic evidence can refute an algebraic
/// statement, but says nothing about an accuracy table.
package enum Tier: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Algebra, arithmetic and small synthetic problems with known answers: seconds, no images.
  case exact
  /// Short runs on the embedded synthetic images.
  case fixture
  /// Contrasts between runs of nine seeds each on the same images: minutes.
  case contrast
  /// Short runs on the published CIFAR files.
  case cifar
  /// The papers' own protocol on CIFAR: hundreds of epochs.
  case paper
  /// ImageNet-LT and iNaturalist.
  case large

  /// Whether a verdict needs finished runs, which are not part of the package.
  package var waitsForRuns: Bool { self > .contrast }

  /// Cheaper tiers come first.
  package static func < (a: Tier, b: Tier) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }
}
