import EscapementArtifacts
import CEscapementKernels
import EscapementKernels

/// Runs one seeded computation on every instruction set and thread count and compares the bits.
///
/// The computation covers every case in which a path could differ: sizes that are not multiples of a tile, contractions
/// longer than one chunk of 512, strides and padding, subnormal and special arguments.
struct KernelAgreement {
  /// The outcome on one path.
  struct Path {
    /// "scalar", "avx2", "avx512" or "neon".
    var isa: String
    /// The number of threads.
    var threads: Int
    /// SHA-256 over all results, operation by operation.
    var digest: Digest
    /// The first operation whose bits differ from those of the first path; nil if all agree.
    var firstDifference: String?
  }

  /// The results on every path that this machine can run, the scalar one first.
  let paths: [Path]

  /// Whether all paths give the same bits.
  var agrees: Bool { paths.allSatisfy { $0.firstDifference == nil } }

  /// Runs the computation on each available instruction set with one thread and with `threads`.
  init(threads: Int) {
    var paths: [Path] = []
    var reference: [(operation: String, digest: Digest)] = []
    for index in 0..<UInt32(EK_ISA_COUNT) {
      let isa = ek_isa(rawValue: index)
      guard ek_isa_available(isa) else { continue }
      for count in threads > 1 ? [1, threads] : [1] {
        ek_isa_override(Int32(index))
        ek_threads_override(Int32(count))
        let results = Self.work(Float.self) + Self.work(Double.self)
        ek_isa_override(-1)
        ek_threads_override(0)
        if reference.isEmpty { reference = results }
        let whole = DigestStream()
        for result in results { whole.update(result.digest) }
        let difference = zip(results, reference).first { $0.digest != $1.digest }
        paths.append(
          Path(
            isa: String(cString: ek_isa_name(isa)), threads: count, digest: whole.finish(),
            firstDifference: difference?.0.operation))
      }
    }
    self.paths = paths
  }

  private static func work<E: Real>(_ type: E.Type) -> [(operation: String, digest: Digest)] {
    let t = E.kernelType
    var results: [(String, Digest)] = []
    func record(_ operation: String, _ tensor: Tensor<E>) {
      let digest = tensor.withPointer { pointer in
        Digest(
          of: Array(UnsafeRawBufferPointer(start: pointer, count: tensor.count * MemoryLayout<E>.stride)))
      }
      results.append(("\(operation) \(E.dtypeName)", digest))
    }
    func normals(_ word: UInt32, _ shape: Shape) -> Tensor<E> {
      Tensor(shape: shape) { ek_normals(t, 2022, word, 0, 0, shape.count, $0) }
    }
    func apply(_ operation: ek_unary, _ x: Tensor<E>) -> Tensor<E> {
      Tensor(shape: x.shape) { y in x.withPointer { ek_map(t, operation, x.count, $0, y) } }
    }

    let a = normals(0, [37, 1100])
    let b = normals(1, [1100, 29])
    record("normals", a)
    record(
      "matmul",
      Tensor(shape: [37, 29]) { c in
        a.withPointer { a in
          b.withPointer { b in
            ek_matmul(t, false, false, 37, 29, 1100, a, 1100, b, 29, c, 29, false)
          }
        }
      })

    // Direct convolutions, and in Float also by Winograd.
    for (name, geometry, input, output) in [
      ("convolution", ConvolutionGeometry(stride: 2, padding: 1), [11, 9, 7, 5] as Shape, 19),
      ("convolution of whole tiles", ConvolutionGeometry(stride: 1, padding: 1), [9, 8, 8, 32], 48),
    ] {
      let x = normals(2, input)
      let weights = normals(3, [3, 3, input[3], output])
      let dy = normals(4, geometry.outputShape(input: input, weights: weights.shape))
      record("\(name) forward", x.convolved(with: weights, geometry))
      record(
        "\(name) backward-data",
        dy.convolutionInputGradient(weights: weights, inputShape: input, geometry))
      record(
        "\(name) backward-weight",
        dy.convolutionWeightGradient(input: x, weightShape: weights.shape, geometry))
    }

    // Magnitudes from subnormal results to overflow, followed by the special values.
    var arguments = normals(5, [4099])
    arguments.withMutablePointer { pointer in
      ek_zip_scalar(t, EK_MUL, 4099, pointer, 40, pointer)
      for (index, special) in [E.infinity, -E.infinity, -E.zero, E.leastNonzeroMagnitude].enumerated() {
        pointer[index] = special
      }
    }
    record("exp", apply(EK_EXP, arguments))
    record("tanh", apply(EK_TANH, arguments))
    record("log", apply(EK_LOG, apply(EK_ABS, arguments)))
    record("sqrt", apply(EK_SQRT, apply(EK_ABS, arguments)))

    let sum = a.withPointer { ek_sum(t, a.count, $0) }
    let dot = a.withPointer { ek_dot(t, a.count, $0, $0) }
    results.append(
      (
        "sum and dot \(E.dtypeName)",
        Digest(of: withUnsafeBytes(of: (sum.bitPattern, dot.bitPattern)) { Array($0) })
      ))
    var moments = [Double](repeating: 0, count: 10)
    let x = normals(2, [11, 9, 7, 5])
    moments.withUnsafeMutableBufferPointer { buffer in
      x.withPointer { ek_channel_moments(t, 11, 63, 5, $0, buffer.baseAddress!, buffer.baseAddress! + 5) }
    }
    results.append(("channel moments \(E.dtypeName)", Digest(of: moments.withUnsafeBytes { Array($0) })))
    return results
  }
}
