import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// Conformance vectors as files: the inputs that another implementation of the rules needs to take the same steps, and
/// the expected results.
///
/// For each problem `PROBLEM.json` and `PROBLEM.safetensors` (samples and labels); for each case
/// `CASE.json` (rule, loss, constants) and `CASE.safetensors` (trajectory); last `index.json` with the
/// names. Each of the JSON files states the numeric contract. Equal code gives equal bytes.
package struct ConformanceExport {
  /// The layout of the files.
  package static let schema = 1

  /// The exported cases.
  package let cases: [ConformanceCase]

  /// An export of some cases, with the problems that they need.
  package init(cases: [ConformanceCase] = ConformanceCatalog.cases) { self.cases = cases }

  /// Writes the files into a directory that exists and is empty; throws a `FileError` if it is not.
  ///
  /// `progress` is called with the number of cases done. If it throws or a file cannot be written, the files so far are
  /// removed, so that the same command can be run again.
  package func write(to directory: URL, progress: (Int) throws -> Void = { _ in }) throws {
    let present = try Directories.names(in: directory)
    guard present.isEmpty else {
      throw FileError(operation: "export vectors to", path: directory.path, code: ENOTEMPTY)
    }
    do { try writeFiles(to: directory, progress) } catch {
      for name in try Directories.names(in: directory) {
        unlink(directory.appendingPathComponent(name).path)
      }
      throw error
    }
  }

  private func writeFiles(to directory: URL, _ progress: (Int) throws -> Void) throws {
    var digests: [String: Digest] = [:]
    for conformance in cases where digests[conformance.problem.name] == nil {
      let problem = conformance.problem
      digests[problem.name] = try Self.write(
        problem.tensors, beside: Self.header.merging(problem.json) { $1 }, as: problem.name, in: directory)
    }
    for (index, conformance) in cases.enumerated() {
      try progress(index)
      let problem = conformance.problem.name
      let header = Self.header.merging(
        ["problem": .string(problem), "problem_sha256": .string(digests[problem]!.hex)]) { $1 }
      try Self.write(
        conformance.trajectory().tensors, beside: header.merging(conformance.json) { $1 },
        as: conformance.name,
        in: directory)
    }
    let index: JSON = .object(Self.header.merging(["cases": .array(cases.map { .string($0.name) })]) { $1 })
    try AtomicFile.write(index, to: directory.appendingPathComponent("index.json"))
  }

  private static var header: [String: JSON] {
    ["schema": .integer(schema), NumericContract.key: NumericContract.current.json]
  }

  /// Writes NAME.safetensors, then NAME.json with its digest, which is returned.
  @discardableResult
  private static func write(
    _ tensors: [String: Safetensors.Entry], beside fields: [String: JSON], as name: String, in directory: URL
  ) throws -> Digest {
    let bytes = Safetensors(tensors: tensors, metadata: ["format": "pt"]).encoded()
    let digest = Digest(of: bytes)
    let file = directory.appendingPathComponent(name)
    try AtomicFile.write(bytes, to: file.appendingPathExtension("safetensors"))
    let sidecar = fields.merging(
      ["name": .string(name), "tensors_sha256": .string(digest.hex)]) { $1 }
    try AtomicFile.write(.object(sidecar), to: file.appendingPathExtension("json"))
    return digest
  }
}

extension ConformanceProblem {
  /// The model, the batches and the schedule.
  fileprivate var json: [String: JSON] {
    let data = ConformanceData.self
    return [
      "model": .object(fields),
      "class_counts": .array(data.counts.map { .integer($0) }),
      "tail_classes": .array(data.tail.sorted().map { .integer($0) }),
      "batches": .array(data.batches.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
      "steps": .integer(data.steps),
      "epochs": .integer(data.epochs),
      "learning_rates": .array((0..<data.epochs).map { .number(data.schedule.rate(epoch: $0)) }),
      "momentum": .number(data.momentum),
      "weight_decay": .number(data.weightDecay),
    ]
  }
}

extension ConformanceCase {
  /// The rule and the loss.
  fileprivate var json: [String: JSON] {
    [
      "rule": .object(rule.fields), "loss": loss?.choice.json ?? .null,
      "weighting": loss?.weighting?.json ?? .null,
      "definition": .array(rule.definition.map { .string($0) }),
    ]
  }
}
