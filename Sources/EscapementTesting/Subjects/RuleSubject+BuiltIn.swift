import EscapementOptimizers
import EscapementTraining

extension RuleSubject {
  /// The package's own rules and variants, in the order of the documentation: one entry each.
  public static let builtIn: [RuleSubject] = [
    RuleSubject("sgd", claims: .gradientDescent, { $1 }, { $1 }),
    RuleSubject(
      "sam", claims: .sharpnessAware(.released),
      { try SAM(base: $1, rho: $0.radius) }, { try SAM(base: $1, rho: $0.radius) }),
    RuleSubject(
      "sam-recommended", claims: .sharpnessAware(.recommended),
      { try SAM(base: $1, rho: $0.radius, variant: .recommended) },
      { try SAM(base: $1, rho: $0.radius, variant: .recommended) }),
    RuleSubject(
      "sam-unnormalized", claims: .sharpnessAware(unnormalized),
      { try SAM(base: $1, rho: $0.radius, variant: unnormalized) },
      { try SAM(base: $1, rho: $0.radius, variant: unnormalized) }),
    RuleSubject(
      "sam-adaptive", claims: .sharpnessAware(adaptive),
      { try SAM(base: $1, rho: $0.radius, variant: adaptive) },
      { try SAM(base: $1, rho: $0.radius, variant: adaptive) }),
    RuleSubject(
      "imbsam", claims: .perturbedTail(normConstant: 1e-16), { try ImbSAM(base: $1, rho: $0.radius) },
      { try ImbSAM(base: $1, rho: $0.radius) }),
    RuleSubject("sse-sam", claims: .sseSAM, { try sseSAM($0, $1) }, { try sseSAM($0, $1) }),
    RuleSubject(
      "focal-sam", claims: .perturbedTail(normConstant: 1e-12),
      { try FocalSAM(base: $1, rho: .constant($0.radius)) },
      { try FocalSAM(base: $1, rho: .constant($0.radius)) }),
    RuleSubject(
      "gsam", claims: .surrogateGap,
      { try GSAM(base: $1, radius: .schedule(.constant($0.radius)), alpha: 0.4) },
      { try GSAM(base: $1, radius: .schedule(.constant($0.radius)), alpha: 0.4) }),
    RuleSubject(
      "gsam-alpha-0", claims: .sharpnessAware(.recommended),
      { try GSAM(base: $1, radius: .schedule(.constant($0.radius)), alpha: 0) },
      { try GSAM(base: $1, radius: .schedule(.constant($0.radius)), alpha: 0) }),
    RuleSubject(
      "looksam-3", claims: .occasionalAscent(every: 3),
      { try LookSAM(base: $1, rho: .constant($0.radius), period: 3) },
      { try LookSAM(base: $1, rho: .constant($0.radius), period: 3) }),
    RuleSubject(
      "looksam-1", claims: .sharpnessAware(.released),
      { try LookSAM(base: $1, rho: .constant($0.radius), period: 1) },
      { try LookSAM(base: $1, rho: .constant($0.radius), period: 1) }),
    RuleSubject(
      "friendly-sam", claims: .ownGradientAscent,
      { try FriendlySAM(base: $1, rho: .constant($0.radius)) },
      { try FriendlySAM(base: $1, rho: .constant($0.radius)) }),
    RuleSubject(
      "friendly-sam-sigma-0", claims: .sharpnessAware(.recommended),
      { try FriendlySAM(base: $1, rho: .constant($0.radius), sigma: 0) },
      { try FriendlySAM(base: $1, rho: .constant($0.radius), sigma: 0) }),
    RuleSubject(
      "pgd", claims: .perturbed(.weights),
      { try PGD(base: $1, sigma: $0.radius, seed: $0.seed) },
      { try PGD(base: $1, sigma: $0.radius, seed: $0.seed) }),
    RuleSubject(
      "pgd-gradient", claims: .perturbed(.gradient),
      { try PGD(base: $1, sigma: $0.radius, variant: .gradient, seed: $0.seed) },
      { try PGD(base: $1, sigma: $0.radius, variant: .gradient, seed: $0.seed) }),
    RuleSubject(
      "lpf-sgd-1", claims: .lowPass(shards: 1),
      { try LPFSGD(base: $1, radius: $0.radius, shards: 1, seed: $0.seed) },
      { try LPFSGD(base: $1, radius: $0.radius, shards: 1, seed: $0.seed) }),
    RuleSubject(
      "lpf-sgd-4", claims: .lowPass(shards: 4),
      { try LPFSGD(base: $1, radius: $0.radius, shards: 4, seed: $0.seed) },
      { try LPFSGD(base: $1, radius: $0.radius, shards: 4, seed: $0.seed) }),
  ]

  private static let unnormalized = SAMVariant(ascent: .unnormalized, secondPassStatistics: .freeze)

  private static let adaptive = SAMVariant(ascent: .adaptive, secondPassStatistics: .observe)

  // The head has half the radius, so that an exchange of head and tail is detected.
  private static func sseSAM<Base: DescentRule>(_ settings: RuleSettings, _ base: Base) throws -> SSESAM<Base>
  {
    try SSESAM(
      base: base, rhoHead: 0.5 * settings.radius, rhoTail: settings.radius,
      stageFraction: settings.stageFraction, epochs: settings.epochs)
  }
}
