import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

extension MiniBatchRow {
  /// The row of one mini-batch of a network, with batch norm in training mode: each pass and the Hessian-vector product
  /// use the mini-batch's own statistics and differentiate through them. The running statistics do not change.
  package init<Element: Real>(
    _ objective: Objective<Element>, at w: ParameterVector<Element>, statistics: ParameterVector<Element>,
    batch: LabeledBatch<Element>, rho: Double?, along directions: [Tensor<Element>],
    eigenvalues: [Double] = [], products: Bool = false
  ) throws {
    var oracle = NetworkOracle(objective: objective, batch: batch, statistics: statistics)
    let hessian =
      products
      ? HessianOperator(
        objective: objective, parameters: w, statistics: statistics, samples: batch, normalization: .batch)
      : nil
    try self.init(
      &oracle, at: w, rho: rho, along: directions, eigenvalues: eigenvalues,
      product: hessian.map { hessian in { try hessian.product($0) } })
  }
}
