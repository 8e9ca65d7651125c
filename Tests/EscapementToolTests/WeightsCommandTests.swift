import EscapementArtifacts
import EscapementTraining
import Foundation
import Testing

@Suite("The weights of a run, exported and evaluated")
struct WeightsCommandTests {
  @Test("train reports the selected epoch, whose checkpoint can be taken by its name")
  func selected() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      func train(_ flags: String..., to out: String) throws -> ToolProcess.Result {
        try ToolProcess.run(
          ["train", "--preset", "fixture/ce", "--batch-size", "128", "--out", out] + flags)
      }
      let trained = try train("--epochs", "3", "--select-every", "1", to: run)
      #expect(trained.status == 0, "\(trained.errors)")
      let line = try #require(trained.errorLines.first { $0.contains("selected epoch ") })
      let epoch = try #require(
        line.split(separator: " ").compactMap { Int($0.split(separator: "/")[0]) }.first)
      #expect(trained.errors.contains("last epoch 3/3: accuracy "), "\(trained.errors)")
      let steps = RunDirectory(URL(fileURLWithPath: run)).checkpointedSteps()
      let step = try #require(steps.last) / 3 * epoch
      func export(_ source: String, _ flags: String..., as name: String) throws -> ToolProcess.Result {
        try ToolProcess.run(["weights", "export", source, directory.path + "/" + name] + flags)
      }
      for (name, checkpoint) in [("best", "best"), ("step", String(step))] {
        #expect(try export(run, "--checkpoint", checkpoint, as: name).status == 0)
      }
      let files = try ["best", "step"].map { try Data(contentsOf: directory.appendingPathComponent($0)) }
      #expect(files[0] == files[1] && !files[0].isEmpty)
      let plain = directory.appendingPathComponent("plain").path
      #expect(try train("--epochs", "1", to: plain).status == 0)
      for (checkpoint, status) in [("best", 64), ("second", 64), ("7", 69)] as [(String, Int32)] {
        let refused = try export(plain, "--checkpoint", checkpoint, as: "none")
        #expect(refused.status == status && refused.errorLines.count == 1, "\(refused.errors)")
      }
    }
  }

  @Test("a run's newest checkpoint is exported without the optimizer, and evaluated")
  func exportAndEvaluate() throws {
    try ToolProcess.withDirectory { directory in
      func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
      let trained = try ToolProcess.run(
        ["train", "--preset", "fixture/ce", "--epochs", "1", "--out", path("run")])
      #expect(trained.status == 0, "\(trained.errors)")
      let exported = try ToolProcess.run(["weights", "export", path("run"), path("weights")])
      #expect(
        exported.status == 0 && exported.errors == "wrote \(path("weights"))\n" && exported.output.isEmpty,
        "\(exported.errors)")
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
          "weights", "evaluate", path("weights"), "--network", network, "--classes", String(classes),
          "--images", path("pictures"), "--out", path("out"), "--double",
        ])
      }
      let network = "resnet\(6 * blocks + 2)-w\(width)"
      let evaluated = try evaluate(network, classes: classes)
      #expect(evaluated.status == 0 && evaluated.errors == "wrote \(path("out"))\n", "\(evaluated.errors)")
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

  /// A run's weights, exported and imported again, are the same point: the accuracy of the run's last epoch, and its
  /// eigenvalues to the digit.
  @Test("weights from elsewhere are evaluated and measured like a run, and are no evidence")
  func importing() throws {
    try ToolProcess.withDirectory { directory in
      func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
      func run(_ arguments: [String]) throws -> ToolProcess.Result { try ToolProcess.run(arguments) }
      let trained = try run(["train", "--preset", "fixture/ce", "--epochs", "1", "--out", path("run")])
      #expect(trained.status == 0, "\(trained.errors)")
      _ = try run(["weights", "export", path("run"), path("w.safetensors")])
      let imported = try run([
        "weights", "import", path("w.safetensors"), "--preset", "fixture/ce", "--out", path("imported"),
      ])
      #expect(imported.status == 0 && imported.errors.isEmpty, "\(imported.errors)")
      let test = try #require(imported.output.split(separator: "\n").first { $0.hasPrefix("test ") })
      #expect(trained.output.contains(test), "\(test)")
      let own = try run(["spectrum", path("run"), "--class", "9", "--steps", "8"])
      for arguments in [
        [path("imported")], [path("w.safetensors"), "--network", "resnet8-w8", "--dataset", "fixture"],
      ] {
        let measured = try run(["spectrum"] + arguments + ["--class", "9", "--steps", "8"])
        #expect(measured.status == 0, "\(measured.errors)")
        func row(_ result: ToolProcess.Result) -> Substring? {
          result.output.split(separator: "\n").first { $0.hasPrefix("class 9") }
        }
        #expect(row(measured) != nil && row(measured) == row(own))
      }
      let evaluated = try run(["weights", "evaluate", path("imported"), "--logits", path("logits")])
      #expect(evaluated.status == 0 && evaluated.output.contains(test), "\(evaluated.errors)")
      let logits = try Safetensors(contentsOf: directory.appendingPathComponent("logits"))
      #expect(logits.names == ["labels", "logits"] && logits.tensors["logits"]?.shape == [1000, 10])

      // It shows what the point is, and counts for nothing.
      let listed = try run(["evidence", "list", path("imported")])
      #expect(listed.output.contains("imported") && listed.output.contains("not counted: weights imported"))
      #expect(try run(["evidence", "add", path("imported"), "--to", path("evidence")]).status != 0)
      #expect(try run(["report", path("imported"), "--out", path("page.html")]).status == 0)
      for (arguments, status, word) in [
        (["train", "--resume", "--out", path("imported")], 65, "imported"),
        (
          ["weights", "import", path("w.safetensors"), "--preset", "fixture/ce", "--out", path("run")], 69,
          "empty"
        ),
        (["weights", "import", path("w.safetensors"), "--out", path("x")], 64, "--preset"),
        (["weights", "import", path("run"), "--preset", "fixture/ce", "--out", path("x")], 65, "directory"),
        (
          [
            "weights", "import", path("w.safetensors"), "--preset", "fixture/vs", "--key", "ema", "--out",
            path("x"),
          ], 65,
          "--key"
        ),
        (["spectrum", path("run"), "--preset", "fixture/ce"], 64, "file of weights"),
      ] {
        let refused = try run(arguments)
        #expect(
          refused.status == Int32(status) && refused.errorLines.count == 1, "\(arguments) \(refused.errors)")
        #expect(refused.errors.contains(word), "\(refused.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: path("x")))
    }
  }
}
