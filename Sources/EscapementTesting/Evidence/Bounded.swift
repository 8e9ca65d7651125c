/// A number in Double with a bound on its distance from the same computation in another type.
///
/// Every operation adds `unit` times its result to the bound: one rounding in the other type, and one in Double.
struct Bounded {
  /// The value in Double.
  var value: Double
  /// The bound on the distance.
  var error: Double
  /// eps of the other type, twice its largest relative rounding error.
  let unit: Double

  /// A number that is exact in both types.
  init(_ value: Double, error: Double = 0, unit: Double) {
    self.value = value
    self.error = error
    self.unit = unit
  }

  /// A number that is rounded in the other type.
  static func rounded(_ value: Double, unit: Double) -> Bounded {
    Bounded(value, error: value.magnitude * unit, unit: unit)
  }

  private static func result(_ value: Double, _ inherited: Double, _ unit: Double) -> Bounded {
    Bounded(value, error: inherited + unit * value.magnitude, unit: unit)
  }

  static func + (a: Bounded, b: Bounded) -> Bounded { result(a.value + b.value, a.error + b.error, a.unit) }

  static func - (a: Bounded, b: Bounded) -> Bounded { result(a.value - b.value, a.error + b.error, a.unit) }

  static func * (a: Bounded, b: Bounded) -> Bounded {
    result(
      a.value * b.value,
      a.value.magnitude * b.error + b.value.magnitude * a.error + a.error * b.error, a.unit)
  }
}

/// Gradient descent with momentum and weight decay, entry by entry, with a running bound of its rounding errors.
///
///     d = g + λ·w;   b = d on the first step, μ·b + d after it;   w = w − η·b
struct BoundedDescent {
  let momentum: Bounded
  let weightDecay: Bounded
  private(set) var buffer: [Bounded]?
  private(set) var parameters: [Bounded]

  init(_ settings: RuleSettings, from start: [Double], unit: Double) {
    momentum = .rounded(settings.momentum, unit: unit)
    weightDecay = .rounded(settings.weightDecay, unit: unit)
    parameters = start.map { Bounded($0, unit: unit) }
  }

  mutating func descend(along gradient: [Bounded], learningRate: Double) {
    let rate = Bounded.rounded(learningRate, unit: momentum.unit)
    let next = parameters.indices.map { i in
      let decayed = gradient[i] + weightDecay * parameters[i]
      return buffer.map { momentum * $0[i] + decayed } ?? decayed
    }
    for i in parameters.indices { parameters[i] = parameters[i] - rate * next[i] }
    buffer = next
  }
}
