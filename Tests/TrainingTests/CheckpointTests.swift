import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementNetworks
import Testing
import EscapementTraining

@Suite struct CheckpointTests {
  /// A checkpoint after two steps, with momentum.
  func checkpoint() throws -> (Checkpoint<Float>, Network) {
    let tiny = TinyRun()
    var loop = try tiny.loop()
    for _ in 0..<2 { _ = try loop.step() }
    return (
      Checkpoint(
        recipe: tiny.recipe, state: loop.snapshot, digestEvery: 1, metrics: .init(length: 123, digest: .zero)),
      loop.network
    )
  }

  @Test func roundTripKeepsEveryBit() throws {
    let (saved, network) = try checkpoint()
    try inDirectory { directory in
      let sidecar = directory.appendingPathComponent("c.json")
      try saved.write(sidecar: sidecar)
      let read = try Checkpoint<Float>(sidecar: sidecar, network: network)
      #expect(read.state == saved.state)
      #expect(read.state.ruleState["momentum"] != nil && read.state.totals.steps == 2)
      #expect(read.recipe == saved.recipe && read.metrics == saved.metrics && read.digestEvery == 1)
    }
  }

  @Test func tensorsHavePyTorchNamesAndArrangement() throws {
    let (saved, network) = try checkpoint()
    try inDirectory { directory in
      try saved.write(sidecar: directory.appendingPathComponent("c.json"))
      let file = try Safetensors(contentsOf: directory.appendingPathComponent("c.safetensors"))
      #expect(file.tensors["bn1.running_var"]?.shape == [2])
      #expect(file.tensors["optimizer.momentum.conv1.weight"]?.shape == [2, 3, 3, 3])
      func values(_ name: String) throws -> [Float] {
        let data = try #require(file.tensors[name]).data
        return data.withUnsafeBytes { bytes in
          (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
      }
      // Entry by entry from the definition of both arrangements.
      let convolution = try #require(network.layout.index(of: "layer2.0.conv1.weight"))
      let stored = try values("layer2.0.conv1.weight")
      let own = saved.state.parameters[convolution]
      #expect(file.tensors["layer2.0.conv1.weight"]?.shape == [4, 2, 3, 3])
      for o in 0..<4 {
        for i in 0..<2 {
          for y in 0..<3 {
            for x in 0..<3 {
              #expect(stored[((o * 2 + i) * 3 + y) * 3 + x] == own[((y * 3 + x) * 2 + i) * 4 + o])
            }
          }
        }
      }
      let dense = try #require(network.layout.index(of: "linear.weight"))
      let rows = try values("linear.weight")
      #expect(file.tensors["linear.weight"]?.shape == [3, 8])
      for o in 0..<3 {
        for i in 0..<8 { #expect(rows[o * 8 + i] == saved.state.parameters[dense][i * 3 + o]) }
      }
    }
  }

  @Test func damageIsADataError() throws {
    let (saved, network) = try checkpoint()
    try inDirectory { directory in
      let sidecar = directory.appendingPathComponent("c.json")
      let tensors = directory.appendingPathComponent("c.safetensors")
      try saved.write(sidecar: sidecar)
      let (text, bytes) = (try FileContents.read(sidecar), try FileContents.read(tensors))
      func expectRefusal(_ what: String, sidecar newText: Data?, tensors newBytes: Data?) throws {
        for (url, data) in [(sidecar, newText), (tensors, newBytes)] {
          try? FileManager.default.removeItem(at: url)
          if let data { try data.write(to: url) }
        }
        let error = #expect(throws: DataError.self, "\(what)") {
          try Checkpoint<Float>(sidecar: sidecar, network: network)
        }
        #expect(error?.description.contains("\n") == false)
      }
      var flipped = bytes
      flipped[bytes.count / 2] ^= 1
      try expectRefusal("a flipped bit", sidecar: text, tensors: flipped)
      try expectRefusal("a truncated tensor file", sidecar: text, tensors: bytes.dropLast(1))
      try expectRefusal("an empty tensor file", sidecar: text, tensors: Data())
      try expectRefusal("no tensor file", sidecar: text, tensors: nil)
      try expectRefusal("no sidecar", sidecar: nil, tensors: bytes)
      for length in stride(from: 0, to: text.count - 2, by: 37) {
        try expectRefusal("a sidecar of \(length) bytes", sidecar: text.prefix(length), tensors: bytes)
      }
      // Every member is needed and its kind is checked.
      let members = try #require(JSON(parsing: text, file: "c.json").object)
      for key in members.keys {
        var changed = members
        changed[key] = nil
        try expectRefusal("no \(key)", sidecar: Data(JSON.object(changed).canonical().utf8), tensors: bytes)
        changed[key] = .array([.bool(true)])
        try expectRefusal("odd \(key)", sidecar: Data(JSON.object(changed).canonical().utf8), tensors: bytes)
      }
      // An honest checkpoint of another network or precision.
      try text.write(to: sidecar)
      try bytes.write(to: tensors)
      #expect(throws: DataError.self) {
        try Checkpoint<Float>(sidecar: sidecar, network: .resNet(depth: 8, width: 4, classes: 3))
      }
      #expect(throws: DataError.self) { try Checkpoint<Double>(sidecar: sidecar, network: network) }
      #expect(try Checkpoint<Float>(sidecar: sidecar, network: network).state == saved.state)
    }
  }
}
