import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// Whether a point is a saddle in a direction of negative curvature, which the sign of an eigenvalue alone does not say.
///
/// An (ε, √(L₂ε)) second-order stationary point has ‖∇f‖ ≤ ε and λ_min ≥ −√(L₂ε), with L₂ the Lipschitz constant of the Hessian (Nesterov and
/// Polyak 2006). A point with ‖∇f‖ = ε and λ_min < −√(L₂ε) is a strict saddle at that scale: the gradient is too small, against the curvature, to
/// tell the way out. Everything is of one loss over one set of samples, in one mode of batch norm.
public struct SaddleTest: Hashable, Sendable {
  /// A distance along the direction, and what the loss does over it.
  public struct Excursion: Hashable, Sendable {
    /// t.
    public let distance: Double
    /// (f(w + tv) − 2f(w) + f(w − tv))/t².
    public let finiteCurvature: Double
    /// How much rounding may have changed it: four losses' relative error of ε each, over t².
    public let rounding: Double
    /// The larger of |⟨v, H(w ± tv)v⟩ − ⟨v, H(w)v⟩|/t, which L₂ is at least.
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
  /// One for each distance asked for.
  public let excursions: [Excursion]

  /// λ·‖w‖², which a rescaling of weights before batch norm leaves as it is.
  public var scaleInvariantCurvature: Double { curvature * squaredNorm }
  /// λ²/ε for λ < 0: the point is a saddle in the sense above for every L₂ below this; 0 where λ ≥ 0.
  public var largestLipschitzConstant: Double {
    curvature < 0 ? curvature * curvature / gradientNorm : 0
  }
  /// The largest slope of the curvature measured along v: L₂ is at least this.
  public var measuredLipschitzConstant: Double { Self.largest(excursions.map(\.curvatureSlope)) }
  /// λ < −√(L₂ε) with the L₂ measured along v. False says it is no such saddle, because a larger L₂ would only make it less of one; true
  /// says so as far as this direction shows.
  public var isSaddle: Bool { measuredLipschitzConstant < largestLipschitzConstant }

  /// Distances from where rounding begins to where the network is another one.
  public static let distances = [1e-3, 1e-2, 1e-1, 1]
  /// Losses and products at the default distances.
  public static let evaluations = 2 + 4 * distances.count

  /// Measures `objective` at a point along `direction`, which need not have unit length but must not be zero.
  ///
  /// Two losses and two Hessian-vector products a distance, one of each at the point; `onEvaluation` is called before each,
  /// and what it throws ends the test.
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
    func evaluation(_ t: Double) throws -> Evaluation<Element> {
      try onEvaluation()
      return try objective.evaluate(
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
    let here = try evaluation(0)
    let lambda = try curvature(0)
    loss = here.loss
    gradientNorm = here.gradient.flat.norm()
    slope = here.gradient.flat.dot(v)
    self.curvature = lambda
    squaredNorm = parameters.flat.dot(parameters.flat)
    excursions = try distances.map { t in
      let (up, down) = try (evaluation(t).loss, evaluation(-t).loss)
      return Excursion(
        distance: t, finiteCurvature: (up - 2 * here.loss + down) / (t * t),
        rounding: Double(Element.ulpOfOne) * (up.magnitude + 2 * here.loss.magnitude + down.magnitude)
          / (t * t),
        curvatureSlope: try Self.largest([t, -t].map { try (curvature($0) - lambda).magnitude }) / t)
    }
  }

  /// The largest of some magnitudes, NaN where one is: `max` would lose it.
  static func largest(_ values: [Double]) -> Double {
    values.contains(where: \.isNaN) ? .nan : values.max() ?? 0
  }

  private static func moved<Element: Real>(
    _ w: ParameterVector<Element>, by t: Double, along v: Tensor<Element>
  ) -> ParameterVector<Element> {
    t == 0 ? w : ParameterVector(layout: w.layout, flat: w.flat.addingScaled(t, v))
  }
}
