/// A bound on the roundings in a contraction of k terms: chains of at most 512 fused steps, and a tree over the chunks.
///
/// With c = min(k, 512) + log₂ of the number of chunks + 1, the error of an entry is at most c·ε times the product of
/// absolute values (Higham, Accuracy and Stability of Numerical Algorithms,
/// 3.1, with ε = 2u instead of u/(1 − ku)).
func contractionRoundings(_ k: Int) -> Int {
  let chunks = (k + 511) / 512
  let levels = chunks > 1 ? Int.bitWidth - (chunks - 1).leadingZeroBitCount : 0
  return min(k, 512) + levels + 1
}
