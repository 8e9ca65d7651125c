import EscapementOptimizers
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import Testing

@testable import EscapementNetworks

/// Losses against their definitions, written out in Double with the C library's functions.
@Suite("Losses")
struct LossTests {
  static let counts = [500, 120, 40, 9]
  static let classWeights = [0.4, 0.7, 1.1, 1.8]
  static let samples = 7

  /// Logits of a few units, and labels that cover the classes.
  static let logits: [[Double]] = (0..<samples).map { (i: Int) -> [Double] in
    (0..<4).map { (c: Int) -> Double in 3 * sin(Double(5 * i + 3 * c) + 0.3) }
  }
  static let labels = [0, 3, 1, 2, 2, 0, 3]

  /// −log softmax(z)_y.
  static func crossEntropy(_ z: [Double], _ y: Int) -> Double {
    let m = z.max()!
    return log(z.map { exp($0 - m) }.reduce(0, +)) + m - z[y]
  }

  /// A loss and its definition as a function of one sample's logits; the batch's loss is Σ value / Σ weight.
  struct Case: CustomTestStringConvertible {
    let name: String
    let loss: any LogitLoss
    let value: @Sendable (_ z: [Double], _ y: Int) -> Double
    let weight: @Sendable (_ y: Int) -> Double
    /// By how much the logits, or with its cube the loss, are scaled: what derivatives grow with.
    var scale = 1.0
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    let w: @Sendable (Int) -> Double = { classWeights[$0] }
    let one: @Sendable (Int) -> Double = { _ in 1 }
    let (smallest, largest, total) = (9.0, 500.0, Double(counts.reduce(0, +)))
    let margin: @Sendable (Int) -> Double = { 0.5 * pow(smallest / Double(counts[$0]), 0.25) }
    let divisor: @Sendable (Int) -> Double = { pow(largest / Double(counts[$0]), 0.05) }
    let offset: @Sendable (Int) -> Double = { 0.75 * log(Double(counts[$0]) / total) }
    @Sendable func without(_ y: Int, _ m: Double, _ z: [Double]) -> [Double] {
      z.enumerated().map { $0.offset == y ? $0.element - m : $0.element }
    }
    return [
      Case(
        name: "weighted cross-entropy", loss: SoftmaxCrossEntropy(classWeights: classWeights),
        value: { w($1) * crossEntropy($0, $1) }, weight: w),
      Case(
        name: "LDAM",
        loss: SoftmaxCrossEntropy(classWeights: classWeights, adjustment: .ldam(counts: counts)),
        value: { z, y in w(y) * crossEntropy(without(y, margin(y), z).map { 30 * $0 }, y) }, weight: w,
        scale: 30),
      Case(
        name: "LDAM of SSE-SAM", loss: SoftmaxCrossEntropy(adjustment: .ldamOfSSESAM(counts: counts)),
        value: { z, y in crossEntropy(without(y, 30 * margin(y), z), y) }, weight: one),
      Case(
        name: "VS", loss: SoftmaxCrossEntropy(adjustment: .vs(counts: counts)),
        value: { z, y in crossEntropy(z.enumerated().map { $1 / divisor($0) + offset($0) }, y) }, weight: one),
      Case(
        name: "logit adjustment", loss: SoftmaxCrossEntropy(adjustment: .logitAdjustment(counts: counts)),
        value: { z, y in crossEntropy(z.enumerated().map { $1 + offset($0) }, y) }, weight: one),
      Case(
        name: "class-dependent temperature",
        loss: SoftmaxCrossEntropy(adjustment: .classDependentTemperature(counts: counts)),
        value: { z, y in crossEntropy(z.enumerated().map { $1 / divisor($0) }, y) }, weight: one),
      Case(
        name: "Algorithm 1: weights 1/n, divided by the batch",
        loss: SoftmaxCrossEntropy(classWeights: counts.map { 1 / Double($0) }, divisor: .samples),
        value: { crossEntropy($0, $1) / Double(counts[$1]) }, weight: one),
      Case(
        name: "focal, γ = 1", loss: FocalLoss(classWeights: classWeights),
        value: { z, y in
          let u = w(y) * crossEntropy(z, y)
          return (1 - exp(-u)) * u
        }, weight: one),
      Case(
        name: "focal, γ = 2.5, ten times", loss: FocalLoss(gamma: 2.5, factor: 10),
        value: { z, y in
          let u = crossEntropy(z, y)
          return 10 * pow(1 - exp(-u), 2.5) * u
        }, weight: one, scale: 3),
      Case(
        name: "focal, γ = 0", loss: FocalLoss(classWeights: classWeights, gamma: 0),
        value: { w($1) * crossEntropy($0, $1) }, weight: one),
    ]
  }()

  private func evaluate(_ loss: any LogitLoss, _ z: [[Double]]) -> (loss: Double, gradient: [Double]) {
    let total = loss.totalWeight(of: Self.labels)
    let (sum, gradient) = loss.evaluate(
      logits: Tensor(z.flatMap { $0 }, shape: [Self.samples, 4]), labels: Self.labels, totalWeight: total,
      startingAt: 0)
    return (sum / total, gradient.elements)
  }

  @Test("values are those of the definition", arguments: cases)
  func values(_ c: Case) {
    let total = Self.labels.reduce(0) { $0 + c.weight($1) }
    let terms = zip(Self.logits, Self.labels).map { c.value($0, $1) }
    let expected = terms.reduce(0, +) / total
    // Logits up to 30·3 lose up to 100 eps in a difference, and pass through some twenty operations.
    let bound = 2000 * Double.ulpOfOne * (terms.map { abs($0) }.reduce(0, +) / total + 1)
    #expect(abs(evaluate(c.loss, Self.logits).loss - expected) <= bound)
  }

  @Test("gradients equal central differences of the definition", arguments: cases)
  func gradients(_ c: Case) {
    let total = Self.labels.reduce(0) { $0 + c.weight($1) }
    let gradient = evaluate(c.loss, Self.logits).gradient
    let h = 1e-5
    for i in 0..<Self.samples {
      for k in 0..<4 {
        func value(_ step: Double) -> Double {
          var z = Self.logits[i]
          z[k] += step
          return c.value(z, Self.labels[i]) / total
        }
        let difference = (value(h) - value(-h)) / (2 * h)
        // Truncation h²/6 · |l'''|, with |l'''| ≤ 10 · scale³, and the values' rounding over h.
        let bound = h * h / 6 * 10 * pow(c.scale, 3) + 200 * Double.ulpOfOne * abs(value(0)) / h + 1e-10
        #expect(abs(gradient[4 * i + k] - difference) <= bound, "\(c.name), sample \(i), class \(k)")
      }
    }
  }

  @Test("the gradient's derivative along a direction equals differences of the gradient", arguments: cases)
  func secondDerivatives(_ c: Case) {
    let direction = (0..<(4 * Self.samples)).map { cos(Double(7 * $0) + 0.2) }
    let shape: Shape = [Self.samples, 4]
    let total = c.loss.totalWeight(of: Self.labels)
    let dual = Dual<Tensor<Double>>(
      primal: Tensor(Self.logits.flatMap { $0 }, shape: shape), tangent: Tensor(direction, shape: shape))
    let (_, moving) = c.loss.evaluate(logits: dual, labels: Self.labels, totalWeight: total, startingAt: 0)
    let h = 1e-5
    func gradient(_ step: Double) -> [Double] {
      evaluate(
        c.loss,
        (0..<Self.samples).map { i in (0..<4).map { Self.logits[i][$0] + step * direction[4 * i + $0] } }
      ).gradient
    }
    let (plus, minus) = (gradient(h), gradient(-h))
    for (i, exact) in moving.derivative.elements.enumerated() {
      // As above, one derivative further: |l''''| ≤ 100 · scale⁴ in the direction's units.
      let bound = h * h / 6 * 100 * pow(c.scale, 4) + 500 * Double.ulpOfOne * c.scale / h
      #expect(abs(exact - (plus[i] - minus[i]) / (2 * h)) <= bound, "\(c.name), \(i)")
    }
    #expect(moving.value.elements == evaluate(c.loss, Self.logits).gradient)
  }

  @Test("constants that do nothing leave cross-entropy's bits; one formula holds its special cases")
  func limits() {
    func bits(_ loss: any LogitLoss) -> [UInt64] {
      let (value, gradient) = evaluate(loss, Self.logits)
      return ([value] + gradient).map(\.bitPattern)
    }
    let plain = bits(SoftmaxCrossEntropy())
    #expect(bits(SoftmaxCrossEntropy(adjustment: .vs(counts: Self.counts, gamma: 0, tau: 0))) == plain)
    #expect(bits(SoftmaxCrossEntropy(adjustment: AdjustedLogits())) == plain)
    #expect(bits(SoftmaxCrossEntropy(adjustment: .ldam(counts: Self.counts, maximum: 0, scale: 1))) == plain)
    #expect(
      bits(SoftmaxCrossEntropy(adjustment: .vs(counts: Self.counts, gamma: 0)))
        == bits(SoftmaxCrossEntropy(adjustment: .logitAdjustment(counts: Self.counts))))
    #expect(
      bits(SoftmaxCrossEntropy(adjustment: .vs(counts: Self.counts, tau: 0)))
        == bits(SoftmaxCrossEntropy(adjustment: .classDependentTemperature(counts: Self.counts))))
    // A class without competitors in its own frequency: equal counts adjust nothing but the common offset.
    #expect(AdjustedLogits.vs(counts: [7, 7, 7], tau: 0).factors == [1, 1, 1])
  }

  @Test("parts sum as the whole, bit for bit", arguments: cases)
  func parts(_ c: Case) {
    let total = c.loss.totalWeight(of: Self.labels)
    var sum = 0.0
    for range in [0..<3, 3..<4, 4..<7] {
      let z = Tensor(Self.logits[range].flatMap { $0 }, shape: [range.count, 4])
      sum =
        c.loss.evaluate(
          logits: z, labels: Array(Self.labels[range]), totalWeight: total, startingAt: sum
        ).sum
    }
    #expect(sum / total == evaluate(c.loss, Self.logits).loss)
  }
}
