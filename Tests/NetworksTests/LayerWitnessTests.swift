import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementRandomness
import EscapementTestSupport
import Testing

@testable import EscapementNetworks

/// One layer on a small input, with the same map spelt out on the tape.
struct LayerCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let layer: any Layer
  let layout: ParameterLayout
  let statisticsLayout: ParameterLayout
  let input: Shape
  let normalization: Normalization
  let onTape:
    @Sendable (_ x: [RecordedTape.Node], _ p: (String) -> [RecordedTape.Node], _ s: (String) -> [Double])
      -> [RecordedTape.Node]

  static let all: [LayerCase] = {
    typealias E = TapeLayers.Extents
    var cases: [LayerCase] = []
    func add(
      _ name: String, _ input: Shape, _ normalization: Normalization = .batch,
      _ make: (inout ParameterLayout, inout ParameterLayout) -> any Layer,
      _ onTape:
        @escaping @Sendable (
          [RecordedTape.Node], (String) -> [RecordedTape.Node], (String) -> [Double]
        ) -> [RecordedTape.Node]
    ) {
      var layout = ParameterLayout()
      var statistics = ParameterLayout()
      let layer = make(&layout, &statistics)
      cases.append(
        LayerCase(
          testDescription: name, layer: layer, layout: layout, statisticsLayout: statistics, input: input,
          normalization: normalization, onTape: onTape))
    }
    for (size, stride, padding) in [
      (3, 1, 1), (3, 2, 1), (1, 1, 0), (1, 2, 0), (5, 2, 2), (2, 1, 0), (3, 3, 0),
    ] {
      add("convolution \(size) stride \(stride) padding \(padding)", [2, 5, 6, 3]) { layout, _ in
        Convolution(
          name: "c", input: 3, output: 2, size: size, stride: stride, padding: padding, layout: &layout)
      } _: { x, p, _ in
        TapeLayers.convolution(
          x, E(n: 2, h: 5, w: 6, c: 3), weights: p("c.weight"), size: size, output: 2, stride: stride,
          padding: padding
        ).0
      }
    }
    add("dense", [5, 4]) { layout, _ in
      Dense(name: "d", input: 4, output: 3, layout: &layout)
    } _: { x, p, _ in
      TapeLayers.dense(x, samples: 5, weights: p("d.weight"), bias: p("d.bias"))
    }
    add("batch norm, batch statistics", [3, 2, 2, 3]) { layout, statistics in
      BatchNorm(name: "b", channels: 3, layout: &layout, statistics: &statistics)
    } _: { x, p, _ in
      TapeLayers.batchNorm(x, channels: 3, gain: p("b.weight"), shift: p("b.bias"))
    }
    add("batch norm, running statistics", [3, 2, 2, 3], .running) { layout, statistics in
      BatchNorm(name: "b", channels: 3, layout: &layout, statistics: &statistics)
    } _: { x, p, s in
      TapeLayers.batchNorm(
        x, channels: 3, gain: p("b.weight"), shift: p("b.bias"),
        running: (s("b.running_mean"), s("b.running_var")))
    }
    add("ReLU", [3, 7]) { _, _ in
      Activation.relu
    } _: { x, _, _ in
      x.map { $0.rectified() }
    }
    add("tanh", [3, 7]) { _, _ in
      Activation.tanh
    } _: { x, _, _ in
      x.map { $0.hyperbolicTangent(Foundation.tanh) }
    }
    add("global average pool", [2, 3, 3, 4]) { _, _ in
      GlobalAveragePool()
    } _: { x, _, _ in
      TapeLayers.pool(x, E(n: 2, h: 3, w: 3, c: 4))
    }
    add("normalized dense", [5, 4]) { layout, _ in
      NormalizedDense(name: "d", input: 4, output: 3, layout: &layout)
    } _: { x, p, _ in
      TapeLayers.normalizedDense(x, samples: 5, weights: p("d.weight"), output: 3)
    }
    for (size, stride, padding) in [(3, 2, 1), (2, 2, 0), (3, 1, 0)] {
      add("max-pool \(size) stride \(stride) padding \(padding)", [2, 5, 6, 3]) { _, _ in
        MaxPool(size: size, stride: stride, padding: padding)
      } _: { x, _, _ in
        TapeLayers.maxPool(x, E(n: 2, h: 5, w: 6, c: 3), size: size, stride: stride, padding: padding)
      }
    }
    addProjectedBlocks(add)
    for (input, output, stride) in [(2, 2, 1), (2, 4, 2), (2, 4, 1)] {
      for normalization in [Normalization.batch, .running] {
        add(
          "residual block \(input) to \(output), stride \(stride), \(normalization)", [2, 4, 4, input],
          normalization
        ) {
          layout, statistics in
          ResidualBlock(
            name: "r", input: input, output: output, stride: stride, layout: &layout, statistics: &statistics)
        } _: { x, p, s in
          let e = E(n: 2, h: 4, w: 4, c: input)
          func norm(_ y: [RecordedTape.Node], _ name: String) -> [RecordedTape.Node] {
            TapeLayers.batchNorm(
              y, channels: output, gain: p("\(name).weight"), shift: p("\(name).bias"),
              running: normalization == .running ? (s("\(name).running_mean"), s("\(name).running_var")) : nil
            )
          }
          let (first, e1) = TapeLayers.convolution(
            x, e, weights: p("r.conv1.weight"), size: 3, output: output, stride: stride, padding: 1)
          let (second, _) = TapeLayers.convolution(
            norm(first, "r.bn1").map { $0.rectified() }, e1, weights: p("r.conv2.weight"), size: 3,
            output: output, stride: 1, padding: 1)
          return zip(norm(second, "r.bn2"), TapeLayers.shortcut(x, e, output: output, stride: stride)).map {
            ($0 + $1).rectified()
          }
        }
      }
    }
    return cases
  }()

  private typealias Nodes = [RecordedTape.Node]

  /// Blocks with 1×1 convolutions beside them, of both kinds.
  private static func addProjectedBlocks(
    _ add: (
      String, Shape, Normalization, (inout ParameterLayout, inout ParameterLayout) -> any Layer,
      @escaping @Sendable (Nodes, (String) -> Nodes, (String) -> [Double]) -> Nodes
    ) -> Void
  ) {
    for (bottleneck, stride) in [(false, 2), (false, 1), (true, 2), (true, 1)] {
      for normalization in [Normalization.batch, .running] {
        let kernels = bottleneck ? [(1, 1, 1), (3, 1, stride), (1, 4, 1)] : [(3, 4, stride), (3, 4, 1)]
        let kind = bottleneck ? "bottleneck" : "projected block"
        add("\(kind), stride \(stride), \(normalization)", [2, 4, 4, 2], normalization) {
          layout, statistics in
          bottleneck
            ? ResidualBlock(
              bottleneck: "r", input: 2, width: 1, stride: stride, distribution: .normalFanOut,
              layout: &layout, statistics: &statistics)
            : ResidualBlock(
              name: "r", input: 2, output: 4, stride: stride, shortcut: .projection, layout: &layout,
              statistics: &statistics)
        } _: { x, p, s in
          func stage(
            _ x: Nodes, _ e: TapeLayers.Extents, _ kernel: (Int, Int, Int), _ convolution: String,
            _ norm: String
          ) -> (Nodes, TapeLayers.Extents) {
            let (size, output, stride) = kernel
            let (y, extents) = TapeLayers.convolution(
              x, e, weights: p("r.\(convolution).weight"), size: size, output: output, stride: stride,
              padding: size / 2)
            return (
              TapeLayers.batchNorm(
                y, channels: output, gain: p("r.\(norm).weight"), shift: p("r.\(norm).bias"),
                running: normalization == .running
                  ? (s("r.\(norm).running_mean"), s("r.\(norm).running_var")) : nil), extents
            )
          }
          let start = TapeLayers.Extents(n: 2, h: 4, w: 4, c: 2)
          var (y, e) = (x, start)
          for (i, kernel) in kernels.enumerated() {
            if i > 0 { y = y.map { $0.rectified() } }
            (y, e) = stage(y, e, kernel, "conv\(i + 1)", "bn\(i + 1)")
          }
          let (beside, _) = stage(x, start, (1, 4, stride), "downsample.0", "downsample.1")
          return zip(y, beside).map { ($0 + $1).rectified() }
        }
      }
    }
  }

  var parameters: ParameterVector<Double> {
    ParameterVector(
      layout: layout, flat: .standardNormal(seed: 7, purpose: .probe, index: 1, shape: [layout.count]))
  }
  /// Running means around 0 and variances in (0.5, 2.5).
  var statistics: ParameterVector<Double> {
    var vector = ParameterVector<Double>(
      layout: statisticsLayout,
      flat: .standardNormal(seed: 7, purpose: .probe, index: 2, shape: [statisticsLayout.count]))
    for segment in statisticsLayout.segments where segment.name.hasSuffix("running_var") {
      for i in 0..<segment.count {
        vector.flat.withMutablePointer { $0[segment.offset + i] = 0.5 + 0.25 * Double(i % 8) }
      }
    }
    return vector
  }
  var x: Tensor<Double> { .standardNormal(seed: 7, purpose: .probe, index: 3, shape: input) }

  func pass<T: TensorAlgebra>(_ type: T.Type, direction: ParameterVector<Double>? = nil) -> Pass<T>
  where T.Element == Double {
    Pass(
      parameters: parameters, direction: direction, statistics: statistics, normalization: normalization,
      gradients: GradientAccumulator(layout: layout))
  }

  /// The layer's own gradients of ⟨u, y⟩ for a fixed random u.
  func backward() -> (
    output: Tensor<Double>, cotangent: Tensor<Double>, input: Tensor<Double>, parameters: Tensor<Double>
  ) {
    var pass = pass(Tensor<Double>.self)
    let y = layer.forward(x, &pass)
    let u = Tensor<Double>.standardNormal(seed: 7, purpose: .probe, index: 4, shape: y.shape)
    let dx = layer.backward(u, &pass, needsInput: true)!
    #expect(pass.isEmpty)
    return (y, u, dx, pass.gradients.total().flat)
  }
}

@Suite("Every layer against its witnesses")
struct LayerWitnessTests {
  /// Two evaluations of one gradient entry differ by rounding: at most `depth` operations lie on any path from
  /// an input to the sum, each with relative error eps, and `scale` bounds the magnitude of the summed terms.
  /// Depth 2000 covers the residual block (two 3×3 convolutions and norms over 32 values each, forward and back).
  static func expectClose(_ a: [Double], _ b: [Double], _ what: String, depth: Double = 2000) {
    #expect(a.count == b.count)
    let scale = max(1, b.map(abs).max() ?? 1)
    let bound = depth * Double.ulpOfOne * scale
    for (i, pair) in zip(a, b).enumerated() where !(abs(pair.0 - pair.1) <= bound) {
      Issue.record("\(what)[\(i)]: \(pair.0) against \(pair.1), allowed \(bound)")
      return
    }
  }

  @Test("values and gradients equal the recorded tape's", arguments: LayerCase.all)
  func tape(_ c: LayerCase) {
    let (y, u, dx, dp) = c.backward()
    let tape = RecordedTape()
    let x = tape.constants(c.x.elements)
    let p = tape.constants(c.parameters.flat.elements)
    let output = c.onTape(
      x,
      { name in
        let s = c.layout.segments[c.layout.index(of: name)!]
        return Array(p[s.offset..<(s.offset + s.count)])
      },
      { name in c.statistics[c.statisticsLayout.index(of: name)!].elements })
    Self.expectClose(y.elements, output.values, "output")
    let gradient = tape.gradient(of: output.dot(u.elements), in: x + p).values
    Self.expectClose(dx.elements, Array(gradient.prefix(x.count)), "input gradient")
    Self.expectClose(dp.elements, Array(gradient.dropFirst(x.count)), "parameter gradient")
  }

  @Test("⟨Jv, u⟩ = ⟨v, Jᵀu⟩ for moving input and parameters", arguments: LayerCase.all)
  func adjoint(_ c: LayerCase) {
    let (_, u, dx, dp) = c.backward()
    let dot: (Tensor<Double>, ParameterVector<Double>) -> Tensor<Double> = { vx, vp in
      var pass = c.pass(Dual<Tensor<Double>>.self, direction: vp)
      return c.layer.forward(Dual(c.x, tangent: vx), &pass).derivative
    }
    let vx = Tensor<Double>.standardNormal(seed: 7, purpose: .direction, index: 1, shape: c.input)
    let vp = ParameterVector<Double>(
      layout: c.layout, flat: .standardNormal(seed: 7, purpose: .direction, index: 2, shape: [c.layout.count])
    )
    let tangent = dot(vx, vp)
    let left = tangent.dot(u)
    let right = dx.dot(vx) + dp.dot(vp.flat)
    let scale = tangent.norm() * u.norm() + dx.norm() * vx.norm() + dp.norm() * vp.flat.norm()
    // As in `expectClose`, with Cauchy–Schwarz bounding the terms of the three inner products.
    #expect(abs(left - right) <= 2000 * Double.ulpOfOne * scale, "\(left) against \(right)")
  }

  @Test("gradients equal central differences", arguments: LayerCase.all)
  func centralDifferences(_ c: LayerCase) {
    let (_, u, dx, dp) = c.backward()
    let vx = Tensor<Double>.standardNormal(seed: 7, purpose: .direction, index: 3, shape: c.input)
    let vp = Tensor<Double>.standardNormal(seed: 7, purpose: .direction, index: 4, shape: [c.layout.count])
    let h = 0x1p-17
    func output(_ t: Double) -> Tensor<Double> {
      var pass = Pass<Tensor<Double>>(
        parameters: ParameterVector(layout: c.layout, flat: c.parameters.flat.addingScaled(t, vp)),
        statistics: c.statistics, normalization: c.normalization,
        gradients: GradientAccumulator(layout: c.layout))
      return c.layer.forward(c.x.addingScaled(t, vx), &pass)
    }
    let (plus, minus) = (output(h), output(-h))
    let difference = (plus.dot(u) - minus.dot(u)) / (2 * h)
    let exact = dx.dot(vx) + dp.dot(vp)
    let scale = dx.norm() * vx.norm() + dp.norm() * vp.norm()
    // Rounding: two sums of outputs, each with relative error 100 eps, divided by 2h. Truncation: h²/6 times
    // the third derivative, at most 10⁴ times the gradient here (normalized inputs of order one).
    let bound = 100 * Double.ulpOfOne * plus.norm() * u.norm() / h + h * h * 1e4 * scale
    #expect(abs(difference - exact) <= bound, "\(difference) against \(exact), allowed \(bound)")
  }
}
