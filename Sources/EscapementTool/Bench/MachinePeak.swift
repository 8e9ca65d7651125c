import CEscapementKernels

/// What this machine reaches at most with the current instruction set and number of threads.
struct MachinePeak {
  /// 10⁹ single-precision operations a second, operands in registers.
  let gflops: Double
  /// 10⁹ bytes a second through memory, by a triad over arrays of 64 MiB.
  let gbytes: Double

  /// Measures both, in about half a second.
  static func measured() -> MachinePeak {
    MachinePeak(gflops: ek_fma_peak_gflops(EK_F32), gbytes: ek_triad_gbytes())
  }
}
