import EscapementKernels
import Foundation

/// The layers over tape nodes, written directly from their definitions. Arrays are row-major with the package's axes:
/// images `[n][h][w][c]`, kernels `[kh][kw][ci][co]`, dense weights `[in][out]`.
public enum TapeLayers {
  public typealias Node = RecordedTape.Node

  /// An image batch's extents.
  public struct Extents {
    public var n: Int, h: Int, w: Int, c: Int
    public init(n: Int, h: Int, w: Int, c: Int) {
      (self.n, self.h, self.w, self.c) = (n, h, w, c)
    }
    public var count: Int { n * h * w * c }
  }

  public static func convolution(
    _ x: [Node], _ e: Extents, weights: [Node], size: Int, output: Int, stride: Int, padding: Int
  ) -> ([Node], Extents) {
    let oh = (e.h + 2 * padding - size) / stride + 1
    let ow = (e.w + 2 * padding - size) / stride + 1
    var y: [Node] = []
    for n in 0..<e.n {
      for r in 0..<oh {
        for c in 0..<ow {
          for k in 0..<output {
            var terms: [Node] = [x[0].tape.constant(0)]
            for a in 0..<size {
              for b in 0..<size {
                let (i, j) = (r * stride + a - padding, c * stride + b - padding)
                guard i >= 0, i < e.h, j >= 0, j < e.w else { continue }
                for ci in 0..<e.c {
                  terms.append(
                    x[((n * e.h + i) * e.w + j) * e.c + ci]
                      * weights[((a * size + b) * e.c + ci) * output + k])
                }
              }
            }
            y.append(terms.sum())
          }
        }
      }
    }
    return (y, Extents(n: e.n, h: oh, w: ow, c: output))
  }

  public static func batchNorm(
    _ x: [Node], channels: Int, gain: [Node], shift: [Node], epsilon: Double = 1e-5,
    running: (mean: [Double], variance: [Double])? = nil
  ) -> [Node] {
    var y = x
    let tape = x[0].tape
    for c in 0..<channels {
      let places = Swift.stride(from: c, to: x.count, by: channels)
      let count = Double(places.underestimatedCount)
      let mean: Node
      let variance: Node
      if let running {
        mean = tape.constant(running.mean[c])
        variance = tape.constant(running.variance[c])
      } else {
        mean = (1 / count) * places.map { x[$0] }.sum()
        variance = (1 / count) * places.map { (x[$0] - mean) * (x[$0] - mean) }.sum()
      }
      let deviation = (variance + tape.constant(epsilon)).squareRoot()
      for i in places { y[i] = gain[c] * ((x[i] - mean) / deviation) + shift[c] }
    }
    return y
  }

  public static func dense(_ x: [Node], samples: Int, weights: [Node], bias: [Node]) -> [Node] {
    let input = x.count / samples
    let output = bias.count
    var y: [Node] = []
    for n in 0..<samples {
      for o in 0..<output {
        y.append((0..<input).map { x[n * input + $0] * weights[$0 * output + o] }.sum() + bias[o])
      }
    }
    return y
  }

  /// Cosines of the rows of x and the columns of weights, none of which may have a small norm.
  public static func normalizedDense(_ x: [Node], samples: Int, weights: [Node], output: Int) -> [Node] {
    let input = x.count / samples
    func cosine(_ a: [Node], _ b: [Node]) -> Node {
      func dot(_ a: [Node], _ b: [Node]) -> Node { zip(a, b).map { $0 * $1 }.sum() }
      return dot(a, b) / (dot(a, a).squareRoot() * dot(b, b).squareRoot())
    }
    let columns = (0..<output).map { o in (0..<input).map { weights[$0 * output + o] } }
    return (0..<samples).flatMap { n in columns.map { cosine(Array(x[(n * input)..<((n + 1) * input)]), $0) }
    }
  }

  /// The first of the largest entries of each window, among those inside the image.
  public static func maxPool(_ x: [Node], _ e: Extents, size: Int, stride: Int, padding: Int) -> [Node] {
    var y: [Node] = []
    for n in 0..<e.n {
      for r in Swift.stride(from: -padding, through: e.h + padding - size, by: stride) {
        for c in Swift.stride(from: -padding, through: e.w + padding - size, by: stride) {
          for k in 0..<e.c {
            var window: [Node] = []
            for i in r..<(r + size) where i >= 0 && i < e.h {
              for j in c..<(c + size) where j >= 0 && j < e.w {
                window.append(x[((n * e.h + i) * e.w + j) * e.c + k])
              }
            }
            y.append(window.dropFirst().reduce(window[0]) { $1.value > $0.value ? $1 : $0 })
          }
        }
      }
    }
    return y
  }

  public static func pool(_ x: [Node], _ e: Extents) -> [Node] {
    var y: [Node] = []
    for n in 0..<e.n {
      for c in 0..<e.c {
        y.append((1 / Double(e.h * e.w)) * (0..<(e.h * e.w)).map { x[(n * e.h * e.w + $0) * e.c + c] }.sum())
      }
    }
    return y
  }

  /// Option A: every `stride`-th pixel, the new channels half in front and half behind, all zero.
  public static func shortcut(_ x: [Node], _ e: Extents, output: Int, stride: Int) -> [Node] {
    let before = (output - e.c) / 2
    var y: [Node] = []
    for n in 0..<e.n {
      for r in Swift.stride(from: 0, to: e.h, by: stride) {
        for c in Swift.stride(from: 0, to: e.w, by: stride) {
          for k in 0..<output {
            let source = k - before
            y.append(
              source >= 0 && source < e.c
                ? x[((n * e.h + r) * e.w + c) * e.c + source] : x[0].tape.constant(0))
          }
        }
      }
    }
    return y
  }

  /// Σ w_y (log Σ exp z − z_y) / Σ w_y.
  public static func crossEntropy(_ z: [Node], labels: [Int], weights: [Double]?) -> Node {
    let classes = z.count / labels.count
    let total = labels.reduce(0.0) { $0 + (weights?[$1] ?? 1) }
    var terms: [Node] = []
    for (n, label) in labels.enumerated() {
      let row = Array(z[(n * classes)..<((n + 1) * classes)])
      let partition = row.map { $0.exponential(Foundation.exp) }.sum().logarithm(Foundation.log)
      terms.append(((weights?[label] ?? 1) / total) * (partition - row[label]))
    }
    return terms.sum()
  }
}
