import EscapementKernels
import EscapementTraining

/// A rule makes the same queries and gives the same bits at radius 0 and at 2⁻¹⁴⁰.
///
/// Every entry of w and of the gradient is far above 2⁻⁸⁰ here, so a perturbation by 2⁻¹⁴⁰ is rounded away in both
/// types. The two runs agree in every bit, unless the rule takes another path at exactly 0. Omitting the addition of a
/// zero perturbation, which keeps the sign of a zero, does not count as another path.
struct TinyRadiusLaw: Law {
  let name = "tiny-radius"
  let statement = "Radius 0 and radius 2⁻¹⁴⁰ give the same queries and the same bits."

  func exemption(for claims: RuleClaims) -> String? { claims.perturbs ? nil : "it claims no radius" }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    var zero = try trial.saddleWalk(RuleSettings(radius: 0))
    var tiny = try trial.saddleWalk(RuleSettings(radius: 0x1p-140))
    for step in 0..<5 {
      try zero.step()
      try tiny.step()
      let smallest = zero.parameters.flat.elements.map { Double($0.magnitude) }.min()!
      evidence.require("every entry of w is above 2⁻⁸⁰ after step \(step)", smallest > 0x1p-80)
      evidence.require(
        "parts and statistics of the queries of step \(step)",
        zero.oracle.queries.map(\.part) == tiny.oracle.queries.map(\.part)
          && zero.oracle.queries.map(\.statistics) == tiny.oracle.queries.map(\.statistics))
      for (index, (a, b)) in zip(zero.oracle.queries, tiny.oracle.queries).enumerated() {
        evidence.sameBits("point of query \(index) of step \(step)", b.point, a.point)
      }
      evidence.sameBits("parameters after step \(step)", tiny.parameters, zero.parameters)
      evidence.sameState("state after step \(step)", tiny.rule, zero.rule)
    }
  }
}
