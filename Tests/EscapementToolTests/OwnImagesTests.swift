import EscapementArtifacts
import EscapementLongTail
import EscapementRandomness
import Foundation
import Testing

@Suite("Images of one's own, by the command line")
struct OwnImagesTests {
  /// Three classes of 12, 9 and 6 noise images below "images", listed in "list".
  private func withImages(_ body: (URL) throws -> Void) throws {
    try ToolProcess.withDirectory { directory in
      let images = directory.appendingPathComponent("images")
      try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
      var stream = RandomStream(seed: 7, purpose: .fixture)
      var lines = ""
      for (label, count) in [12, 9, 6].enumerated() {
        for i in 0..<count {
          let side = 16 + stream.integer(below: 8)
          let bytes = (0..<(3 * side * side)).map { _ in UInt8(stream.integer(below: 256)) }
          let name = "\(label) \(i).ppm"
          try PPM.encode(RGBImage(width: side, height: side, bytes: bytes))
            .write(to: images.appendingPathComponent(name))
          lines += "\(name) \(label)\n"
        }
      }
      try Data(lines.utf8).write(to: directory.appendingPathComponent("list"))
      try body(directory)
    }
  }

  private let train = [
    "train", "--preset", "fixture/ce", "--images", "list", "--root", "images", "--image-size", "16",
    "--metrics-every", "0", "--epochs",
  ]

  private func digests(_ result: ToolProcess.Result) -> [Substring] {
    result.errorLines.filter { $0.hasPrefix("parameters ") }
  }

  @Test("a run on a list stops, moves with its images, goes on to the same bits, and is measured")
  func listedRun() throws {
    try withImages { directory in
      func run(_ arguments: [String], whileRunning: ((Process) -> Void)? = nil) throws -> ToolProcess.Result {
        try ToolProcess.run(arguments, in: directory, whileRunning: whileRunning)
      }
      let whole = try run(train + ["40", "--out", "whole"])
      #expect(whole.status == 0, "\(whole.errors)")
      let record = try JSON(
        parsing: Data(contentsOf: directory.appendingPathComponent("whole/run.json")), file: "run.json")
      #expect(
        record["provenance"]?["listing"]?["root"] == "images"
          && record["provenance"]?["listing"]?["side"] == 16)

      let metrics = directory.appendingPathComponent("part/metrics.jsonl")
      let stopped = try run(train + ["40", "--out", "part"]) { process in
        while process.isRunning, ((try? Data(contentsOf: metrics)) ?? Data()).isEmpty { usleep(2000) }
        process.interrupt()
      }
      #expect(stopped.status == 75, "\(stopped.errors)")
      func move(_ from: String, _ to: String) throws {
        try FileManager.default.moveItem(
          at: directory.appendingPathComponent(from), to: directory.appendingPathComponent(to))
      }
      try move("images", "moved")
      let lost = try run(["train", "--resume", "--out", "part"])
      #expect(lost.status == 69 && lost.errorLines.count == 1, "\(lost.errors)")
      #expect(lost.errors.contains("images/0 0.ppm") && lost.errors.contains("line 1"), "\(lost.errors)")
      let resumed = try run(["train", "--resume", "--out", "part", "--data", "moved"])
      #expect(resumed.status == 0 && digests(resumed) == digests(whole), "\(resumed.errors)")
      #expect(digests(whole).count == 1)

      let spectrum = try run(["spectrum", "part", "--data", "moved", "--class", "2", "--steps", "3"])
      #expect(spectrum.status == 0 && spectrum.output.contains("class 2"), "\(spectrum.errors)")
      let evaluated = try run(["weights", "evaluate", "part", "--data", "moved"])
      let overall = try #require(evaluated.output.split(separator: "\n").first { $0.hasPrefix("test ") })
      #expect(evaluated.status == 0 && whole.output.contains(overall), "\(evaluated.errors) \(overall)")

      // Another image in the place of one: the run is not resumed on it.
      let image = directory.appendingPathComponent("moved/1 3.ppm")
      var bytes = try Data(contentsOf: image)
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: image)
      let other = try run(["train", "--resume", "--out", "part", "--data", "moved"])
      #expect(other.status == 65 && other.errorLines.count == 1, "\(other.errors)")
    }
  }

  @Test("a preset of ImageNet-LT trains on a list with its ResNet-50, and goes on to the same bits")
  func largeScalePreset() throws {
    try withImages { directory in
      let train = [
        "train", "--preset", "imagenet-lt/ldam-drw-sam", "--images", "list", "--root", "images",
        "--image-size",
        "32", "--batch-size", "9", "--checkpoint-every", "0", "--epochs", "2", "--out",
      ]
      let whole = try ToolProcess.run(train + ["whole"], in: directory)
      #expect(whole.status == 0, "\(whole.errors)")
      let metrics = directory.appendingPathComponent("part/metrics.jsonl")
      let stopped = try ToolProcess.run(train + ["part"], in: directory) { process in
        while process.isRunning, ((try? Data(contentsOf: metrics)) ?? Data()).isEmpty { usleep(2000) }
        process.interrupt()
      }
      #expect(stopped.status == 75, "\(stopped.errors)")
      let resumed = try ToolProcess.run(["train", "--resume", "--out", "part"], in: directory)
      #expect(resumed.status == 0 && digests(resumed) == digests(whole), "\(resumed.errors)")
      #expect(digests(whole).count == 1)
    }
  }

  @Test("an image that is missing or broken is one line with its place in the list, or is left out")
  func badImages() throws {
    try withImages { directory in
      try FileManager.default.removeItem(at: directory.appendingPathComponent("images/1 2.ppm"))
      try Data("P6 3".utf8).write(to: directory.appendingPathComponent("images/2 1.ppm"))
      let missing = try ToolProcess.run(train + ["1", "--out", "run"], in: directory)
      #expect(missing.status == 69 && missing.errorLines.count == 1, "\(missing.errors)")
      #expect(missing.errors.contains("1 2.ppm") && missing.errors.contains("line 15"), "\(missing.errors)")
      #expect(!FileManager.default.fileExists(atPath: directory.appendingPathComponent("run").path))
      let skipped = try ToolProcess.run(
        train + ["1", "--on-bad-image", "skip", "--out", "run"], in: directory)
      #expect(
        skipped.status == 0 && skipped.errors.contains("2 images, the first 1 2.ppm"), "\(skipped.errors)")
      let record = try JSON(
        parsing: Data(contentsOf: directory.appendingPathComponent("run/run.json")), file: "run.json")
      #expect(record["provenance"]?["listing"]?["skipped"] == ["1 2.ppm", "2 1.ppm"])
    }
  }

  @Test("one's own images become a fixture: reduced, packed, checked, and trained on")
  func packing() throws {
    try withImages { directory in
      func run(_ arguments: [String]) throws -> ToolProcess.Result {
        try ToolProcess.run(arguments, in: directory)
      }
      let packed = try run(["fixtures", "pack", "--images", "list", "--root", "images", "--out", "packed"])
      #expect(packed.status == 0, "\(packed.errors)")
      let checked = try run(["fixtures", "check", "packed"])
      #expect(checked.status == 0 && checked.output == packed.output, "\(checked.errors)")
      let data = try LongTailedData.named("packed", at: directory.appendingPathComponent("packed"))
      // Every tenth of 12, 9 and 6 is held out.
      #expect(data.counts == [10, 8, 5] && data.test.classCounts == [2, 1, 1])
      let trained = try run(
        [
          "train", "--preset", "fixture/ce", "--dataset", "packed", "--data", "packed", "--epochs", "1",
          "--out",
          "run",
        ])
      #expect(trained.status == 0, "\(trained.errors)")
      for arguments in [
        ["--images", "list", "--from", "x"], [], ["--images", "list", "--ratio", "2"],
        ["--images", "list", "--image-size", "16"], ["--from", "x", "--test", "list"],
      ] {
        let refused = try run(["fixtures", "pack", "--out", "no"] + arguments)
        #expect(refused.status == 64, "\(arguments) \(refused.errors)")
      }
    }
  }
}
