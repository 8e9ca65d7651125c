import EscapementOptimizers
import EscapementTraining

/// What a rule's author states about it, as data: a law applies where the claims say so.
///
/// The default claims nothing but that the rule perturbs when its radius is above 0.
public struct RuleClaims: Hashable, Sendable {
  /// Where a query is made.
  public enum Place: Hashable, Sendable {
    /// At the parameters w, to the bit.
    case parameters
    /// At w + s·g, g being the answer to an earlier query of the step (its index), s = share·ρ/(‖g‖ + constant),
    /// or s = share·ρ without a constant: unnormalized.
    case ascent(along: Int, share: Double = 1, normConstant: Double?)
    /// At w + s·(w²g), entry by entry, g being the answer to an earlier query, s = ρ/(‖|w|g‖ + constant).
    case adaptiveAscent(along: Int, normConstant: Double)
    /// At the distance ρ from w, to so many roundings and a relative slack (of a constant in a norm); the
    /// direction is not stated.
    case sphere(roundings: Double, slack: Double)
    /// At w plus noise that the seed, the step and the query decide.
    case noise
    /// Anywhere but at w.
    case elsewhere

    /// Whether the query is made at another point than w when the radius is above 0.
    public var isDisplaced: Bool { self != .parameters }

    /// The query whose answer it goes along.
    var along: Int? {
      switch self {
      case .ascent(let along, _, _), .adaptiveAscent(let along, _): along
      case .parameters, .sphere, .noise, .elsewhere: nil
      }
    }

    /// Whether the answers before it and the parameters decide the point.
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
    /// What it does to running statistics.
    public var statistics: StatisticsUpdate
    /// Where it is made.
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
    /// The index of the query whose answer it is.
    public var query: Int
    /// Its weight.
    public var weight: Double

    /// The weighted answer to a query.
    public init(query: Int, weight: Double = 1) {
      self.query = query
      self.weight = weight
    }
  }

  /// What one step does.
  public struct Step: Hashable, Sendable {
    /// The queries, in order.
    public var queries: [Query]
    /// The summands of the descent gradient, in the order of summation; nil where it is no weighted sum of
    /// the answers.
    public var descent: [Term]?

    /// A step. It has a query, ascents refer to earlier queries, and the descent has summands, all of them
    /// queries of the step.
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

  /// Which of `steps` is taken.
  public enum Turn: String, Hashable, Sendable {
    /// Step number t takes form t modulo their count.
    case step
    /// Form 0 in the 0-based epochs e < γT, form 1 from then on.
    case stage
  }

  /// To what noise is added.
  public enum Noise: String, Hashable, Sendable {
    /// The points of the queries.
    case points
    /// The descent gradient.
    case gradient
    /// The parameters, after the descent.
    case weights
  }

  /// The forms of a step; empty where the author states none.
  public var steps: [Step]
  /// Which of them is taken; with one form there is nothing to choose.
  public var turn: Turn
  /// The noise; nil without any.
  public var noise: Noise?
  /// Whether a radius above 0 changes what the rule does.
  public var perturbs: Bool
  /// Whether on a loss that is linear in w the rule descends along its gradient, whatever the radius.
  public var followsLinearLoss: Bool

  /// Claims; `perturbs` follows from the forms where there are any. Two stages are two forms.
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
  /// Whether it is made at another point than w when the radius is above 0.
  public var isDisplaced: Bool { place.isDisplaced }
}

extension RuleClaims {
  /// The form of a step; nil where none is stated.
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

  /// Whether the claims decide every bit of a step.
  var areStatedInFull: Bool { statesDescent && noise == nil && queries.allSatisfy(\.place.isStatedInFull) }

  /// All queries of all forms.
  var queries: [Query] { steps.flatMap(\.queries) }

  /// Whether head and tail, or more than one shard, are asked for apart.
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
