import CEscapementKernels

/// One way to run a kernel: an instruction set and a thread count, set for the calling thread.
public struct ExecutionPath: Sendable, CustomStringConvertible {
  /// The instruction set.
  public let isa: ek_isa
  /// The thread count.
  public let threads: Int

  /// A path; the instruction set must be available on this processor.
  public init(isa: ek_isa, threads: Int) {
    self.isa = isa
    self.threads = threads
  }

  /// The instruction sets that this processor supports, scalar first.
  public static let availableSets: [ek_isa] =
    [EK_ISA_SCALAR, EK_ISA_AVX2, EK_ISA_AVX512, EK_ISA_NEON].filter(ek_isa_available)
  /// Every available instruction set with 1 to 4 threads.
  public static let all = availableSets.flatMap { isa in
    (1...4).map { ExecutionPath(isa: isa, threads: $0) }
  }
  /// Every available instruction set, each with one thread count of 1 to 4, which rotates with `turn`.
  public static func each(turn: Int) -> [ExecutionPath] {
    availableSets.enumerated().map { ExecutionPath(isa: $1, threads: (turn + $0) % 4 + 1) }
  }

  /// Runs `body` on this path and then restores the calling thread's defaults.
  public func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    ek_isa_override(Int32(isa.rawValue))
    ek_threads_override(Int32(threads))
    defer {
      ek_isa_override(-1)
      ek_threads_override(0)
    }
    return try body()
  }

  /// "avx2, 3 threads".
  public var description: String { "\(String(cString: ek_isa_name(isa))), \(threads) threads" }
}
