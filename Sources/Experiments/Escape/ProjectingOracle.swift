import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// One query of a rule at w + ε, projected on v.
struct ProjectedQuery: Hashable, Sendable {
  let part: BatchPart
  /// ⟨v, ∇f(w + ε)⟩.
  let slope: Double
  /// ‖∇f(w + ε)‖.
  let norm: Double
  /// ⟨v, ε⟩.
  let shift: Double
  /// ‖ε‖ of the actual displacement; exactly 0 if the query was at w.
  let displacement: Double
}

/// Forwards a rule's queries to another oracle and records their projections on a direction v.
struct ProjectingOracle<Base: GradientOracle>: GradientOracle {
  typealias Element = Base.Element

  private var base: Base
  private let direction: Tensor<Double>
  private let origin: Tensor<Double>
  private(set) var queries: [ProjectedQuery] = []

  init(_ base: Base, direction: Tensor<Double>, at point: ParameterVector<Element>) {
    self.base = base
    self.direction = direction
    origin = point.flat.converted(to: Double.self)
  }

  mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    let answer = try base.evaluate(at: point, on: part, statistics: statistics)
    let move = point.flat.converted(to: Double.self) - origin
    queries.append(
      ProjectedQuery(
        part: part, slope: answer.gradient.flat.converted(to: Double.self).dot(direction),
        norm: answer.gradient.flat.norm(), shift: move.dot(direction), displacement: move.norm()))
    return answer
  }
}

/// A step's queries by part of a model: the gradients at the rule's position, and those of the descent.
struct PartedQueries: Hashable, Sendable {
  /// r = ‖ε‖/‖g‖ of each part; 0 if there was no perturbation or g is zero.
  let radii: [Double]
  /// Mean ⟨v, ε⟩ of noise around w; 0 for ascents, whose shift follows the gradient.
  let shift: Double
  /// ⟨v, g⟩ at w summed over the parts; nil if no query was made there.
  let slope: Double?
  /// ⟨v, ·⟩ of the descent gradient, before noise.
  let descent: Double

  /// Groups the queries of a step; nil if a part of the model was not queried.
  init?(_ queries: [ProjectedQuery], parts: EscapeModel.Parts) {
    let byPart = parts.queries.map { part in queries.filter { $0.part == part } }
    guard byPart.allSatisfy({ !$0.isEmpty }) else { return nil }
    descent = parts.combined(byPart.map { $0[$0.count - 1].slope }).reduce(0, +)
    if case .shards = parts {
      radii = [0]
      shift = parts.combined(byPart.map { $0[$0.count - 1].shift })[0]
      slope = nil
    } else {
      radii = byPart.map { asked in
        let (clean, last) = (asked[0], asked[asked.count - 1])
        return clean.norm > 0 ? last.displacement / clean.norm : 0
      }
      shift = 0
      slope = byPart.map { $0[0].slope }.reduce(0, +)
    }
  }
}
