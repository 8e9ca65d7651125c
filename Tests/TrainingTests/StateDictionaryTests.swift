import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing

@testable import EscapementTraining

@Suite("State dictionaries")
struct StateDictionaryTests {
  static let networks: [Network] = [
    .resNet(depth: 8, width: 2, classes: 3), .resNet(depth: 8, width: 2, classes: 3, classifier: .cosine),
    .resNet(depth: 34, stem: .small, width: 2, classes: 3),
    .resNet50(width: 2, classes: 3, classifier: .cosine),
  ]

  private func state<E: Real>(_ network: Network) -> StateDictionary<E> {
    func normals(_ layout: ParameterLayout, _ index: UInt64) -> ParameterVector<E> {
      ParameterVector(
        layout: layout,
        flat: .standardNormal(seed: 4, purpose: .probe, index: index, shape: [layout.count]))
    }
    return StateDictionary(
      parameters: normals(network.layout, 1), statistics: normals(network.statisticsLayout, 2))
  }

  @Test("written and read again every bit is the same", arguments: networks)
  func roundTrip(_ network: Network) throws {
    try inDirectory { directory in
      let file = directory.appendingPathComponent("weights.safetensors")
      let single: StateDictionary<Float> = state(network)
      try single.write(to: file)
      #expect(try StateDictionary<Float>(contentsOf: file, network: network) == single)
      let wide = try StateDictionary<Double>(contentsOf: file, network: network)
      #expect(wide.parameters.flat == single.parameters.flat.converted(to: Double.self))
      #expect(wide.statistics.flat == single.statistics.flat.converted(to: Double.self))
      let double: StateDictionary<Double> = state(network)
      try double.write(to: file)
      #expect(try StateDictionary<Double>(contentsOf: file, network: network) == double)
    }
  }

  @Test("the cosines' weight is features by classes in files too")
  func cosineArrangement() throws {
    let network = Self.networks[1]
    let own: StateDictionary<Float> = state(network)
    let entry = try #require(own.tensors.tensors["linear.weight"])
    #expect(entry.shape == [8, 3])
    let stored = entry.data.withUnsafeBytes { bytes in
      (0..<24).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    let index = try #require(network.layout.index(of: "linear.weight"))
    #expect(stored == own.parameters[index].elements)
    #expect(own.tensors.tensors["layer2.0.conv1.weight"]?.shape == [4, 2, 3, 3])
  }

  @Test("counters of batches are read over, and names may stand behind a prefix")
  func foreignDetails() throws {
    let network = Self.networks[2]
    let own: StateDictionary<Float> = state(network)
    var tensors = own.tensors
    let counter = Safetensors.Entry(dtype: .i64, shape: [], data: Data(count: 8))
    for name in ["bn1", "layer1.0.bn2", "layer2.0.downsample.1"] {
      tensors.tensors["\(name).num_batches_tracked"] = counter
    }
    #expect(try StateDictionary<Float>(tensors, network: network, file: "f") == own)
    var prefixed = Safetensors()
    for (name, entry) in tensors.tensors { prefixed.tensors["module.\(name)"] = entry }
    #expect(try StateDictionary<Float>(prefixed, network: network, prefix: "module.", file: "f") == own)
    #expect(throws: DataError.self) { try StateDictionary<Float>(prefixed, network: network, file: "f") }
  }

  @Test("a missing, misshaped, mistyped or further tensor is named")
  func faults() throws {
    let network = Self.networks[0]
    let own: StateDictionary<Float> = state(network)
    func expect(_ name: String, _ found: String, _ change: (inout Safetensors) -> Void) {
      var tensors = own.tensors
      change(&tensors)
      do {
        _ = try StateDictionary<Float>(tensors, network: network, file: "weights")
        Issue.record("\(name): accepted")
      } catch let error as DataError {
        #expect(error.file == "weights" && error.place == name && error.found.contains(found), "\(error)")
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
    expect("linear.bias", "no such tensor") { $0.tensors["linear.bias"] = nil }
    expect("bn1.running_var", "no such tensor") { $0.tensors["bn1.running_var"] = nil }
    expect("conv1.weight", "shape 2×3×3×1") {
      $0.tensors["conv1.weight"] = .init(dtype: .f32, shape: [2, 3, 3, 1], data: Data(count: 72))
    }
    // As many elements, but features by classes.
    expect("linear.weight", "8×3") {
      $0.tensors["linear.weight"] = .init(dtype: .f32, shape: [8, 3], data: Data(count: 96))
    }
    expect("linear.bias", "F64") {
      $0.tensors["linear.bias"] = .init(dtype: .f64, shape: [3], data: Data(count: 24))
    }
    let extra = Safetensors.Entry(dtype: .f32, shape: [1], data: Data(count: 4))
    for name in ["fc.weight", "optimizer.momentum.conv1.weight", "conv1.num_batches_tracked"] {
      expect(name, "does not have") { $0.tensors[name] = extra }
    }
  }
}

@Suite("Images in PyTorch's arrangement")
struct InterchangeBatchTests {
  private func write(_ content: Safetensors, _ body: (URL) throws -> Void) throws {
    try inDirectory { directory in
      let file = directory.appendingPathComponent("pictures.safetensors")
      try AtomicFile.write(content.encoded(), to: file)
      try body(file)
    }
  }

  private func labels(_ values: [Int64]) -> Safetensors.Entry {
    .init(dtype: .i64, shape: [values.count], data: values.withUnsafeBytes { Data($0) })
  }

  @Test("channels come last, and the logits are those of the rearranged images")
  func arrangement() throws {
    let (n, h, w) = (2, 4, 3)
    let images = Tensor<Float>((0..<(n * 3 * h * w)).map { Float($0) / 64 - 0.5 }, shape: [n, 3, h, w])
    var content = Safetensors()
    content.tensors["images"] = InterchangeLayout.entry(images)
    content.tensors["labels"] = labels([2, 0])
    try write(content) { file in
      let batch = try InterchangeBatch<Double>(contentsOf: file, classes: 3)
      #expect(batch.images.shape == [n, h, w, 3] && batch.labels == [2, 0])
      for i in 0..<batch.images.count {
        let (c, x, y, s) = (i % 3, i / 3 % w, i / (3 * w) % h, i / (3 * w * h))
        #expect(batch.images[i] == Double(images[((s * 3 + c) * h + y) * w + x]))
      }
      let network = Network.resNet(depth: 8, width: 2, classes: 3)
      let state = StateDictionary<Double>(
        parameters: network.initialParameters(seed: 1), statistics: network.initialStatistics())
      let out = file.deletingLastPathComponent().appendingPathComponent("out")
      for normalization in [Normalization.running, .batch] {
        let result = try InterchangeEvaluation(network, state, on: batch, normalization: normalization)
        let objective = Objective<Double>(network: network)
        let expected = try objective.evaluate(
          at: state.parameters, statistics: state.statistics,
          over: LabeledBatch(images: batch.images, labels: [2, 0]), normalization: normalization)
        #expect(result.evaluation?.gradient == expected.gradient && result.evaluation?.loss == expected.loss)
        try result.write(to: out)
        let written = try Safetensors(contentsOf: out)
        #expect(written.tensors.count == 2 + network.layout.segments.count)
        #expect(written.tensors["loss"] == InterchangeLayout.entry(Tensor([expected.loss], shape: [])))
        #expect(written.tensors["logits"]?.shape == [2, 3])
        #expect(written.tensors["gradient.conv1.weight"]?.shape == [2, 3, 3, 3])
      }
    }
  }

  @Test("logits of many images go through in parts and are those of one")
  func manyImages() throws {
    var content = Safetensors()
    content.tensors["images"] = InterchangeLayout.entry(
      Tensor<Float>.standardNormal(seed: 6, purpose: .probe, shape: [67, 3, 4, 4]))
    try write(content) { file in
      let batch = try InterchangeBatch<Float>(contentsOf: file, classes: 3)
      let network = Network.resNet(depth: 8, width: 2, classes: 3)
      let state = StateDictionary<Float>(
        parameters: network.initialParameters(seed: 1), statistics: network.initialStatistics())
      let result = try InterchangeEvaluation(network, state, on: batch)
      #expect(result.evaluation == nil)
      #expect(
        result.logits
          == Objective<Float>(network: network).logits(
            at: state.parameters, statistics: state.statistics, images: batch.images))
    }
  }

  @Test("anything else is refused by name")
  func faults() throws {
    let images = Safetensors.Entry(dtype: .f32, shape: [2, 3, 1, 1], data: Data(count: 24))
    func expect(_ place: String, _ tensors: [String: Safetensors.Entry]) throws {
      try write(Safetensors(tensors: tensors)) { file in
        let error = #expect(throws: DataError.self) {
          try InterchangeBatch<Float>(contentsOf: file, classes: 3)
        }
        #expect(error?.place == place, "\(String(describing: error))")
      }
    }
    try expect("images", ["labels": labels([0, 1])])
    try expect("images", ["images": .init(dtype: .f32, shape: [1, 4, 1, 1], data: Data(count: 16))])
    try expect("images", ["images": .init(dtype: .f32, shape: [3, 1, 1], data: Data(count: 12))])
    try expect("images", ["images": .init(dtype: .f32, shape: [0, 3, 1, 1], data: Data())])
    try expect("images", ["images": .init(dtype: .f64, shape: [1, 3, 1, 1], data: Data(count: 24))])
    let endless = InterchangeLayout.entry(Tensor<Float>([1, .infinity, 3], shape: [1, 3, 1, 1]))
    try expect("images", ["images": endless])
    try expect("labels", ["images": images, "labels": labels([0])])
    try expect("labels", ["images": images, "labels": labels([0, 3])])
    try expect("labels", ["images": images, "labels": labels([-1, 0])])
    try expect("labels", ["images": images, "labels": images])
    try expect("masks", ["images": images, "masks": images])
  }
}
