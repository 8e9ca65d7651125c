import EscapementKernels
/// A recorded tape over scalars: the tests' reference for derivatives of any order.
///
/// Every operation is a node whose partial derivatives are themselves nodes, so the gradient of a gradient is another
/// pass over the same tape. It shares no code with the package's calculus.
public final class RecordedTape {
  /// One recorded scalar.
  public struct Node {
    let index: Int
    let tape: RecordedTape
    public var value: Double { tape.values[index] }
  }

  private typealias Parent = (index: Int, partial: () -> Node)
  private var values: [Double] = []
  private var parents: [[Parent]] = []

  public init() {}

  private func record(_ value: Double, _ parents: [Parent]) -> Node {
    values.append(value)
    self.parents.append(parents)
    return Node(index: values.count - 1, tape: self)
  }

  public func constant(_ value: Double) -> Node { record(value, []) }
  public func constants(_ values: [Double]) -> [Node] { values.map(constant) }

  /// The derivatives of `output` with respect to each of `inputs`, as nodes.
  public func gradient(of output: Node, in inputs: [Node]) -> [Node] {
    var adjoints: [Int: Node] = [output.index: constant(1)]
    let reached = output.index
    for index in stride(from: reached, through: 0, by: -1) {
      guard let adjoint = adjoints[index] else { continue }
      for parent in parents[index] {
        let contribution = adjoint * parent.partial()
        adjoints[parent.index] = adjoints[parent.index].map { $0 + contribution } ?? contribution
      }
    }
    return inputs.map { adjoints[$0.index] ?? constant(0) }
  }

  fileprivate func binary(
    _ value: Double, _ a: Node, _ da: @escaping () -> Node, _ b: Node, _ db: @escaping () -> Node
  )
    -> Node
  {
    record(value, [(a.index, da), (b.index, db)])
  }

  fileprivate func unary(_ value: Double, _ a: Node, _ partial: @escaping (Node) -> Node) -> Node {
    let index = values.count
    return record(value, [(a.index, { partial(Node(index: index, tape: self)) })])
  }
}

extension RecordedTape.Node {
  public typealias Node = RecordedTape.Node
  public static func + (a: Node, b: Node) -> Node {
    a.tape.binary(a.value + b.value, a, { a.tape.constant(1) }, b, { a.tape.constant(1) })
  }
  public static func - (a: Node, b: Node) -> Node {
    a.tape.binary(a.value - b.value, a, { a.tape.constant(1) }, b, { a.tape.constant(-1) })
  }
  public static func * (a: Node, b: Node) -> Node { a.tape.binary(a.value * b.value, a, { b }, b, { a }) }
  public static func / (a: Node, b: Node) -> Node { a * b.reciprocal() }
  public static func * (a: Double, b: Node) -> Node { b.tape.constant(a) * b }
  public func reciprocal() -> Node {
    tape.unary(1 / value, self) { y in -1 * (y * y) }
  }
  public func squareRoot() -> Node { tape.unary(value.squareRoot(), self) { y in 0.5 * y.reciprocal() } }
  /// e^x, computed by the given function. The derivative is the value itself.
  public func exponential(_ exp: (Double) -> Double) -> Node { tape.unary(exp(value), self) { y in y } }
  public func logarithm(_ log: (Double) -> Double) -> Node {
    tape.unary(log(value), self) { _ in self.reciprocal() }
  }
  public func hyperbolicTangent(_ tanh: (Double) -> Double) -> Node {
    tape.unary(tanh(value), self) { y in y.tape.constant(1) - y * y }
  }
  public func rectified() -> Node {
    let slope: Double = value > 0 ? 1 : 0
    return tape.unary(value > 0 ? value : 0, self) { y in y.tape.constant(slope) }
  }
}

extension Array where Element == RecordedTape.Node {
  public func sum() -> RecordedTape.Node { dropFirst().reduce(self[0]) { $0 + $1 } }
  public func dot(_ weights: [Double]) -> RecordedTape.Node {
    zip(self, weights).map { $1 * $0 }.sum()
  }
  public var values: [Double] { map(\.value) }
}
