import EscapementKernels

/// The quadrature rule Σ wᵢ f(θᵢ) ≈ vᵀ f(H) v for a unit vector v, defined by m steps of Lanczos from v.
///
/// Nodes are the eigenvalues of T and weights the squared first components of its unit eigenvectors (Golub and Welsch,
/// Math. Comp. 23, 1969). The rule is exact for polynomials of degree ≤ 2m − 1. Weights are never renormalized, so
/// their sum deviates from 1 only by rounding.
public struct GaussQuadrature: Hashable, Sendable {
  /// Nodes, ascending within each probe.
  public let nodes: [Double]
  /// One weight per node.
  public let weights: [Double]

  /// The rule of a tridiagonal matrix.
  public init(_ matrix: SymmetricTridiagonal) throws {
    self.init(try TridiagonalEigen(matrix))
  }

  /// The rule of a tridiagonal matrix already decomposed.
  public init(_ eigen: TridiagonalEigen) {
    nodes = eigen.values
    weights = eigen.firstComponents.map { $0 * $0 }
  }

  /// A rule with given nodes and weights; unequal counts are a programming error.
  public init(nodes: [Double], weights: [Double]) {
    precondition(nodes.count == weights.count, "\(nodes.count) nodes with \(weights.count) weights")
    self.nodes = nodes
    self.weights = weights
  }

  /// The mean of the rules of several probes: all nodes, each weight divided by the number of rules.
  public init(mean rules: [GaussQuadrature]) {
    precondition(!rules.isEmpty, "the mean of no quadrature rules")
    nodes = rules.flatMap(\.nodes)
    weights = rules.flatMap { rule in rule.weights.map { $0 / Double(rules.count) } }
  }

  /// Σ wᵢ; 1 up to rounding.
  public var weightSum: Double { weights.reduce(0, +) }

  /// Σ wᵢ θᵢᵏ ≈ vᵀHᵏv.
  public func moment(_ degree: Int) -> Double {
    precondition(degree >= 0, "a moment of degree \(degree)")
    var sum = 0.0
    for (node, weight) in zip(nodes, weights) {
      var power = weight
      for _ in 0..<degree { power *= node }
      sum += power
    }
    return sum
  }

  /// The spectral density on `grid`: Σ wᵢ·exp(−(x − θᵢ)²/2σ²)/(σ√2π), with σ² = `variance`.
  ///
  /// Units are 1/eigenvalue; the integral over the line is `weightSum`.
  public func density(on grid: [Double], variance: Double) -> [Double] {
    precondition(variance > 0 && variance.isFinite, "the variance must be positive, got \(variance)")
    let x = Tensor<Double>(grid)
    var sum = Tensor<Double>.zeros(x.shape)
    for (node, weight) in zip(nodes, weights) {
      let kernel = x.zip(.subtract, scalar: node).map(.square).zip(.divide, scalar: -2 * variance).map(.exp)
      sum.addProduct(weight, kernel)
    }
    return sum.zip(.divide, scalar: (2 * Double.pi * variance).squareRoot()).elements
  }
}
