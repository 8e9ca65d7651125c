import CEscapementKernels

/// The peak speed of this machine with the current instruction set and number of threads.
struct MachinePeak {
  /// Single-precision operations with operands in registers, in 10⁹ per second.
  let gflops: Double
  /// The memory bandwidth of a triad over arrays of 64 MiB, in 10⁹ bytes per second.
  let gbytes: Double

  /// Measures both, in about half a second.
  static func measured() -> MachinePeak {
    MachinePeak(gflops: ek_fma_peak_gflops(EK_F32), gbytes: ek_triad_gbytes())
  }
}
