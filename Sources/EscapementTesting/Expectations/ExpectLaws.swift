/// Judges a rule by the laws that update rules must keep, in single and double precision.
///
///     @Test func laws() throws { try expectLaws(of: mine) }
///
/// `Laws.check` gives the outcomes as values, for a test that expects a law to fail.
/// - Throws: one `ExpectationFailure` with a line for each law that does not hold.
public func expectLaws(of subject: RuleSubject, laws: [any Law] = Laws.all) throws(ExpectationFailure) {
  let broken = Laws.check(subject, laws: laws).filter { !$0.holds }
  guard broken.isEmpty else {
    throw ExpectationFailure(
      expectation: "\(subject.name) does not keep \(Set(broken.map(\.law)).count) of \(laws.count) laws",
      findings: broken.map(\.description))
  }
}
