import EscapementArtifacts
import Foundation
import Testing

@Suite("The weights of a run, exported and evaluated")
struct WeightsCommandTests {
  @Test("a run's newest checkpoint is exported without the optimizer, and evaluated")
  func exportAndEvaluate() throws {
    try ToolProcess.withDirectory { directory in
      func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
      let trained = try ToolProcess.run(
        ["train", "--preset", "fixture/ce", "--epochs", "1", "--out", path("run")])
      #expect(trained.status == 0, "\(trained.errors)")
      let exported = try ToolProcess.run(["weights", "export", path("run"), path("weights")])
      #expect(
        exported.status == 0 && exported.errors.isEmpty && exported.output.isEmpty, "\(exported.errors)")
      let weights = try Safetensors(contentsOf: directory.appendingPathComponent("weights"))
      #expect(weights.names.allSatisfy { !$0.hasPrefix("optimizer.") })
      #expect(weights.tensors["conv1.weight"] != nil && weights.tensors["bn1.running_mean"] != nil)
      let width = try #require(weights.tensors["conv1.weight"]).shape[0]
      let classes = try #require(weights.tensors["linear.bias"]).shape[0]
      let blocks = weights.names.filter { $0.hasPrefix("layer1.") && $0.hasSuffix("conv1.weight") }.count

      let images = Safetensors(tensors: [
        "images": .init(dtype: .f32, shape: [3, 3, 8, 8], data: Data(count: 4 * 3 * 3 * 64))
      ])
      try images.encoded().write(to: directory.appendingPathComponent("pictures"))
      func evaluate(_ network: String, classes: Int) throws -> ToolProcess.Result {
        try ToolProcess.run([
          "weights", "evaluate", "--network", network, "--classes", String(classes), "--weights",
          path("weights"), "--images", path("pictures"), "--out", path("out"), "--double",
        ])
      }
      let network = "resnet\(6 * blocks + 2)-w\(width)"
      let evaluated = try evaluate(network, classes: classes)
      #expect(evaluated.status == 0 && evaluated.errors.isEmpty, "\(evaluated.errors)")
      let result = try Safetensors(contentsOf: directory.appendingPathComponent("out"))
      #expect(result.names == ["logits"] && result.tensors["logits"]?.shape == [3, classes])
      #expect(result.tensors["logits"]?.dtype == .f64)

      // Wrong uses end in one line and leave nothing.
      try FileManager.default.removeItem(atPath: path("out"))
      for (name, count, status) in [
        ("resnet33-w16", classes, 64), (network, 1, 64), (network, classes + 1, 65),
        ("\(network)-cosine", classes, 65),
      ] {
        let refused = try evaluate(name, classes: count)
        #expect(refused.status == Int32(status) && refused.errorLines.count == 1, "\(refused.errors)")
      }
      let nowhere = try ToolProcess.run(["weights", "export", path("nowhere"), path("out")])
      #expect(nowhere.status == 69 && nowhere.errorLines.count == 1, "\(nowhere.errors)")
      #expect(!FileManager.default.fileExists(atPath: path("out")))
    }
  }
}
