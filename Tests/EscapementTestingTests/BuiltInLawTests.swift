import EscapementTesting
import Testing

@Suite struct BuiltInLawTests {
  @Test(arguments: RuleSubject.builtIn.map(\.name)) func keepsItsLaws(_ name: String) {
    let subject = RuleSubject.builtIn.first { $0.name == name }!
    for outcome in Laws.check(subject) { #expect(outcome.holds, "\(outcome)") }
  }
}
