import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// Whether a point is a saddle in a direction of negative curvature. The sign of an eigenvalue alone does not show
/// this.
///
/// An (ε, √(L₂ε)) second-order stationary point has ‖∇f‖ ≤ ε and λ_min ≥ −√(L₂ε), with L₂ the Lipschitz constant of the
/// Hessian (Nesterov and Polyak 2006). A point with ‖∇f‖ = ε and λ_min < −√(L₂ε) is a strict saddle at that scale:
/// compared with the curvature, the gradient is too small to determine a descent direction. All quantities are of one
/// loss over one set of samples, in one mode of batch norm.
public struct SaddleTest: Hashable, Sendable {
  /// A distance along the direction, with the behavior of the loss over it.
  public struct Excursion: Hashable, Sendable {
    /// t.
    public let distance: Double
    /// (f(w + tv) − 2f(w) + f(w − tv))/t².
    public let finiteCurvature: Double
    /// The size of its error due to rounding: a relative error of ε in each of four losses, divided by t².
    public let rounding: Double
    /// The larger of |⟨v, H(w ± tv)v⟩ − ⟨v, H(w)v⟩|/t, a lower bound on L₂.
    public let curvatureSlope: Double
  }

  /// f(w).
  public let loss: Double
  /// ε = ‖∇f(w)‖.
  public let gradientNorm: Double
  /// λ = ⟨v, H(w)v⟩ of the unit vector v.
  public let curvature: Double
  /// ⟨v, ∇f(w)⟩.
  public let slope: Double
  /// ‖w‖².
  public let squaredNorm: Double
  /// One for each requested distance.
  public let excursions: [Excursion]

  /// λ·‖w‖², which is invariant to a rescaling of weights before batch norm.
  public var scaleInvariantCurvature: Double { curvature * squaredNorm }
  /// λ²/ε for λ < 0: for every L₂ below this value the point is a saddle in the sense above; 0 if λ ≥ 0.
  public var largestLipschitzConstant: Double {
    curvature < 0 ? curvature * curvature / gradientNorm : 0
  }
  /// The largest slope of the curvature measured along v: L₂ is at least this.
  public var measuredLipschitzConstant: Double { Self.largest(excursions.map(\.curvatureSlope)) }
  /// Whether λ < −√(L₂ε) with the L₂ measured along v. False means that it is not such a saddle, because a larger L₂
  /// makes the condition harder to satisfy. True is a statement about this direction only.
  public var isSaddle: Bool { measuredLipschitzConstant < largestLipschitzConstant }

  /// Distances from those where rounding becomes visible to those where the network is a different one.
  public static let distances = [1e-3, 1e-2, 1e-1, 1]
  /// The number of losses and products at `count` distances, by default those of `distances`.
  public static func evaluations(atDistances count: Int = distances.count) -> Int { 2 + 4 * count }

  /// Measures `objective` at a point along `direction`, which need not have unit length but must not be zero.
  ///
  /// Two losses and two Hessian-vector products per distance, and a gradient and a product at the point.
  /// `onEvaluation` is called before each, and its errors end the test.
  public init<Element: Real>(
    objective: Objective<Element>, parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    samples: any SampleSource<Element>, normalization: Normalization = .running, direction: Tensor<Element>,
    distances: [Double] = SaddleTest.distances, onEvaluation: () throws -> Void = {}
  ) throws {
    precondition(
      direction.count == parameters.count, "a direction of \(direction.count) for \(parameters.count)")
    let length = direction.norm()
    precondition(length > 0, "a direction of length \(length)")
    let v = direction.scaled(by: 1 / length)
    func loss(_ t: Double) throws -> Double {
      try onEvaluation()
      return try objective.loss(
        at: Self.moved(parameters, by: t, along: v), statistics: statistics, over: samples,
        normalization: normalization)
    }
    func curvature(_ t: Double) throws -> Double {
      try onEvaluation()
      return try objective.hessianVectorProduct(
        at: Self.moved(parameters, by: t, along: v), statistics: statistics,
        direction: ParameterVector(layout: parameters.layout, flat: v), over: samples,
        normalization: normalization
      ).flat.dot(v)
    }
    try onEvaluation()
    let here = try objective.evaluate(
      at: parameters, statistics: statistics, over: samples, normalization: normalization)
    let lambda = try curvature(0)
    self.loss = here.loss
    gradientNorm = here.gradient.flat.norm()
    slope = here.gradient.flat.dot(v)
    self.curvature = lambda
    squaredNorm = parameters.flat.dot(parameters.flat)
    excursions = try distances.map { t in
      let (up, down) = try (loss(t), loss(-t))
      return Excursion(
        distance: t, finiteCurvature: (up - 2 * here.loss + down) / (t * t),
        rounding: Double(Element.ulpOfOne) * (up.magnitude + 2 * here.loss.magnitude + down.magnitude)
          / (t * t),
        curvatureSlope: try Self.largest([t, -t].map { try (curvature($0) - lambda).magnitude }) / t)
    }
  }

  /// The largest of some magnitudes; NaN if one of them is NaN, which `max` would ignore.
  static func largest(_ values: [Double]) -> Double {
    values.contains(where: \.isNaN) ? .nan : values.max() ?? 0
  }

  private static func moved<Element: Real>(
    _ w: ParameterVector<Element>, by t: Double, along v: Tensor<Element>
  ) -> ParameterVector<Element> {
    t == 0 ? w : ParameterVector(layout: w.layout, flat: w.flat.addingScaled(t, v))
  }
}
