/// One thing whose time is measured: its name, how much work one run is, and how to set it up.
struct Benchmark {
  /// What the work of a run is counted in.
  enum Unit: String {
    /// Floating-point operations; a fused multiply-add is two.
    case flop
    /// Images that pass through the network, once for each gradient or product.
    case images
    /// Bytes read and written, each operand counted once.
    case bytes
  }

  /// What a run tells besides its time.
  struct Outcome {
    /// The share of the time spent outside Hessian-vector products, where the run consists of them.
    var vectorShare: Double?
  }

  /// A benchmark with its operands in memory.
  struct Prepared {
    /// What is repeated before anything is measured.
    var warmUp: () throws -> Void
    /// One measured run.
    var run: () throws -> Outcome

    /// Warms up by runs.
    init(run: @escaping () throws -> Void) {
      warmUp = run
      self.run = {
        try run()
        return Outcome()
      }
    }

    /// Warms up by something shorter than a run.
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
  /// What `work` counts.
  var unit: Unit
  /// Floating-point operations of the contractions in one run, nil where there are none.
  var flops: Double?
  /// Warm-ups before the first measured run.
  var warmUps = 3
  /// Measured runs where the command line asks for no number.
  var repetitions = 15
  /// Makes the operands.
  var prepare: () throws -> Prepared
}
