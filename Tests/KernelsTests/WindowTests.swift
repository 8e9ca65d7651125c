import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct WindowTests {
  static let cases: [Reference.Windows] = {
    var cases: [Reference.Windows] = []
    for (size, stride, padding) in [
      (1, 1, 0), (2, 2, 0), (2, 1, 1), (3, 2, 1), (3, 1, 0), (3, 3, 1), (15, 4, 7),
    ] {
      for (n, h, w, c) in [
        (1, 1, 1, 1), (2, 5, 6, 3), (3, 6, 7, 9), (0, 4, 4, 2), (1, 16, 15, 3), (5, 4, 9, 8),
      ]
      where h + 2 * padding >= size && w + 2 * padding >= size {
        cases.append(.init(n: n, h: h, w: w, c: c, size: size, stride: stride, padding: padding))
      }
    }
    return cases
  }()

  private func windows<E: Real>(_ s: Reference.Windows, _ kind: TestNumbers.Kind, _ type: E.Type) {
    var numbers = TestNumbers(seed: UInt64(s.h * 100 + s.size))
    let x = FencedArray<E>(numbers.values(s.n * s.h * s.w * s.c, kind))
    let dy = FencedArray<E>(numbers.values(s.count, kind))
    let taps = Reference.windowLargest(s, x.elements)
    let paths = ExecutionPath.each(turn: s.c)
    var record = ek_windows(
      n: s.n, h: s.h, w: s.w, c: s.c, oh: s.oh, ow: s.ow, size: s.size, stride: s.stride, pad: s.padding)
    for path in paths {
      // One byte more, which must stay.
      var found = [UInt8](repeating: 0xC5, count: s.count + 1)
      path.run { ek_window_largest(E.kernelType, &record, x.pointer, &found) }
      #expect(found == taps + [0xC5], "\(s), \(kind), \(path)")
    }
    check("gather \(s), \(kind)", expected: Reference.windowGather(s, x.elements, taps), paths: paths) {
      ek_window_gather(E.kernelType, &record, x.pointer, taps, $0)
    }
    check("scatter \(s), \(kind)", expected: Reference.windowScatter(s, dy.elements, taps), paths: paths) {
      ek_window_scatter(E.kernelType, &record, dy.pointer, taps, $0)
    }
  }

  @Test("the largest of each window, ties and NaN among them, and both ways of moving", arguments: cases)
  func againstDefinition(_ s: Reference.Windows) {
    for kind in [TestNumbers.Kind.whole, .edges, .signs] {
      windows(s, kind, Float.self)
      windows(s, kind, Double.self)
    }
  }

  @Test func shapesAndPlacesOfTensors() {
    // Width 3 at stride 2 with a frame of one: the images of ImageNet's stem, 112 to 56.
    let geometry = WindowGeometry(size: 3, stride: 2, padding: 1)
    #expect(geometry.outputShape(input: [2, 112, 112, 64]) == [2, 56, 56, 64])
    let x = Tensor<Float>([1, 5, 5, 2, .nan, 3, -1, 4, 4], shape: [1, 3, 3, 1])
    let maxima = WindowMaxima(of: x, WindowGeometry(size: 2, stride: 1))
    let y = x.gathered(at: maxima)
    #expect(y.shape == [1, 2, 2, 1] && y.elements.allSatisfy(\.isNaN))
    let calm = Tensor<Float>([1, 5, 5, 2, 0, 3, -1, 4, 4], shape: [1, 3, 3, 1])
    let places = WindowMaxima(of: calm, WindowGeometry(size: 2, stride: 1))
    #expect(calm.gathered(at: places).elements == [5, 5, 4, 4])
    // The tie of the first row goes to its first pixel, which two windows share.
    let ones = Tensor<Float>(repeating: 1, shape: [1, 2, 2, 1])
    #expect(ones.scattered(at: places).elements == [0, 2, 0, 0, 0, 0, 0, 2, 0])
  }
}
