import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// A comparison of the checkpoints of two runs, at the steps for which both have one.
package enum CheckpointComparison: Hashable, Sendable {
  /// At no step do both runs have a checkpoint.
  case noCommonStep
  /// The networks, classes or element types differ, so no tensors correspond.
  case otherNetworks
  /// All tensors agree at these steps.
  case agrees(steps: [Int])
  /// The first differing tensor, at the first step at which one differs.
  case differs(step: Int, TensorDifference)

  /// Compares the checkpoints of two runs, earliest common step first: parameters in layout order, then running
  /// statistics, then the rule's vectors by name, then PaCo's key encoder and queue. Throws a `DataError` if one of the
  /// checkpoints read is damaged.
  package init(_ left: RunDirectory, _ right: RunDirectory) throws {
    let records = try [left, right].map { try $0.readRecord() }
    let networks = records.map { $0.recipe.architecture.network(classes: $0.classCounts.count) }
    let elements = records.map(\.element)
    let others = Set(right.checkpointedSteps())
    let steps = left.checkpointedSteps().filter(others.contains)
    guard !steps.isEmpty else {
      self = .noCommonStep
      return
    }
    guard networks[0].layout == networks[1].layout, elements[0] == elements[1] else {
      self = .otherNetworks
      return
    }
    switch elements[0] {
    case Float.dtypeName: self = try Self.compare(Float.self, left, right, steps, networks)
    case Double.dtypeName: self = try Self.compare(Double.self, left, right, steps, networks)
    default: throw try records[0].document.field("element").fault(found: elements[0], expected: "F32 or F64")
    }
  }

  private static func compare<Element: Real>(
    _ type: Element.Type, _ left: RunDirectory, _ right: RunDirectory, _ steps: [Int], _ networks: [Network]
  ) throws -> CheckpointComparison {
    for step in steps {
      let a = try Checkpoint<Element>(sidecar: left.sidecar(step: step), network: networks[0]).state
      let b = try Checkpoint<Element>(sidecar: right.sidecar(step: step), network: networks[1]).state
      if let difference = difference(a, b) { return .differs(step: step, difference) }
    }
    return .agrees(steps: steps)
  }

  /// The first tensor, in that order, in which two states differ; nil if all agree.
  package static func difference<Element: Real>(
    _ a: TrainingState<Element>, _ b: TrainingState<Element>
  ) -> TensorDifference? {
    if let found = TensorDifference.first(between: a.parameters, and: b.parameters, vector: "parameters") {
      return found
    }
    if let found = TensorDifference.first(
      between: a.statistics, and: b.statistics, vector: "running statistics")
    {
      return found
    }
    for name in a.ruleState.keys.sorted() {
      guard let x = a.ruleState[name], let y = b.ruleState[name] else { continue }
      if let found = TensorDifference.first(between: x, and: y, vector: "optimizer \(name)") { return found }
    }
    for (x, y) in zip(a.contrast?.vectors ?? [], b.contrast?.vectors ?? [])
    where x.vector.layout == y.vector.layout {
      if let found = TensorDifference.first(between: x.vector, and: y.vector, vector: x.description) {
        return found
      }
    }
    return nil
  }

  /// One line.
  package var text: String {
    switch self {
    case .noCommonStep: "no checkpoint of a common step: tensors were not compared"
    case .otherNetworks: "two networks or element types: tensors were not compared"
    case .agrees(let steps):
      "checkpoints after step \(steps.map(String.init).joined(separator: ", ")): all tensors agree"
    case .differs(let step, let difference): "checkpoints after step \(step): \(difference.text)"
    }
  }

  /// The comparison as JSON.
  package var json: JSON {
    switch self {
    case .noCommonStep: ["outcome": "no common step"]
    case .otherNetworks: ["outcome": "other networks"]
    case .agrees(let steps): ["outcome": "agrees", "steps": .array(steps.map { .integer($0) })]
    case .differs(let step, let difference):
      ["outcome": "differs", "step": .integer(step), "tensor": difference.json]
    }
  }
}
