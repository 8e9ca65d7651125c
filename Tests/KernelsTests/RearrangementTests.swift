import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct RearrangementTests {
  private func transposes<E: Real>(_ type: E.Type) {
    let extents = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 65]
    for (i, rows) in extents.enumerated() {
      for (j, columns) in extents.enumerated() {
        var numbers = TestNumbers(seed: UInt64(rows * 100 + columns))
        let x = FencedArray<E>(numbers.values(rows * columns, .edges))
        check(
          "transpose of \(rows)×\(columns)",
          expected: Reference.transpose(rows: rows, columns: columns, x.elements),
          paths: ExecutionPath.each(turn: i + j)
        ) { ek_transpose(E.kernelType, rows, columns, x.pointer, $0) }
      }
    }
  }
  @Test func transposesFloat() { transposes(Float.self) }
  @Test func transposesDouble() { transposes(Double.self) }

  private func columns<E: Real>(_ type: E.Type) {
    for (rows, columns) in [(0, 3), (1, 1), (5, 10), (17, 3), (200, 33), (3, 1)] {
      var numbers = TestNumbers(seed: UInt64(rows))
      let x = FencedArray<E>(numbers.values(rows * columns, .edges))
      let v = FencedArray<E>(numbers.values(rows, .edges))
      var index = (0..<rows).map { _ in Int64(numbers.next() % UInt64(columns)) }
      if rows > 1 { index[0] = Int64(columns - 1) }
      check(
        "gather \(rows)×\(columns)",
        expected: Reference.gather(rows: rows, columns: columns, x.elements, index)
      ) {
        ek_gather_columns(E.kernelType, rows, columns, x.pointer, index, $0)
      }
      check(
        "scatter \(rows)×\(columns)",
        expected: Reference.scatter(rows: rows, columns: columns, v.elements, index)
      ) {
        ek_scatter_columns(E.kernelType, rows, columns, v.pointer, index, $0)
      }
    }
  }
  @Test func gatherAndScatterFloat() { columns(Float.self) }
  @Test func gatherAndScatterDouble() { columns(Double.self) }

  private func shortcuts<E: Real>(_ type: E.Type) {
    for (n, h, w, ci, co, stride, before) in [
      (1, 1, 1, 1, 1, 1, 0), (2, 4, 4, 3, 6, 2, 1), (2, 5, 7, 3, 6, 2, 2), (3, 8, 6, 16, 32, 2, 8),
      (1, 7, 7, 2, 9, 3, 7),
      (2, 3, 3, 5, 5, 1, 0), (0, 4, 4, 2, 4, 2, 1), (1, 4, 5, 2, 7, 2, 0),
    ] {
      let s = Reference.Shortcut(n: n, h: h, w: w, ci: ci, co: co, stride: stride, before: before)
      var numbers = TestNumbers(seed: UInt64(h))
      let x = FencedArray<E>(numbers.values(n * h * w * ci, .edges))
      let dy = FencedArray<E>(numbers.values(n * s.oh * s.ow * co, .edges))
      check("shortcut \(s)", expected: Reference.shortcut(s, x.elements)) {
        ek_shortcut(E.kernelType, n, h, w, ci, co, stride, before, x.pointer, $0)
      }
      check("shortcut adjoint \(s)", expected: Reference.shortcutAdjoint(s, dy.elements)) {
        ek_shortcut_adjoint(E.kernelType, n, h, w, ci, co, stride, before, dy.pointer, $0)
      }
    }
  }
  @Test func shortcutsFloat() { shortcuts(Float.self) }
  @Test func shortcutsDouble() { shortcuts(Double.self) }
}
