import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementRandomness

/// Operands of benchmarks, as pure functions of their shapes and of an index that distinguishes them.
enum BenchmarkData {
  private static let seed: UInt64 = 2022

  /// Independent standard normals.
  static func normals(_ shape: Shape, index: UInt64 = 0) -> Tensor<Float> {
    Tensor.standardNormal(seed: seed, purpose: .theory, index: index, shape: shape)
  }

  /// Images of standard normals, `[count][32][32][3]`, with uniform labels out of ten.
  static func images(_ count: Int) -> LabeledBatch<Float> {
    var stream = RandomStream(seed: seed, purpose: .theory, index: 1)
    return LabeledBatch(
      images: normals([count, 32, 32, 3]), labels: (0..<count).map { _ in stream.integer(below: 10) })
  }

  /// Directions in parameter space, which are used in turn because drawing one takes long enough to disturb a
  /// measurement.
  static func directions(_ layout: ParameterLayout) -> [ParameterVector<Float>] {
    (0..<4).map { index in
      ParameterVector(layout: layout, flat: normals([layout.count], index: 2 + UInt64(index)))
    }
  }
}
