import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementTraining

// Trajectories and problems as named tensors, with PyTorch's names and layout.

extension Safetensors.Entry {
  /// Doubles in row-major order.
  package init(_ values: [Double], shape: [Int]? = nil) {
    self.init(
      dtype: .f64, shape: shape ?? [values.count],
      data: values.withUnsafeBytes { Data($0) })
  }

  /// A tensor with its own shape.
  package init(_ tensor: Tensor<Double>) { self.init(tensor.elements, shape: tensor.shape.extents) }

  /// Integers.
  package init(_ values: [Int]) {
    self.init(dtype: .i64, shape: [values.count], data: values.map(Int64.init).withUnsafeBytes { Data($0) })
  }
}

extension [String: Safetensors.Entry] {
  /// Adds vectors of one layout, each segment as `prefix + name` under `axes` leading axes that count the
  /// vectors.
  package mutating func stack(_ vectors: [ParameterVector<Double>], axes: [Int]? = nil, prefix: String) {
    let rows = vectors.map { InterchangeLayout.entries($0, prefix: prefix) }
    guard let first = rows.first else { return }
    for (segment, (name, entry)) in first.enumerated() {
      self[name] = Safetensors.Entry(
        dtype: entry.dtype, shape: (axes ?? [vectors.count]) + entry.shape,
        data: rows.reduce(into: Data()) { $0.append($1[segment].entry.data) })
    }
  }
}

extension Trajectory {
  /// `parameters.NAME` and `statistics.NAME` `[steps + 1, …]`, `noise.NAME` `[steps, draws, …]`,
  /// `state.VECTOR.NAME` after the last step, and `record.QUANTITY` `[steps]`.
  package var tensors: [String: Safetensors.Entry] {
    var tensors: [String: Safetensors.Entry] = [:]
    tensors.stack(points, prefix: "parameters.")
    tensors.stack(statistics, prefix: "statistics.")
    if let draws = noise.first?.count, draws > 0 {
      tensors.stack(noise.flatMap { $0 }, axes: [noise.count, draws], prefix: "noise.")
    }
    for (key, vector) in state { tensors.stack([vector], axes: [], prefix: "state.\(key).") }
    let numbers: [(String, KeyPath<StepRecord, Double>)] = [
      ("loss", \.loss), ("descent_loss", \.descentLoss), ("learning_rate", \.learningRate), ("rho", \.rho),
      ("gradient_norm", \.gradientNorm), ("perturbation_norm", \.perturbationNorm), ("cosine", \.cosine),
    ]
    for (name, path) in numbers { tensors["record." + name] = .init(records.map { $0[keyPath: path] }) }
    tensors["record.evaluations"] = .init(records.map(\.evaluations))
    tensors["record.samples"] = .init(records.map(\.samples))
    let correct = records.compactMap(\.correct)
    if correct.count == records.count { tensors["record.correct"] = .init(correct) }
    return tensors
  }
}

extension ConformanceProblem {
  /// `labels` `[n]`, and `inputs` `[n, …]` (images as `[n, channels, height, width]`) or `hessians`
  /// `[classes, d, d]` and `linear` `[n, d]`.
  package var tensors: [String: Safetensors.Entry] {
    var tensors = ["labels": Safetensors.Entry(ConformanceData.labels)]
    switch content {
    case .quadratic(let quadratic):
      tensors["hessians"] = .init(quadratic.hessians)
      tensors["linear"] = .init(quadratic.linear)
    case .network(_, let inputs):
      tensors["inputs"] = .init(inputs.shape.rank == 4 ? Self.channelsFirst(inputs) : inputs)
    }
    return tensors
  }

  /// `[n][h][w][c]` to `[n][c][h][w]`.
  private static func channelsFirst(_ images: Tensor<Double>) -> Tensor<Double> {
    let e = images.shape.extents
    let row = e[1] * e[2] * e[3]
    return Tensor(shape: [e[0], e[3], e[1], e[2]]) { target in
      for n in 0..<e[0] {
        images.view(at: n * row, shape: [e[1] * e[2], e[3]]).transposed().withPointer {
          (target + n * row).update(from: $0, count: row)
        }
      }
    }
  }
}
