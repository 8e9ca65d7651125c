import EscapementOptimizers
import EscapementTraining

extension RuleClaims {
  /// One query of the whole batch at w, and descent along its answer.
  public static let gradientDescent = RuleClaims(
    steps: [Step([Query(.all, .observe, at: .parameters)], descent: [Term(query: 0)])])

  /// The whole batch at w and at w + ε, and descent along the second answer.
  public static func sharpnessAware(_ variant: SAMVariant) -> RuleClaims {
    let place: Place =
      switch variant.ascent {
      case .normalized: .ascent(along: 0, normConstant: 1e-12)
      case .unnormalized: .ascent(along: 0, normConstant: nil)
      case .adaptive: .adaptiveAscent(along: 0, normConstant: 1e-12)
      }
    return RuleClaims(steps: [
      Step(
        [
          Query(.all, .observe, at: .parameters),
          Query(.all, variant.secondPassStatistics, at: place),
        ], descent: [Term(query: 1)])
    ])
  }

  /// Head and tail at w, the tail at w + ε, and descent along the sum of the perturbed tail and the head.
  public static func perturbedTail(normConstant: Double) -> RuleClaims {
    RuleClaims(steps: [
      Step(
        [
          Query(.head, .observe, at: .parameters), Query(.tail, .freeze, at: .parameters),
          Query(.tail, .observe, at: .ascent(along: 1, normConstant: normConstant)),
        ], descent: [Term(query: 2), Term(query: 0)])
    ])
  }

  /// Head and tail, each at w and at its own w + ε, the head's at half the radius; in the second stage the
  /// head stays at w.
  public static let sseSAM = RuleClaims(
    steps: [
      Place.ascent(along: 0, share: 0.5, normConstant: 1e-16), .parameters,
    ].map { head in
      Step(
        [
          Query(.head, .observe, at: .parameters), Query(.head, .observe, at: head),
          Query(.tail, .observe, at: .parameters),
          Query(.tail, .observe, at: .ascent(along: 2, normConstant: 1e-16)),
        ], descent: [Term(query: 1), Term(query: 3)])
    }, turn: .stage)

  /// Gradient descent with noise on the gradient or on the weights.
  public static func perturbed(_ noise: Noise) -> RuleClaims {
    RuleClaims(steps: gradientDescent.steps, noise: noise)
  }

  /// Each shard at its own noisy point, and descent along the mean of the answers.
  public static func lowPass(shards: Int) -> RuleClaims {
    RuleClaims(
      steps: [
        Step(
          (0..<shards).map { Query(.shard(index: $0, count: shards), .observe, at: .noise) },
          descent: (0..<shards).map { Term(query: $0, weight: 1 / Double(shards)) })
      ], noise: .points)
  }

  /// SAM's queries, and descent along a direction that is no weighted sum of the answers.
  public static let surrogateGap = RuleClaims(
    steps: sharpnessAware(.recommended).steps.map { Step($0.queries, descent: nil) })

  /// SAM in every k-th step, one query at w in the others, which add a direction kept from the last ascent.
  public static func occasionalAscent(every period: Int) -> RuleClaims {
    let between = Step([Query(.all, .observe, at: .parameters)], descent: nil)
    return RuleClaims(
      steps: sharpnessAware(.released).steps + Array(repeating: between, count: period - 1),
      followsLinearLoss: false)
  }

  /// The second query is at the distance ρ along the mini-batch's own part of the gradient, which is the whole gradient
  /// in the first step. The norm is at least 0.02, so its constant shortens the perturbation by less than 10⁻¹⁰.
  public static let ownGradientAscent = RuleClaims(steps: [
    Step(
      [
        Query(.all, .observe, at: .parameters),
        Query(.all, .freeze, at: .sphere(roundings: 4, slack: 1e-10)),
      ], descent: [Term(query: 1)])
  ])
}
