import EscapementKernels

extension Reference {
  /// The operands of a matrix product: C[m×n] = op(A) op(B), arrays with row lengths lda, ldb and ldc.
  public struct Matmul: Sendable, CustomStringConvertible {
    /// Rows of C, columns of C, and the contracted extent.
    public var m: Int, n: Int, k: Int
    /// Whether op transposes.
    public var transposeA = false, transposeB = false
    /// The number of stored elements after the extent of each row.
    public var padding = 0
    /// C + op(A) op(B) instead of op(A) op(B).
    public var accumulate = false

    /// A product of the given extents.
    public init(
      m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, padding: Int = 0,
      accumulate: Bool = false
    ) {
      self.m = m
      self.n = n
      self.k = k
      self.transposeA = transposeA
      self.transposeB = transposeB
      self.padding = padding
      self.accumulate = accumulate
    }

    /// The row length of A as stored.
    public var lda: Int { (transposeA ? m : k) + padding }
    /// The row length of B as stored.
    public var ldb: Int { (transposeB ? k : n) + padding }
    /// The row length of C.
    public var ldc: Int { n + padding }
    /// The number of stored elements of A; the last row has no padding after it.
    public var countA: Int { Self.stored(rows: transposeA ? k : m, columns: transposeA ? m : k, lda) }
    /// The number of stored elements of B.
    public var countB: Int { Self.stored(rows: transposeB ? n : k, columns: transposeB ? k : n, ldb) }
    /// The number of stored elements of C.
    public var countC: Int { Self.stored(rows: m, columns: n, ldc) }

    private static func stored(rows: Int, columns: Int, _ ld: Int) -> Int {
      rows == 0 || columns == 0 ? 0 : (rows - 1) * ld + columns
    }

    /// For messages: extents, transposes, padding, accumulation.
    public var description: String {
      "\(m)×\(n)×\(k)\(transposeA ? " Aᵀ" : "")\(transposeB ? " Bᵀ" : "") padding \(padding)"
        + (accumulate ? " accumulate" : "")
    }
  }

  /// Each output: chains of 512 over k, the tree, and C + sum as one more rounding when accumulating.
  ///
  /// `c` is the previous content of the array; elements between rows keep their bits.
  public static func matmul<E: Real>(_ s: Matmul, _ a: [E], _ b: [E], into c: [E]) -> [E] {
    var result = c
    for i in 0..<s.m {
      for j in 0..<s.n {
        let sum: E = chunkedDot(0..<s.k) { p in
          (a[s.transposeA ? p * s.lda + i : i * s.lda + p], b[s.transposeB ? j * s.ldb + p : p * s.ldb + j])
        }
        let at = i * s.ldc + j
        result[at] = s.accumulate ? c[at] + sum : sum
      }
    }
    return result
  }
}
