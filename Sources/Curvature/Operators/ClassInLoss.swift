import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The relation between one class's loss and the loss that is trained: F = Σ_k p_k f_k over all classes.
///
/// p_k = w_k n_k / Σ_j w_j n_j with the loss's class weights. A saddle of a class's loss affects the descent only to
/// the extent that it appears in F.
public struct ClassInLoss: Hashable, Sendable {
  /// p_k.
  public let share: Double
  /// ⟨p_k ∇f_k, ∇F⟩/‖∇F‖², which adds up to 1 over the classes; NaN if ∇F is zero.
  public let gradientShare: Double
  /// ⟨v, H_F v⟩ for the unit vector v along the class's direction.
  public let curvatureOfWhole: Double

  /// Measures a class's samples within `all`, along `direction`: two passes and one product over all samples.
  public init<Element: Real>(
    objective: Objective<Element>, parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    samples: any SampleSource<Element>, within all: any SampleSource<Element>,
    normalization: Normalization = .running, direction: Tensor<Double>
  ) throws {
    let whole = try objective.evaluate(
      at: parameters, statistics: statistics, over: all, normalization: normalization)
    let part = try objective.evaluate(
      at: parameters, statistics: statistics, over: samples, normalization: normalization)
    share = objective.loss.totalWeight(of: samples.labels) / objective.loss.totalWeight(of: all.labels)
    gradientShare =
      share * part.gradient.flat.dot(whole.gradient.flat) / whole.gradient.flat.dot(whole.gradient.flat)
    let v = direction.scaled(by: 1 / direction.norm()).converted(to: Element.self)
    let product = try objective.hessianVectorProduct(
      at: parameters, statistics: statistics,
      direction: ParameterVector(layout: parameters.layout, flat: v), over: all, normalization: normalization)
    // v was rounded, so the division includes its squared length.
    curvatureOfWhole = product.flat.dot(v) / v.dot(v)
  }
}
