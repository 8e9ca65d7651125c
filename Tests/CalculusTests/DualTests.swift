import EscapementCalculus
import EscapementKernels
import EscapementRandomness
import Testing

private typealias D = Dual<Tensor<Double>>

/// A primitive of the algebra as a function of two tensors, to be differentiated along directions of both.
private struct Primitive: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let left: Shape
  let right: Shape
  let apply: @Sendable (D, D) -> D

  static let image: Shape = [3, 4, 4, 2]
  static let kernel: Shape = [3, 3, 2, 5]
  static let geometry = ConvolutionGeometry(stride: 2, padding: 1)

  static let all: [Primitive] = {
    var list: [Primitive] = [
      Primitive(testDescription: "+", left: [7], right: [7]) { $0 + $1 },
      Primitive(testDescription: "-", left: [7], right: [7]) { $0 - $1 },
      Primitive(testDescription: "*", left: [7], right: [7]) { $0 * $1 },
      Primitive(testDescription: "scaled", left: [7], right: []) { a, _ in a.scaled(by: -2.5) },
      Primitive(testDescription: "divided", left: [7], right: []) { a, _ in a.divided(by: 3) },
      Primitive(testDescription: "adding", left: [7], right: []) { a, _ in a.adding(2) },
      Primitive(testDescription: "masked", left: [7], right: [7]) { $0.masked(by: $1) },
      Primitive(testDescription: "addingChannels", left: image, right: [2]) { $0.addingChannels($1) },
      Primitive(testDescription: "subtractingChannels", left: image, right: [2]) {
        $0.subtractingChannels($1)
      },
      Primitive(testDescription: "multiplyingChannels", left: image, right: [2]) {
        $0.multiplyingChannels($1)
      },
      Primitive(testDescription: "subtractingRows", left: [3, 5], right: [3]) { $0.subtractingRows($1) },
      Primitive(testDescription: "multiplyingRows", left: [3, 5], right: [3]) { $0.multiplyingRows($1) },
      Primitive(testDescription: "rowSums", left: [3, 5], right: []) { a, _ in a.rowSums() },
      Primitive(testDescription: "gathered", left: [3, 5], right: []) { a, _ in
        a.gathered(columns: [4, 0, 2])
      },
      Primitive(testDescription: "channelSums", left: image, right: []) { a, _ in a.channelSums() },
      Primitive(testDescription: "channelDots", left: image, right: image) { $0.channelDots($1) },
      Primitive(testDescription: "mean of moments", left: image, right: []) { a, _ in
        a.channelMoments().mean
      },
      Primitive(testDescription: "variance of moments", left: image, right: []) { a, _ in
        a.channelMoments().variance
      },
      Primitive(testDescription: "convolved", left: image, right: kernel) {
        $0.convolved(with: $1, geometry)
      },
      Primitive(testDescription: "convolutionInputGradient", left: [3, 2, 2, 5], right: kernel) {
        $0.convolutionInputGradient(weights: $1, inputShape: image, geometry)
      },
      Primitive(testDescription: "pooledMean", left: image, right: []) { a, _ in a.pooledMean() },
      Primitive(testDescription: "pooledMeanAdjoint", left: [3, 2], right: []) { a, _ in
        a.pooledMeanAdjoint(shape: image)
      },
      Primitive(testDescription: "shortcut", left: image, right: []) { a, _ in
        a.shortcut(channels: 4, stride: 2, before: 1)
      },
      Primitive(testDescription: "shortcutAdjoint", left: [3, 2, 2, 4], right: []) { a, _ in
        a.shortcutAdjoint(inputShape: image, stride: 2, before: 1)
      },
    ]
    for function in UnaryFunction.allCases {
      list.append(
        Primitive(testDescription: "\(function)", left: [9], right: []) { a, _ in
          // Away from kinks and inside every domain: x in (1.2, 2.8), negated for the two-sided ones.
          let positive = a.map(.tanh).scaled(by: 0.8).adding(2)
          switch function {
          case .log, .squareRoot, .reciprocal: return positive.map(function)
          default:
            return (positive + positive.scaled(by: -1.75).multiplyingChannels(Self.alternating)).map(function)
          }
        })
    }
    return list
  }()

  /// 1, 0, 1, 0, …: makes every second argument negative.
  static let alternating = D(constant: Tensor((0..<9).map { Double(($0 + 1) % 2) }))
}

@Suite("Dual numbers")
struct DualTests {
  @Test("the tangent of every primitive equals a central difference", arguments: Primitive.all)
  private func centralDifference(_ p: Primitive) {
    func normal(_ index: UInt64, _ shape: Shape) -> Tensor<Double> {
      .standardNormal(seed: 21, purpose: .probe, index: index, shape: shape)
    }
    let (a, b) = (normal(1, p.left), normal(2, p.right))
    let (u, v) = (normal(3, p.left), normal(4, p.right))
    let result = p.apply(D(a, tangent: u), D(b, tangent: v))
    let h = 0x1p-18
    func value(_ t: Double) -> Tensor<Double> {
      p.apply(D(a.addingScaled(t, u), tangent: nil), D(b.addingScaled(t, v), tangent: nil)).value
    }
    let (plus, minus) = (value(h), value(-h))
    let difference = (plus - minus).scaled(by: 1 / (2 * h))
    // Rounding: each side carries at most 200 roundings of its largest magnitude, divided by 2h. Truncation: h²/6
    // times a third derivative below 10³ for these arguments of order one.
    let scale = 1 + plus.norm() + result.derivative.norm()
    let bound = (200 * Double.ulpOfOne / h + 1e3 * h * h) * scale
    #expect(result.derivative.shape == plus.shape)
    #expect((difference - result.derivative).norm() <= bound)
    #expect(result.value == value(0), "the primal is computed as without tangents")
  }

  @Test("a tangent of nil equals a tangent of zeros, and costs none", arguments: Primitive.all)
  private func zeroTangent(_ p: Primitive) {
    let a = Tensor<Double>.standardNormal(seed: 22, purpose: .probe, index: 1, shape: p.left)
    let b = Tensor<Double>.standardNormal(seed: 22, purpose: .probe, index: 2, shape: p.right)
    #expect(p.apply(D(constant: a), D(constant: b)).tangent == nil)
    let zero = p.apply(D(a, tangent: .zeros(p.left)), D(b, tangent: .zeros(p.right)))
    #expect(zero.derivative.norm() == 0)
  }
}
