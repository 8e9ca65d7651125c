/// A benchmark: its name, the work of one run, and its setup.
struct Benchmark {
  /// The unit of work.
  enum Unit: String {
    /// Floating-point operations; a fused multiply-add is two.
    case flop
    /// Images that pass through the network, once for each gradient or product.
    case images
    /// Bytes read and written, each operand counted once.
    case bytes
  }

  /// The results of a run other than its time.
  struct Outcome {
    /// The share of the time spent outside Hessian-vector products, if the run consists of them.
    var vectorShare: Double?
  }

  /// A benchmark with its operands in memory.
  struct Prepared {
    /// The warm-up, which is repeated before the measurement.
    var warmUp: () throws -> Void
    /// One measured run.
    var run: () throws -> Outcome

    /// Uses runs as the warm-up.
    init(run: @escaping () throws -> Void) {
      warmUp = run
      self.run = {
        try run()
        return Outcome()
      }
    }

    /// Uses a warm-up shorter than a run.
    init(warmUp: @escaping () throws -> Void, run: @escaping () throws -> Outcome) {
      self.warmUp = warmUp
      self.run = run
    }
  }

  /// The name, words joined by hyphens: "conv-forward-16-16-32-s1".
  var name: String
  /// The operands in words: "128×32×32×16 → 128×32×32×16".
  var shape: String
  /// The work of one run.
  var work: Double
  /// The unit of `work`.
  var unit: Unit
  /// Floating-point operations of the contractions in one run, nil if there are none.
  var flops: Double?
  /// The number of warm-ups before the first measured run.
  var warmUps = 3
  /// The default number of measured runs.
  var repetitions = 15
  /// Creates the operands.
  var prepare: () throws -> Prepared
}
