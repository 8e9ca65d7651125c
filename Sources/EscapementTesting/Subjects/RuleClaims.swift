import EscapementOptimizers
import EscapementTraining

/// What a rule's author claims about it, as data. The claims determine which laws apply.
///
/// The default claims only that the rule perturbs if its radius is above 0.
public struct RuleClaims: Hashable, Sendable {
  /// The point of a query.
  public enum Place: Hashable, Sendable {
    /// Exactly at the parameters w.
    case parameters
    /// At w + s·g, g being the answer to an earlier query of the step (its index), s = share·ρ/(‖g‖ + constant),
    /// or s = share·ρ without a constant: unnormalized.
    case ascent(along: Int, share: Double = 1, normConstant: Double?)
    /// At w + s·(w²g), entry by entry, g being the answer to an earlier query, s = ρ/(‖|w|g‖ + constant).
    case adaptiveAscent(along: Int, normConstant: Double)
    /// At the distance ρ from w, within the given number of roundings and a relative slack (for a constant in a norm);
    /// the direction is not stated.
    case sphere(roundings: Double, slack: Double)
    /// At w plus noise that is determined by the seed, the step and the query.
    case noise
    /// At any point other than w.
    case elsewhere

    /// Whether the query is made at a point other than w if the radius is above 0.
    public var isDisplaced: Bool { self != .parameters }

    /// The index of the query along whose answer it goes.
    var along: Int? {
      switch self {
      case .ascent(let along, _, _), .adaptiveAscent(let along, _): along
      case .parameters, .sphere, .noise, .elsewhere: nil
      }
    }

    /// Whether the parameters and the earlier answers determine the point.
    var isStatedInFull: Bool {
      switch self {
      case .parameters, .ascent, .adaptiveAscent: true
      case .sphere, .noise, .elsewhere: false
      }
    }
  }

  /// One query of a step.
  public struct Query: Hashable, Sendable {
    /// The samples.
    public var part: BatchPart
    /// The update of running statistics.
    public var statistics: StatisticsUpdate
    /// The point of the query.
    public var place: Place

    /// A query.
    public init(_ part: BatchPart, _ statistics: StatisticsUpdate, at place: Place) {
      self.part = part
      self.statistics = statistics
      self.place = place
    }
  }

  /// One summand of the gradient that the base rule descends along.
  public struct Term: Hashable, Sendable {
    /// The index of the query whose answer is the summand.
    public var query: Int
    /// Its weight.
    public var weight: Double

    /// The weighted answer to a query.
    public init(query: Int, weight: Double = 1) {
      self.query = query
      self.weight = weight
    }
  }

  /// The queries and the descent of one step.
  public struct Step: Hashable, Sendable {
    /// The queries, in order.
    public var queries: [Query]
    /// The summands of the descent gradient, in the order of summation; nil if it is not a weighted sum of the answers.
    public var descent: [Term]?

    /// A step. It must have a query, ascents must refer to earlier queries, and the descent must have summands, all of
    /// which are queries of the step.
    public init(_ queries: [Query], descent: [Term]?) {
      precondition(!queries.isEmpty, "a step without queries")
      for (index, query) in queries.enumerated() {
        guard let along = query.place.along else { continue }
        precondition((0..<index).contains(along), "query \(index) ascends along query \(along)")
      }
      let terms = descent ?? [Term(query: 0)]
      precondition(
        !terms.isEmpty && terms.allSatisfy { queries.indices.contains($0.query) },
        "a descent along \(terms.map(\.query)) of \(queries.count) queries")
      self.queries = queries
      self.descent = descent
    }
  }

  /// The rule by which one of `steps` is selected.
  public enum Turn: String, Hashable, Sendable {
    /// Step number t takes form t modulo the number of forms.
    case step
    /// Form 0 in the 0-based epochs e < γT, form 1 afterwards.
    case stage
  }

  /// The quantity to which noise is added.
  public enum Noise: String, Hashable, Sendable {
    /// The points of the queries.
    case points
    /// The descent gradient.
    case gradient
    /// The parameters, after the descent.
    case weights
  }

  /// The forms of a step; empty if the author states none.
  public var steps: [Step]
  /// The selection of a form; irrelevant with one form.
  public var turn: Turn
  /// The noise; nil without noise.
  public var noise: Noise?
  /// Whether a radius above 0 changes the steps of the rule.
  public var perturbs: Bool
  /// Whether, on a loss that is linear in w, the rule descends along its gradient for every radius.
  public var followsLinearLoss: Bool

  /// Claims; `perturbs` follows from the forms if there are any. A rule of two stages must have two forms.
  public init(
    steps: [Step] = [], turn: Turn = .step, noise: Noise? = nil, perturbs: Bool? = nil,
    followsLinearLoss: Bool = true
  ) {
    precondition(turn == .step || steps.count == 2, "\(steps.count) forms for two stages")
    self.steps = steps
    self.turn = turn
    self.noise = noise
    self.perturbs =
      perturbs
      ?? (steps.isEmpty || noise != nil || steps.contains { $0.queries.contains(where: \.isDisplaced) })
    self.followsLinearLoss = followsLinearLoss
  }
}

extension RuleClaims.Query {
  /// Whether it is made at a point other than w if the radius is above 0.
  public var isDisplaced: Bool { place.isDisplaced }
}

extension RuleClaims {
  /// The form of a step; nil if none is stated.
  public func form(step: Int, epoch: Int, settings: RuleSettings) -> Step? {
    guard !steps.isEmpty else { return nil }
    switch turn {
    case .step: return steps[step % steps.count]
    case .stage:
      return steps[Double(epoch) >= settings.stageFraction * Double(settings.epochs) ? 1 : 0]
    }
  }

  /// Whether every form's descent gradient is a weighted sum of answers.
  public var statesDescent: Bool { !steps.isEmpty && steps.allSatisfy { $0.descent != nil } }

  /// Whether the claims determine every bit of a step.
  var areStatedInFull: Bool { statesDescent && noise == nil && queries.allSatisfy(\.place.isStatedInFull) }

  /// All queries of all forms.
  var queries: [Query] { steps.flatMap(\.queries) }

  /// Whether head and tail, or more than one shard, are queried separately.
  var asksForParts: Bool {
    queries.contains { query in
      switch query.part {
      case .all: false
      case .shard(_, let count): count > 1
      default: true
      }
    }
  }
}
