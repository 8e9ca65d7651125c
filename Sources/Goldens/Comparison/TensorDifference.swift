import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels

/// The first tensor, in layout order, in which two vectors of one layout differ.
package struct TensorDifference: Hashable, Sendable {
  /// The vector: "parameters", "running statistics", "optimizer NAME", "key encoder" or "queue".
  package var vector: String
  /// The tensor's name in PyTorch.
  package var name: String
  /// Its extents in the layout, not in the file.
  package var shape: [Int]
  /// The number of elements whose bits differ.
  package var differing: Int
  /// The largest distance between two elements, in representable numbers; nil if one of the two is not finite.
  package var ulps: UInt64?
  /// The index of that element, one number per axis: the first of equal distances. A non-finite element precedes all
  /// others.
  package var index: [Int]
  /// The first vector's element there, as exact text.
  package var left: String
  /// The second vector's element there, as exact text.
  package var right: String
  /// The first vector's element as a number.
  package var leftNumber: Double
  /// The second vector's element as a number.
  package var rightNumber: Double

  /// The first tensor whose bits differ; nil if all agree.
  package static func first<Element: Real>(
    between a: ParameterVector<Element>, and b: ParameterVector<Element>, vector: String
  ) -> TensorDifference? {
    precondition(a.layout == b.layout, "vectors of two layouts")
    for (index, segment) in a.layout.segments.enumerated() where !a[index].hasSameBits(as: b[index]) {
      return TensorDifference(a[index], b[index], vector: vector, name: segment.name)
    }
    return nil
  }

  /// Compares one tensor element by element; nil if no element differs.
  private init?<Element: Real>(_ a: Tensor<Element>, _ b: Tensor<Element>, vector: String, name: String) {
    let (x, y) = (a.elements, b.elements)
    let bytes = MemoryLayout<Element>.size
    var count = 0
    var worst: (position: Int, ulps: UInt64?)?
    for position in x.indices where x[position].bits != y[position].bits {
      count += 1
      let distance = UlpDistance.between(x[position].bits, y[position].bits, bytes: bytes)
      // A number that is not finite counts as farther away than any other.
      if let known = worst, known.ulps == nil || (distance.map { $0 <= known.ulps! } ?? false) { continue }
      worst = (position, distance)
    }
    guard let worst else { return nil }
    var rest = worst.position
    index = a.shape.extents.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
    self.vector = vector
    self.name = name
    shape = a.shape.extents
    differing = count
    ulps = worst.ulps
    left = HexFloat.string(bits: x[worst.position].bits, bytes: bytes)
    right = HexFloat.string(bits: y[worst.position].bits, bytes: bytes)
    leftNumber = GoldenValue.number(x[worst.position].bits, bytes: bytes)
    rightNumber = GoldenValue.number(y[worst.position].bits, bytes: bytes)
  }

  /// One line.
  package var text: String {
    let distance = ulps.map(UlpDistance.text) ?? "not both finite"
    return """
      \(vector), \(name) \(shape): \(differing) of \(shape.reduce(1, *)) elements differ, the furthest at \(index): \
      \(leftNumber) (\(left)) and \(rightNumber) (\(right)), \(distance)
      """
  }

  /// The difference as JSON.
  package var json: JSON {
    [
      "vector": .string(vector), "tensor": .string(name), "shape": .array(shape.map { .integer($0) }),
      "differing": .integer(differing), "ulps": ulps.map { .string(String($0)) } ?? .null,
      "index": .array(index.map { .integer($0) }), "left": .string(left), "right": .string(right),
    ]
  }
}

extension Tensor {
  /// Whether two tensors of one shape are bitwise equal: -0 differs from +0, and a NaN equals itself.
  fileprivate func hasSameBits(as other: Tensor) -> Bool {
    withPointer { own in
      other.withPointer { memcmp(own, $0, count * MemoryLayout<Element>.stride) == 0 }
    }
  }
}
