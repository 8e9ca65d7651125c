import EscapementCalculus
import EscapementKernels
import Testing
import EscapementTraining

@testable import EscapementTesting

@Suite struct LawEvidenceTests {
  @Test func theFirstFailureDecidesAndOtherwiseTheLeastSlack() {
    var evidence = LawEvidence()
    evidence.compare("far", 1, within: 10)
    evidence.compare("near", 3, within: 4)
    evidence.compare("exact", 0, within: 0)
    #expect(evidence.decisive == .init(what: "near", deviation: 3, bound: 4))
    evidence.require("a fact", false)
    evidence.compare("worse", 100, within: 1)
    #expect(evidence.decisive == .init(what: "a fact", deviation: 1, bound: 0))
    #expect(evidence.count == 5)
  }

  @Test(arguments: [(Double.nan, 1.0), (0, .nan), (.infinity, 1), (.nan, .nan)])
  func whatIsNoNumberFails(_ deviation: Double, _ bound: Double) {
    var evidence = LawEvidence()
    evidence.compare("fine", 1, within: 2)
    evidence.compare("broken", deviation, within: bound)
    #expect(evidence.decisive?.what == "broken" && evidence.decisive?.holds == false)
  }

  @Test func bitsTellZerosApart() {
    func vector(_ values: [Float]) -> ParameterVector<Float> {
      var layout = ParameterLayout()
      layout.append(name: "w", shape: [values.count], role: .vector)
      return ParameterVector(layout: layout, flat: Tensor(values))
    }
    var evidence = LawEvidence()
    evidence.sameBits("w", vector([1, 0]), vector([1, 0]))
    #expect(evidence.decisive?.deviation == 0)
    evidence.sameBits("w", vector([1, 0, 2]), vector([1, -0.0, 3]))
    #expect(evidence.decisive?.deviation == 2)
  }

  @Test func comparingNothingIsAFailure() {
    struct Silent: Law {
      let name = "silent"
      let statement = "Nothing."
      func exemption(for claims: RuleClaims) -> String? { nil }
      func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) {}
    }
    let outcomes = Laws.check(RuleSubject.builtIn[0], laws: [Silent()])
    #expect(outcomes.map(\.element) == ["F32", "F64"] && outcomes.allSatisfy { !$0.holds && $0.applies })
    #expect(outcomes[0].description == "sgd, silent, F32: fails (nothing was compared)")
  }

  @Test func outcomesReadAsOneLine() {
    func outcome(_ result: LawOutcome.Result) -> LawOutcome {
      LawOutcome(subject: "sam", law: "radius", element: "F64", result: result)
    }
    let near = LawEvidence.Comparison(what: "‖ε‖ − ρ", deviation: 1.5e-16, bound: 4e-16)
    #expect(
      outcome(.holds(near, comparisons: 7)).description
        == "sam, radius, F64: holds (‖ε‖ − ρ; 7 comparisons: 1.5e-16, at most 4e-16 allowed)")
    #expect(
      outcome(.fails(.init(what: "w", deviation: 3, bound: 0))).description
        == "sam, radius, F64: fails (w: 3, at most 0 allowed)")
    #expect(
      outcome(.doesNotApply(reason: "it claims no radius")).description
        == "sam, radius, F64: does not apply (it claims no radius)")
    #expect(near.shareText == "0.375" && outcome(.doesNotApply(reason: "")).holds)
  }

  /// The running bound against the same operations in Float, on numbers where sums cancel.
  @Test func theRunningBoundHoldsInFloat() {
    let unit = Double(Float.ulpOfOne)
    for i in 1...200 {
      let (x, y, z) = (Double(i) / 7, Double(3 * i % 31) / 11 - 1, 0.3 * Double(i % 13))
      let (a, b, c) = (
        Bounded.rounded(x, unit: unit), Bounded.rounded(y, unit: unit), Bounded.rounded(z, unit: unit)
      )
      let (p, q, r) = (Float(x), Float(y), Float(z))
      let product: Float = p * q
      let sum: Float = product + r
      let square: Float = sum * sum
      let got: Float = square - p
      let bounded = (a * b + c) * (a * b + c) - a
      let distance = (Double(got) - bounded.value).magnitude
      #expect(distance <= bounded.error && bounded.error <= 40 * unit * (1 + x * x * y * y + z * z + x))
    }
  }
}
