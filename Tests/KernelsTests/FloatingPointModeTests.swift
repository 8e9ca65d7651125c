import EscapementOptimizers
import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing

/// A caller may have set another rounding direction or flush-to-zero; the bits may not depend on it.
@Suite struct FloatingPointModeTests {
  /// Calls `body` while this thread rounds toward zero and, where the C library shows the register, flushes denormals.
  private func underForeignMode(_ body: () -> Void) {
    var saved = fenv_t()
    fegetenv(&saved)
    var foreign = saved
    #if arch(x86_64)
      // Flush to zero, denormals are zero, round toward zero.
      foreign.__mxcsr |= 0xE040
    #elseif arch(arm64)
      foreign.__fpcr |= 1 << 24 | 3 << 22
    #endif
    fesetenv(&foreign)
    body()
    fesetenv(&saved)
  }

  private func compare<E: Real>(
    _ what: String, count: Int, as type: E.Type, _ kernel: (UnsafeMutablePointer<E>) -> Void
  ) {
    let output = FencedArray([E](repeating: .nan, count: count), writable: true)
    for path in ExecutionPath.each(turn: 0) + ExecutionPath.each(turn: 1) {
      output.write([E](repeating: .nan, count: count))
      path.run { kernel(output.pointer) }
      let plain = output.elements
      output.write([E](repeating: .nan, count: count))
      path.run { underForeignMode { kernel(output.pointer) } }
      let difference = firstDifference(output.elements, plain)
      #expect(difference == nil, "\(what), \(E.dtypeName), \(path): \(difference ?? "")")
    }
  }

  private func everyKernel<E: Real>(_ type: E.Type) {
    let t = E.kernelType
    for kind in [TestNumbers.Kind.tiny, .ordinary] {
      for count in [48, 20_000] {
        var numbers = TestNumbers(seed: 1)
        let x = FencedArray<E>(numbers.values(count, kind))
        let y = FencedArray<E>(numbers.values(count, kind))
        for function in 0..<EK_UNARY_COUNT.rawValue {
          compare("map \(function)", count: count, as: type) {
            ek_map(t, ek_unary(function), count, x.pointer, $0)
          }
        }
        for function in 0..<EK_BINARY_COUNT.rawValue {
          compare("zip \(function)", count: count, as: type) {
            ek_zip(t, ek_binary(function), count, x.pointer, y.pointer, $0)
          }
          compare("zip \(function) scalar", count: count, as: type) {
            ek_zip_scalar(t, ek_binary(function), count, x.pointer, 0.1, $0)
          }
          compare("zip \(function) channels", count: count, as: type) {
            ek_zip_channels(t, ek_binary(function), count / 16, 16, x.pointer, y.pointer, $0)
          }
          compare("zip \(function) rows", count: count, as: type) {
            ek_zip_rows(t, ek_binary(function), count / 16, 16, x.pointer, y.pointer, $0)
          }
        }
        compare("add scaled", count: count, as: type) {
          ek_add_scaled(t, count, x.pointer, 0.1, y.pointer, $0)
        }
        compare("axpy", count: count, as: type) {
          ek_fill(t, count, 1e-40, $0)
          ek_axpy(t, count, 0.1, x.pointer, $0)
        }
        compare("to Double", count: count, as: Double.self) { ek_convert(t, EK_F64, count, x.pointer, $0) }
        compare("to Float", count: count, as: Float.self) { ek_convert(t, EK_F32, count, x.pointer, $0) }
        compare("sum, dot", count: 2, as: Double.self) {
          $0[0] = ek_sum(t, count, x.pointer)
          $0[1] = ek_dot(t, count, x.pointer, y.pointer)
        }
        compare("row sums", count: count / 16, as: type) { ek_row_sums(t, count / 16, 16, x.pointer, $0) }
        compare("row maxima", count: count / 16, as: type) { ek_row_maxima(t, count / 16, 16, x.pointer, $0) }
        compare("channel sums", count: 4, as: Double.self) {
          ek_channel_sums(t, 4, count / 16, 4, x.pointer, $0)
        }
        compare("channel dots", count: 4, as: Double.self) {
          ek_channel_dots(t, 4, count / 16, 4, x.pointer, y.pointer, $0)
        }
        compare("channel moments", count: 8, as: Double.self) {
          ek_channel_moments(t, 4, count / 16, 4, x.pointer, $0, $0 + 4)
        }
        compare("pool mean", count: 16, as: type) { ek_pool_mean(t, 4, count / 16, 4, x.pointer, $0) }
        compare("pool mean adjoint", count: count / 16 * 16, as: type) {
          ek_pool_mean_adjoint(t, 4, count / 16, 4, x.pointer, $0)
        }
        compare("normals", count: count, as: type) { ek_normals(t, 9, 1, 2, 0, count, $0) }
        compare("SGD step", count: 2 * count, as: type) {
          ek_fill(t, count, 1e-40, $0)
          ek_fill(t, count, 1e-39, $0 + count)
          ek_sgd_step(t, count, 0.1, 0.9, 2e-4, false, x.pointer, $0, $0 + count)
        }
      }
      var numbers = TestNumbers(seed: 2)
      let a = FencedArray<E>(numbers.values(60 * 40, kind))
      let b = FencedArray<E>(numbers.values(40 * 50, kind))
      compare("matmul", count: 3000, as: type) {
        ek_matmul(t, false, false, 60, 50, 40, a.pointer, 40, b.pointer, 50, $0, 50, false)
      }
      compare("matmul accumulating", count: 3000, as: type) {
        ek_fill(t, 3000, 1e-40, $0)
        ek_matmul(t, false, false, 60, 50, 40, a.pointer, 40, b.pointer, 50, $0, 50, true)
      }
      let s = Reference.Convolution(n: 3, h: 8, w: 8, ci: 4, co: 8, kh: 3, stride: 1, pad: 1)
      var shape = s.kernelShape
      let weights = FencedArray<E>(numbers.values(s.countWeights, kind))
      let dy = FencedArray<E>(numbers.values(s.countY, kind))
      compare("convolution forward", count: s.countY, as: type) {
        ek_conv_forward(t, &shape, a.pointer, weights.pointer, $0, false)
      }
      compare("convolution backward data", count: s.countX, as: type) {
        ek_conv_backward_data(t, &shape, dy.pointer, weights.pointer, $0, false)
      }
      compare("convolution backward weight", count: s.countWeights, as: type) {
        ek_conv_backward_weight(t, &shape, a.pointer, dy.pointer, $0)
      }
    }
  }
  @Test func everyKernelFloat() { everyKernel(Float.self) }
  @Test func everyKernelDouble() { everyKernel(Double.self) }

  private func comparisons<E: Real>(_ type: E.Type) {
    let small = E.leastNonzeroMagnitude
    let x = FencedArray([0, small, 2 * small, small, -small, 3 * small, 0, -2 * small])
    compare("row maxima", count: 2, as: type) { ek_row_maxima(E.kernelType, 2, 4, x.pointer, $0) }
    var indices: [Int64] = [-7, -7]
    underForeignMode { ek_row_argmax(E.kernelType, 2, 4, x.pointer, &indices) }
    #expect(indices == [2, 1])
  }
  @Test func denormalsAreComparedFloat() { comparisons(Float.self) }
  @Test func denormalsAreComparedDouble() { comparisons(Double.self) }

  @Test func scalarFunctions() {
    compare("scalar functions", count: 4 * 7, as: Double.self) { result in
      for (i, x) in [0.1, 1.7, -3.3, -708.9, 0x1p-1060, 5, 30].enumerated() {
        result[4 * i] = ek_exp(x)
        result[4 * i + 1] = ek_log(x)
        result[4 * i + 2] = ek_tanh(x)
        result[4 * i + 3] = ek_normal_quantile(1 / (1.5 + x * x))
      }
    }
  }

  /// The caller's own mode is as it was after a call, whether or not workers helped.
  @Test func theCallersModeReturns() {
    for count in [100, 100_000] {
      var x = [Float](repeating: 1, count: count)
      var (before, after): (UInt64, UInt64) = (0, 0)
      x.withUnsafeMutableBufferPointer { p in
        underForeignMode {
          before = controlBits
          ek_map(EK_F32, EK_SQUARE, count, p.baseAddress, p.baseAddress)
          after = controlBits
        }
      }
      #expect(before == after)
      #expect(before != controlBits)
    }
  }

  /// The part of the floating-point environment that a kernel may not leave changed; not the exceptions raised.
  private var controlBits: UInt64 {
    var environment = fenv_t()
    fegetenv(&environment)
    #if arch(x86_64)
      return UInt64(environment.__mxcsr & 0xFFC0)
    #elseif arch(arm64)
      return UInt64(environment.__fpcr)
    #endif
  }
}
