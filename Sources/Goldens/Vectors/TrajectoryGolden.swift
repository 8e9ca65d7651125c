import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import EscapementTraining

extension GoldenCase {
  /// The conformance trajectories of a problem, one case for each problem, so that the file name identifies what
  /// differs.
  ///
  /// For each trajectory: the loss of the first step and of the last, and a chain of digests of records, parameters and
  /// running statistics after steps 1 and 25. An error that appears after the first step changes only the values of the
  /// last step.
  package static func trajectories(of problem: ConformanceProblem) -> GoldenCase {
    let cases = ConformanceCatalog.cases.filter { $0.problem.name == problem.name }
    return GoldenCase(
      suite: "trajectories", name: problem.name, provenance: ["seed": String(ConformanceData.seed)]
    ) {
      try cases.flatMap { try $0.goldenValues() }
    }
  }
}

extension ConformanceCase {
  fileprivate func goldenValues() throws -> [GoldenValue] {
    let trajectory = try trajectory()
    let label = [rule.name, loss?.name].compactMap { $0 }.joined(separator: ".")
    var values: [GoldenValue] = []
    var chain = Digest.zero
    for (step, record) in trajectory.records.enumerated() {
      chain = Self.chained(
        chain, record, trajectory.points[step + 1], trajectory.statistics[step + 1])
      if step == 0 || step == trajectory.records.count - 1 {
        values.append(.exact("\(label) step \(step + 1) loss", record.loss))
        values.append(.digest("\(label) step \(step + 1) digest", chain))
      }
    }
    return values
  }

  private static func chained(
    _ previous: Digest, _ record: StepRecord, _ vectors: ParameterVector<Double>...
  ) -> Digest {
    let stream = DigestStream()
    stream.update(previous)
    let numbers = [
      record.loss, record.descentLoss, record.learningRate, record.rho, record.gradientNorm,
      record.perturbationNorm, record.cosine,
    ]
    numbers.withUnsafeBytes {
      stream.update(name: "record", dtype: "F64", shape: [numbers.count], elements: $0)
    }
    for number in [record.evaluations, record.samples, record.correct ?? -1] { stream.update(number) }
    for vector in vectors { stream.update(vector.digest) }
    return stream.finish()
  }
}
