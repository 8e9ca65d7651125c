import EscapementOptimizers
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementTraining

/// What a law compared, reduced to the comparison that says most.
public struct LawEvidence: Sendable {
  /// One comparison.
  public struct Comparison: Hashable, Sendable {
    /// What was compared.
    public var what: String
    /// How far it is off: a distance, or the number of entries or facts that differ.
    public var deviation: Double
    /// What is allowed; 0 where bits were compared.
    public var bound: Double

    /// Whether the deviation is within the bound; a NaN is not.
    public var holds: Bool { deviation <= bound }

    /// How much of what is allowed was used; 0 where nothing deviates.
    public var ratio: Double { deviation == 0 ? 0 : deviation / bound }
  }

  /// The first comparison that failed, or else the one that came nearest to its bound; nil before any.
  public private(set) var decisive: Comparison?
  /// Comparisons so far.
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

  /// Compares entry by entry in Double: each |got − expected| with its own bound.
  public mutating func compare<Element: Real>(
    _ what: @autoclosure () -> String, _ got: Tensor<Element>, _ expected: [Double], within bounds: [Double]
  ) {
    for (index, value) in got.elements.enumerated() {
      compare(
        "\(what()), entry \(index)", (Double(value) - expected[index]).magnitude, within: bounds[index])
    }
  }

  /// Counts the entries whose bits differ; none may.
  public mutating func sameBits<Element: Real>(
    _ what: @autoclosure () -> String, _ got: ParameterVector<Element>, _ expected: ParameterVector<Element>
  ) {
    guard got.count == expected.count else {
      return require("\(what()), \(got.count) entries against \(expected.count)", false)
    }
    // Entry by entry only where it matters: long vectors are compared often.
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

  /// Counts a fact that must be so.
  public mutating func require(_ what: @autoclosure () -> String, _ isSo: Bool) {
    compare(what(), isSo ? 0 : 1, within: 0)
  }
}
