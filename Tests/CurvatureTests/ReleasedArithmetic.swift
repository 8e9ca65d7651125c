import EscapementCurvature
import EscapementKernels

/// The released procedure's arithmetic on plain arrays, written straight from its description: the oracle of
/// `ReleasedLanczos` and `ReleasedTopEigenvalue`. Inner products are the 32 lanes of the numeric contract, rounded.
enum ReleasedArithmetic {
  static func dot(_ x: [Float], _ y: [Float]) -> Float {
    var lanes = [Double](repeating: 0, count: 32)
    for i in x.indices { lanes[i % 32] = (lanes[i % 32]).addingProduct(Double(x[i]), Double(y[i])) }
    var width = 16
    while width >= 1 {
      for i in 0..<width { lanes[i] += lanes[i + width] }
      width /= 2
    }
    return Float(lanes[0])
  }

  static func normalized(_ x: [Float]) -> [Float] {
    let divisor = Float(Double(dot(x, x).squareRoot()) + 1e-6)
    return x.map { $0 / divisor }
  }

  static func adding(_ s: Float, _ y: [Float], to x: [Float]) -> [Float] {
    zip(x, y).map { pair in
      let product = s * pair.1
      return pair.0 + product
    }
  }

  /// α and β of `steps` steps from a start of ±1; no breakdown is met.
  static func lanczos(
    _ map: DenseSymmetricOperator<Float>, start: [Float], steps: Int
  ) -> (alpha: [Float], beta: [Float]) {
    var v = normalized(start)
    var vectors = [v]
    var alpha: [Float] = []
    var beta: [Float] = []
    var w = map.product(Tensor(v)).elements
    alpha.append(dot(w, v))
    w = adding(-alpha[0], v, to: w)
    for _ in 1..<steps {
      let b = dot(w, w).squareRoot()
      beta.append(b)
      var u = w
      for earlier in vectors { u = adding(-dot(u, earlier), earlier, to: u) }
      let previous = v
      v = normalized(u)
      vectors.append(v)
      w = map.product(Tensor(v)).elements
      alpha.append(dot(w, v))
      w = adding(-alpha.last!, v, to: w)
      w = adding(-b, previous, to: w)
    }
    return (alpha, beta)
  }

  /// The quotients of power iteration and the value it returns.
  static func topEigenvalue(
    _ map: DenseSymmetricOperator<Float>, start: [Float], limit: Int
  ) -> (quotients: [Double], value: Double) {
    var v = normalized(start)
    var quotients: [Double] = []
    for _ in 0..<limit {
      v = normalized(v)
      let hv = map.product(Tensor(v)).elements
      quotients.append(Double(dot(hv, v)))
      v = normalized(hv)
      if quotients.count > 1 {
        let (previous, now) = (quotients[quotients.count - 2], quotients[quotients.count - 1])
        if abs(previous - now) / (abs(previous) + 1e-6) < 1e-3 { return (quotients, previous) }
      }
    }
    return (quotients, quotients.last!)
  }
}
