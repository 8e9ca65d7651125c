import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks

/// A vector of one segment.
package func vector<E: Real>(_ elements: [E]) -> ParameterVector<E> {
  var layout = ParameterLayout()
  layout.append(name: "w", shape: [elements.count], role: .vector)
  return ParameterVector(layout: layout, flat: Tensor(elements))
}

/// The context of a step, by default in epoch 0.
package func context(_ step: Int, epoch: Int = 0, rate: Double = 0.1) -> StepContext {
  StepContext(step: step, epoch: epoch, learningRate: rate)
}

/// w + s·g with s = ρ / (‖g‖ + constant) on scalars, with one rounded operation per line.
package func ascended<E: Real>(_ w: [E], along g: [E], rho: Double, constant: Double = 1e-16) -> [E] {
  // The norm's own order of summation is the kernels' contract, tested there.
  moved(w, along: g, by: rho / (vector(g).flat.norm() + constant))
}

/// w + s·d on scalars, with one rounded operation per line.
package func moved<E: Real>(_ w: [E], along d: [E], by s: Double) -> [E] {
  let scale = E(rounding: s)
  return w.indices.map { i -> E in
    let move: E = scale * d[i]
    return w[i] + move
  }
}

/// SGD with momentum on scalars, with one rounded operation per line.
package struct ScalarSGD<E: Real> {
  package let momentum: E
  package let decay: E
  package var buffer: [E]?

  package init(momentum: Double, decay: Double) {
    self.momentum = E(rounding: momentum)
    self.decay = E(rounding: decay)
  }

  package mutating func descend(_ w: inout [E], along g: [E], rate: Double) {
    var next: [E] = []
    for i in w.indices {
      let decayed: E = decay * w[i]
      let d: E = g[i] + decayed
      if let buffer {
        let kept: E = momentum * buffer[i]
        next.append(kept + d)
      } else {
        next.append(d)
      }
      let move: E = E(rounding: rate) * next[i]
      w[i] = w[i] - move
    }
    buffer = next
  }
}

/// Starting points and spectra for which all operations round: fractions that are not binary, and both zeros.
package enum RuleCase {
  package static func start<E: Real>(_ type: E.Type) -> [E] {
    (0..<37).map { E(rounding: (Double($0) - 17.3) / 7.1) } + [0, -0.0]
  }
  package static func spectrum<E: Real>(_ type: E.Type) -> [E] {
    (0..<37).map { E(rounding: (Double(($0 * 5) % 37) - 11) / 3.7) } + [1, 1]
  }
  /// A second spectrum, with smaller eigenvalues, for the tail.
  package static func tailSpectrum<E: Real>(_ type: E.Type) -> [E] {
    (0..<37).map { E(rounding: (Double(($0 * 7) % 37) - 15) / 21.3) } + [0.5, -0.25]
  }
}
