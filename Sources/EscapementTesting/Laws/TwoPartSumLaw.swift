import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// At radius 0 a rule that queries parts is SGD on the whole batch, up to rounding.
///
/// On the saddle, with G = Σ |gradient of a part|, the two gradients differ by m + 2 roundings of G for m summands. The
/// descents after them differ by two roundings of d and one of w each. A rounding is half of eps, and two runs
/// contribute, so the bounds count in eps. On the network the parts' passes differ from the whole's in the samples that
/// they leave out: at most 8·(2·72 + 20) operations between a logit and a parameter (eight layers, at most 3·3·8 terms
/// per sum, batch norm's sums and products, forward and backward), each with a relative error eps on vectors of the
/// parts' norms.
struct TwoPartSumLaw: Law {
  let name = "two-part-sum"
  let statement = "At radius 0 a rule that asks for parts is SGD on the whole batch, to a rounding bound."

  func exemption(for claims: RuleClaims) -> String? {
    guard claims.asksForParts else { return "it asks for the whole batch only" }
    return claims.statesDescent ? nil : "no descent is stated as a sum of gradients"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let settings = RuleSettings(radius: 0)
    let eps = Double(Element.ulpOfOne)
    let sgd = try SGD<Element>(momentum: settings.momentum, weightDecay: settings.weightDecay)
    var walk = try trial.saddleWalk(settings)
    var whole = RuleWalk(sgd, on: LawCase.saddle(), from: LawCase.start())
    try walk.step()
    try whole.step()
    let form = trial.claims.form(step: 0, epoch: 0, settings: settings)!
    let asked = try walk.queries(of: form)
    let w = LawCase.start(Element.self).flat.elements.map(Double.init)
    let momentum = try whole.momentum().flat.elements.map(Double.init)
    let after = whole.parameters.flat.elements.map(Double.init)
    let rate = walk.learningRate
    let bounds = w.indices.map { i -> Double in
      let size = form.descent!.reduce(0) { sum, term in
        let answer = asked[term.query].answer.gradient.flat[i]
        return sum + term.weight * Double(answer.magnitude)
      }
      let terms = Double(form.descent!.count + 2)
      return eps * (rate * (terms * size + 2 * momentum[i].magnitude) + after[i].magnitude)
    }
    evidence.compare("parameters on the saddle", walk.parameters.flat, after, within: bounds)

    guard !form.queries.contains(where: \.isShard) else { return }
    var onNetwork = try trial.networkWalk(settings)
    var wholeNetwork = RuleWalk(sgd, on: LawCase.networkOracle(), from: LawCase.networkStart())
    try onNetwork.step()
    try wholeNetwork.step()
    let askedNetwork = try onNetwork.queries(of: form)
    let size = form.descent!.reduce(0) { sum, term in
      sum + term.weight * askedNetwork[term.query].answer.gradient.flat.norm()
    }
    let distance = (onNetwork.parameters.flat - wholeNetwork.parameters.flat).norm()
    let terms = 8.0 * (2 * 72 + 20)
    evidence.compare(
      "‖w − w of SGD‖ on the network", distance,
      within: eps * (rate * (terms * size) + wholeNetwork.parameters.flat.norm()))
  }
}

extension RuleClaims.Query {
  /// Whether it queries a shard, which has its own batch statistics.
  var isShard: Bool {
    if case .shard = part { true } else { false }
  }
}
