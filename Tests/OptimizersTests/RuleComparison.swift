import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

/// Two rules on one quadratic with both signs of curvature and of zero: the same parameters and base state, to the
/// bit, after every step.
func expectEqualRuns<E: Real, A: UpdateRule<E>, B: UpdateRule<E>>(
  _ first: A, _ second: B, steps: Int = 7, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var (first, second) = (first, second)
  var a = vector(RuleCase.start(E.self))
  var b = a
  var oracle = QuadraticOracle(spectrum: RuleCase.spectrum(E.self))
  for step in 0..<steps {
    _ = try first.step(&a, oracle: &oracle, context: context(step))
    _ = try second.step(&b, oracle: &oracle, context: context(step))
    #expect(a == b, "step \(step)", sourceLocation: sourceLocation)
    let key = SGD<E>.momentumKey
    #expect(first.state[key] == second.state[key], sourceLocation: sourceLocation)
  }
}

/// A non-finite loss or gradient at either query throws, and changes neither parameters nor state.
func expectDivergenceChangesNothing(
  _ rule: some UpdateRule<Double>, queries: [String], sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let fine = Evaluation(loss: 1, gradient: vector([1.0, 2]), samples: 1)
  let bad = [
    ("loss", Evaluation(loss: .nan, gradient: vector([1.0, 1]), samples: 1)),
    ("gradient", Evaluation(loss: 1, gradient: vector([1.0, .infinity]), samples: 1)),
  ]
  for (count, query) in queries.enumerated() {
    for (what, answer) in bad {
      var rule = rule
      let before = rule.state
      var parameters = vector([1.0, 2])
      var oracle = ScriptedOracle(Array(repeating: fine, count: count) + [answer])
      let expected = Divergence(step: 10, what: query + what, tensor: what == "gradient" ? "w" : nil)
      #expect(throws: expected, sourceLocation: sourceLocation) {
        try rule.step(&parameters, oracle: &oracle, context: context(10))
      }
      #expect(parameters == vector([1.0, 2]) && rule.state == before, sourceLocation: sourceLocation)
    }
  }
}
