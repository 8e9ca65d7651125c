import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementNetworks
import Testing

@Suite("PaCo's loss")
struct PaCoLossTests {
  static let counts = [50, 20, 8, 3, 1]
  static let labels = [0, 2, 2, 4]
  static let contrastLabels = labels + [2, 0, 1, 4, 3, 2]
  static let dimensions = 3

  /// The losses whose values PyTorch's autograd was asked for.
  static let losses = [
    "released": PaCoLoss(counts: counts),
    "other": PaCoLoss(
      counts: counts, alpha: 0.5, beta: 0.75, gamma: 0.625, centerTemperature: 1.25, temperature: 0.25),
  ]

  /// Loss, gradient in the features and in the logits, as printed by Benchmarks/peers/paco.py (PyTorch 2.15, double).
  static let recorded: [String: [Double]] = [
    "released": [
      7.033478571973241, -0.39374032327919534, -0.13354371297012244, 0.12346980728542926, 0.609854992219626,
      -1.1035333886481522, 0.9614002618461714, -0.8876671138197895, 1.0624105611535446, -0.7722094785054361,
      -1.5345954518239897, 0.9550037060650725, -1.1362360544948313, -0.24416962524453786,
      0.004524159049748717, 0.00024491134006829573, 0.0011188616145975622, 5.047382059728026e-05,
      0.0028543547937070293, 0.00015451796616576386, -0.2373422724147535, 3.8213559516250966e-05,
      0.00015517882782434533, 0.021501290389991958, 0.0011639532928162139, -0.23803222851542757,
      0.0002878551894829673, 1.2985655243151159e-05, 0.0006066913821878067, 0.0029564056470782764,
      0.00016004239922812465, 8.122268924782416e-06, -0.24506505604984205,
    ],
    "other": [
      3.0785768029252383, 0.13467655369573117, -0.10655685767249419, 0.07448019721492627,
      -0.15142813799359384, -0.08800022409368746, 0.0990026322892884, -0.3112999730375471,
      0.19141612338182934, -0.07174311588939894, 0.05653572455675369, -0.060364522645829366,
      0.004766273635880464, -0.08263507049920901, 0.010931430595607212, 0.0010603611950276422,
      0.003574932201551755, 0.0002997089098608709, 0.01446060192472882, 0.0014026948219038986,
      -0.04117418086034942, 0.0004587266821041011, 0.0014074921485098418, 0.05380535158924556,
      0.005219180256659255, -0.04564757973559347, 0.0017068411496599645, 0.00014309516137067294,
      0.007660786786806812, 0.027196331928243517, 0.00263807511483348, 0.0002430194346895921,
      -0.08496863921146625,
    ],
  ]

  /// ((along·row + across·column) mod modulus − modulus div 2) / scale: exact in binary, as in paco.py.
  static func entries(
    _ rows: Int, _ columns: Int, _ along: Int, _ across: Int, _ modulus: Int, _ scale: Double
  ) -> Tensor<Double> {
    let elements = (0..<rows * columns).map { i in
      Double((along * (i / columns) + across * (i % columns)) % modulus - modulus / 2) / scale
    }
    return Tensor(elements, shape: [rows, columns])
  }

  static let features = entries(4, dimensions, 5, 3, 7, 8)
  static let logits = entries(4, 5, 4, 5, 9, 2)
  static let contrasts = entries(10, dimensions, 3, 4, 7, 8)

  func evaluate<T: TensorAlgebra>(
    _ loss: PaCoLoss, _ features: T, _ logits: T
  ) -> (loss: Double, features: T, logits: T) where T.Element == Double {
    loss.evaluate(
      features: features, logits: logits, labels: Self.labels, contrasts: Self.contrasts,
      contrastLabels: Self.contrastLabels)
  }

  @Test("loss and gradients are PyTorch's", arguments: ["released", "other"])
  func peer(_ name: String) throws {
    let (loss, recorded) = try (#require(Self.losses[name]), #require(Self.recorded[name]))
    let result = evaluate(loss, Self.features, Self.logits)
    let parts = [[result.loss], result.features.elements, result.logits.elements]
    var start = 0
    for part in parts {
      let expected = recorded[start..<start + part.count]
      start += part.count
      let largest = expected.map(abs).max()!
      // A term is at most 20·27/64 < 9 in size, so one less the largest is right to 20 eps, which the exponential
      // makes relative; a sum of 15 shares and one of 13 products follow. Twice for the reference's own roundings,
      // and a share of a feature's gradient, over the temperature, may be 2·(3/8)·20 = 15.
      for (value, expected) in zip(part, expected) {
        #expect(abs(value - expected) <= 100 * Double.ulpOfOne * max(largest, 15))
      }
    }
    #expect(start == recorded.count)
  }

  @Test("gradients equal central differences", arguments: ["released", "other"])
  func centralDifferences(_ name: String) throws {
    let loss = try #require(Self.losses[name])
    let (_, features, logits) = evaluate(loss, Self.features, Self.logits)
    let h = 1e-5
    func check(_ tensor: Tensor<Double>, _ gradient: Tensor<Double>, _ value: (Tensor<Double>) -> Double) {
      for i in 0..<tensor.count {
        func moved(_ step: Double) -> Double {
          var elements = tensor.elements
          elements[i] += step
          return value(Tensor(elements, shape: tensor.shape))
        }
        let difference = (moved(h) - moved(-h)) / (2 * h)
        // Truncation: h²/6 times the third derivative. A feature's entry moves the terms by at most 2·(3/8)/t = 15,
        // so it is at most 10·15³. The values, of at most 10, are right to 200 eps.
        let bound = h * h / 6 * 10 * 15 * 15 * 15 + 200 * Double.ulpOfOne * 10 / h
        #expect(abs(gradient[i] - difference) <= bound, "entry \(i)")
      }
    }
    check(Self.features, features) { evaluate(loss, $0, Self.logits).loss }
    check(Self.logits, logits) { evaluate(loss, Self.features, $0).loss }
  }

  @Test("the gradient's derivative along a direction equals differences of the gradient")
  func secondDerivatives() throws {
    let loss = try #require(Self.losses["other"])
    let moves = (Self.entries(4, Self.dimensions, 2, 5, 7, 4), Self.entries(4, 5, 3, 2, 5, 4))
    let exact = evaluate(
      loss, Dual<Tensor<Double>>(primal: Self.features, tangent: moves.0),
      Dual<Tensor<Double>>(primal: Self.logits, tangent: moves.1))
    let h = 1e-5
    func gradient(_ step: Double) -> [Double] {
      let result = evaluate(
        loss, Self.features.addingScaled(step, moves.0), Self.logits.addingScaled(step, moves.1))
      return result.features.elements + result.logits.elements
    }
    let (plus, minus) = (gradient(h), gradient(-h))
    let derivatives = exact.features.derivative.elements + exact.logits.derivative.elements
    for (i, derivative) in derivatives.enumerated() {
      // Along the direction a term moves by at most 2·3·(3/4)·(3/8)/t < 7, an entry of the gradient has a factor of
      // 2·(3/8)/t = 3 before it: the third derivative of an entry is at most 10·3·7³.
      let bound = h * h / 6 * 10 * 3 * 343 + 200 * Double.ulpOfOne * 10 / h
      #expect(abs(derivative - (plus[i] - minus[i]) / (2 * h)) <= bound, "\(i)")
    }
    #expect(exact.features.value == evaluate(loss, Self.features, Self.logits).features)
  }

  @Test("without samples it is logit-adjusted cross-entropy")
  func withoutSamples() {
    let loss = PaCoLoss(counts: Self.counts, alpha: 0, gamma: 0)
    let result = evaluate(loss, Self.features, Self.logits)
    let adjusted = SoftmaxCrossEntropy(adjustment: AdjustedLogits(offsets: loss.offsets))
    let (sum, gradient) = adjusted.evaluate(
      logits: Self.logits, labels: Self.labels, totalWeight: 4, startingAt: 0)
    // A similarity is at most 20·27/64 < 9 and the largest center at least -1.5: the denominator is at least e⁻¹¹, of
    // which 1e-12 is at most e¹¹ parts in 10¹².
    let bound = 1e-12 * exp(11.0) + 200 * Double.ulpOfOne * 10
    #expect(abs(result.loss - sum / 4) <= bound)
    for (a, b) in zip(result.logits.elements, gradient.elements) { #expect(abs(a - b) <= bound) }
    #expect(result.features.elements.allSatisfy { $0 == 0 })
  }

  @Test("a NaN reaches the loss, from features and from logits")
  func nan() {
    let loss = PaCoLoss(counts: Self.counts)
    var features = Self.features.elements
    features[4] = .nan
    #expect(evaluate(loss, Tensor(features, shape: [4, 3]), Self.logits).loss.isNaN)
    var logits = Self.logits.elements
    logits[19] = .nan
    #expect(evaluate(loss, Self.features, Tensor(logits, shape: [4, 5])).loss.isNaN)
  }
}
