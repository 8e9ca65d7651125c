/// All benchmarks, in the order of the table.
enum BenchmarkCatalog {
  /// Matrix products, convolutions, elementwise work, training steps, loading, gradients, products, spectra.
  static var all: [Benchmark] {
    MatrixBenchmarks.all + ConvolutionBenchmarks.all + ElementwiseBenchmarks.all + StepBenchmarks.all
      + LoadingBenchmarks.all
      + CurvatureBenchmarks.all
  }

  /// The benchmarks with these names. A name that is not a benchmark selects all names that begin with it and a hyphen.
  ///
  /// Without a name, all are selected. A name that selects nothing is a usage error.
  static func selecting(_ names: [String]) throws -> [Benchmark] {
    if names.isEmpty { return all }
    var selected: Set<String> = []
    for name in names {
      let exact = all.filter { $0.name == name }
      let found = exact.isEmpty ? all.filter { $0.name.hasPrefix(name + "-") } : exact
      guard !found.isEmpty else { throw ToolError.usage(unknown(name)) }
      selected.formUnion(found.map(\.name))
    }
    return all.filter { selected.contains($0.name) }
  }

  /// The benchmark with this name.
  static func named(_ name: String) throws -> Benchmark {
    guard let found = all.first(where: { $0.name == name }) else { throw ToolError.usage(unknown(name)) }
    return found
  }

  private static func unknown(_ name: String) -> String {
    "no benchmark \"\(name)\"; 'escapement bench --list' names them"
  }
}
