import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// An update rule to be judged by laws: its name, its claims, and its factories.
///
///     let subject = RuleSubject(
///       "mine", { try Mine(base: $1, rho: $0.radius) }, { try Mine(base: $1, rho: $0.radius) })
///     for outcome in Laws.check(subject) { #expect(outcome.holds, "\(outcome)") }
public struct RuleSubject: Sendable {
  /// The name, for records.
  public let name: String
  /// The claims of its author.
  public let claims: RuleClaims
  /// The rule in single precision.
  public let float: RuleTrial<Float>
  /// The rule in double precision.
  public let double: RuleTrial<Double>

  /// A subject from two factories of the same rule, one for each element type.
  ///
  /// A factory receives the settings and SGD with their momentum and weight decay, as the base of rules that have one.
  /// An error that it throws is a failed law.
  public init<Single: UpdateRule<Float>, Wide: UpdateRule<Double>>(
    _ name: String, claims: RuleClaims = RuleClaims(),
    _ float: @escaping @Sendable (RuleSettings, SGD<Float>) throws -> Single,
    _ double: @escaping @Sendable (RuleSettings, SGD<Double>) throws -> Wide
  ) {
    self.name = name
    self.claims = claims
    self.float = RuleTrial(claims: claims) { try float($0, $1) }
    self.double = RuleTrial(claims: claims) { try double($0, $1) }
  }
}

/// A subject at one precision.
public struct RuleTrial<Element: Real>: Sendable {
  /// The claims of its author.
  public let claims: RuleClaims
  private let make: @Sendable (RuleSettings, SGD<Element>) throws -> any UpdateRule<Element>

  init(
    claims: RuleClaims,
    make: @escaping @Sendable (RuleSettings, SGD<Element>) throws -> any UpdateRule<Element>
  ) {
    self.claims = claims
    self.make = make
  }

  /// A rule that has taken no step.
  public func rule(_ settings: RuleSettings = RuleSettings()) throws -> any UpdateRule<Element> {
    try make(settings, SGD(momentum: settings.momentum, weightDecay: settings.weightDecay))
  }
}
