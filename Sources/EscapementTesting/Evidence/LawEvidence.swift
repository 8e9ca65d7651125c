import EscapementOptimizers
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementTraining

/// The comparisons of a law, reduced to the decisive one.
public struct LawEvidence: Sendable {
  /// One comparison.
  public struct Comparison: Hashable, Sendable {
    /// What was compared.
    public var what: String
    /// The deviation: a distance, or the number of entries or facts that differ.
    public var deviation: Double
    /// The allowed deviation; 0 if bits were compared.
    public var bound: Double

    /// Whether the deviation is within the bound; a NaN is not.
    public var holds: Bool { deviation <= bound }

    /// The deviation over the bound; 0 if there is no deviation.
    public var ratio: Double { deviation == 0 ? 0 : deviation / bound }
  }

  /// The first comparison that failed, or otherwise the one closest to its bound; nil without comparisons.
  public private(set) var decisive: Comparison?
  /// The number of comparisons so far.
  public private(set) var count = 0

  /// No comparisons.
  public init() {}

  /// Compares a deviation with its bound.
  public mutating func compare(_ what: @autoclosure () -> String, _ deviation: Double, within bound: Double) {
    count += 1
    let comparison = Comparison(what: "", deviation: deviation, bound: bound)
    if let decisive, !decisive.holds || comparison.holds && comparison.ratio <= decisive.ratio { return }
    decisive = Comparison(what: what(), deviation: deviation, bound: bound)
  }

  /// Compares entry by entry in Double: each |got − expected| against its own bound.
  public mutating func compare<Element: Real>(
    _ what: @autoclosure () -> String, _ got: Tensor<Element>, _ expected: [Double], within bounds: [Double]
  ) {
    for (index, value) in got.elements.enumerated() {
      compare(
        "\(what()), entry \(index)", (Double(value) - expected[index]).magnitude, within: bounds[index])
    }
  }

  /// Counts the entries whose bits differ; there must be none.
  public mutating func sameBits<Element: Real>(
    _ what: @autoclosure () -> String, _ got: ParameterVector<Element>, _ expected: ParameterVector<Element>
  ) {
    guard got.count == expected.count else {
      return require("\(what()), \(got.count) entries against \(expected.count)", false)
    }
    // Compare entry by entry only if the bytes differ, because long vectors are compared often.
    let isSame = got.flat.withPointer { a in
      expected.flat.withPointer { memcmp(a, $0, got.count * MemoryLayout<Element>.stride) == 0 }
    }
    let differing =
      isSame ? 0 : zip(got.flat.elements, expected.flat.elements).count { $0.bits != $1.bits }
    compare("\(what()), entries that differ", Double(differing), within: 0)
  }

  /// Compares the vectors of two rules' states.
  public mutating func sameState<Element: Real>(
    _ what: @autoclosure () -> String, _ got: any UpdateRule<Element>, _ expected: any UpdateRule<Element>
  ) {
    let (a, b) = (got.state, expected.state)
    require("\(what()), names of the state's vectors", a.keys.sorted() == b.keys.sorted())
    for key in a.keys.sorted() where b[key] != nil { sameBits("\(what()), \(key)", a[key]!, b[key]!) }
  }

  /// Compares a fact that must hold.
  public mutating func require(_ what: @autoclosure () -> String, _ isSo: Bool) {
    compare(what(), isSo ? 0 : 1, within: 0)
  }
}
