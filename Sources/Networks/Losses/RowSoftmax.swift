import EscapementCalculus
import EscapementKernels

/// The row-wise softmax of logits `[n][classes]`, with the quantities that cross-entropy needs.
///
/// ℓ = log Σ exp(z − m) − (z_y − m) with m the row's largest logit. m is treated as a constant because the softmax does
/// not depend on it.
struct RowSoftmax<T: TensorAlgebra> {
  private let shifted: T
  private let sums: T
  private let exponentials: T
  private let labels: [Int]

  init(_ logits: T, labels: [Int]) {
    shifted = logits.subtractingRows(T(constant: logits.value.rowMaxima()))
    exponentials = shifted.map(.exp)
    sums = exponentials.rowSums()
    self.labels = labels
  }

  /// ℓᵢ, with their tangents.
  var losses: T { sums.map(.log) - shifted.gathered(columns: labels) }
  /// The values of ℓᵢ only.
  var lossValues: Tensor<T.Element> { sums.value.map(.log) - shifted.value.gathered(columns: labels) }
  /// softmax(z).
  var probabilities: T { exponentials.multiplyingRows(sums.map(.reciprocal)) }
  /// ∂ℓᵢ/∂z: the probabilities, minus 1 at the true class.
  var gradient: T {
    let ones = Tensor<T.Element>(repeating: 1, shape: [labels.count])
    return probabilities - T(constant: ones.scattered(columns: labels, width: shifted.shape.columns))
  }
}
