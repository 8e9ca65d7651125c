/// Holm's step-down adjustment of a family of p values.
///
/// With p₍₁₎ ≤ … ≤ p₍ₘ₎ the adjusted value of the k-th is max over j ≤ k of min(1, (m − j + 1)·p₍ⱼ₎). Rejecting those
/// at or below α keeps the probability of any false rejection at α or less, whatever the dependence between the tests.
/// S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
package enum HolmStepDown {
  /// The adjusted p values, in the given order. A NaN means that a test was not made. It counts as 1, so missing
  /// evidence does not reduce the size of the family.
  package static func adjusted(_ pValues: [Double]) -> [Double] {
    let values = pValues.map { $0.isNaN ? 1 : $0 }
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var adjusted = values
    var running = 0.0
    for (rank, index) in order.enumerated() {
      running = max(running, min(1, Double(values.count - rank) * values[index]))
      adjusted[index] = running
    }
    return adjusted
  }
}
