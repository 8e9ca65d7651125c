import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing

@Suite("escapement data and fixtures")
struct DataCommandTests {
  /// CIFAR-10's six files, image i filled with i, and a run in a directory with them.
  private func withCIFAR(_ body: (URL) throws -> Void) throws {
    try ToolProcess.withDirectory { directory in
      for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
        var data = Data(count: 10_000 * CIFARRecords.bytes)
        data.withUnsafeMutableBytes { bytes in
          for i in 0..<10_000 {
            memset(bytes.baseAddress! + i * CIFARRecords.bytes, Int32(i & 255), CIFARRecords.bytes)
            bytes[i * CIFARRecords.bytes] = UInt8(i % 10)
          }
        }
        try data.write(to: directory.appendingPathComponent(name))
      }
      try body(directory)
    }
  }

  @Test("check, manifest, sheet, pack and goldens on one's own images, end to end")
  func ownImages() throws {
    try withCIFAR { directory in
      let data = ["--data", directory.path]
      let check = try ToolProcess.run(["data", "check", "cifar10-lt50-first", "--json"] + data)
      #expect(check.status == 0, "\(check.errors)")
      let summary = try JSON(parsing: Data(check.output.utf8), file: "out")
      #expect(summary["train"]?["pictures"]?.integer == 13_996 && summary["train"]?["kind"] == "other")
      #expect(summary["train"]?["selection"] == "first in order")

      let manifest = directory.appendingPathComponent("manifest.json").path
      #expect(
        try ToolProcess.run(["data", "manifest", "cifar10-lt100", "--out", manifest] + data).status == 0)
      let same = try ToolProcess.run(["data", "check", "cifar10-lt100", "--manifest", manifest] + data)
      #expect(same.status == 0 && same.errors.contains("never a settled verdict"), "\(same.errors)")
      let other = try ToolProcess.run(["data", "check", "cifar10-lt50", "--manifest", manifest] + data)
      #expect(other.status == 65 && other.errors.contains(manifest), "\(other.errors)")
      let training = try ToolProcess.run(
        ["train", "--preset", "fixture/ce", "--manifest", manifest, "--out", directory.path + "/run"])
      #expect(training.status == 65 && training.errorLines.count == 1, "\(training.errors)")
      #expect(!FileManager.default.fileExists(atPath: directory.path + "/run"))

      let sheet = directory.appendingPathComponent("sheet.png")
      #expect(
        try ToolProcess.run(["data", "sheet", "cifar10-lt100", "--columns", "3", "--out", sheet.path] + data)
          .status
          == 0)
      #expect(try Data(contentsOf: sheet).starts(with: [0x89, 0x50, 0x4e, 0x47]))

      let packed = directory.appendingPathComponent("packed").path
      let golden = directory.appendingPathComponent("golden").path
      let pack = try ToolProcess.run(
        [
          "fixtures", "pack", "--from", directory.path, "--out", packed, "--per-class", "40",
          "--test-per-class", "5",
        ])
      #expect(pack.status == 0, "\(pack.errors)")
      #expect(try ToolProcess.run(["fixtures", "check", packed]).status == 0)
      let again = directory.appendingPathComponent("again")
      let listed = ["--from", directory.path, "--manifest", packed + "/manifest.json"]
      let repack = try ToolProcess.run(["fixtures", "pack", "--out", again.path] + listed)
      #expect(repack.status == 0 && repack.output == pack.output, "\(repack.errors)")
      #expect(try ToolProcess.run(["fixtures", "check", again.path]).status == 0)
      for more in [["--ratio", "2"], ["--set", "cifar10"]] {
        let refused = try ToolProcess.run(["fixtures", "pack", "--out", again.path] + listed + more)
        #expect(refused.status == 64 && refused.errors.contains("--manifest lists the images"))
      }
      // Images that are not the published ones are told apart by their digest before anything is trained.
      let mini = ["cifar10-lt-mini/ce-drw", "--no-write", "--data", directory.path]
      let wrong = try ToolProcess.run(["golden", "check"] + mini)
      #expect(wrong.status == 65 && wrong.errorLines.count == 1, "\(wrong.errors)")

      let without = try ToolProcess.run(
        ["golden", "check", "cifar10-lt-mini"], environment: ["ESCAPEMENT_CIFAR10": ""])
      #expect(without.status == 69 && without.output.isEmpty)
      #expect(without.errors.contains("in ESCAPEMENT_CIFAR10"), "\(without.errors)")

      let name = "training/sgd-resnet8"
      let on = ["--fixture", packed, "--golden", golden]
      #expect(try ToolProcess.run(["golden", "accept", name, "--reason", "mine"] + on).status == 0)
      let agreed = try ToolProcess.run(["golden", "check", name] + on)
      #expect(agreed.status == 0 && agreed.output.contains("agree"), "\(agreed.output)\(agreed.errors)")
      // The same record does not pass for other images.
      #expect(try ToolProcess.run(["golden", "check", name, "--golden", golden]).status == 1)
    }
  }

  @Test("a run trained on other data is not resumed, and the line says what differs")
  func resumedOnOtherData() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let first = try ToolProcess.run(["train", "--preset", "fixture/ce", "--epochs", "1", "--out", run.path])
      #expect(first.status == 0, "\(first.errors)")
      let record = run.appendingPathComponent("run.json")
      let text = try String(contentsOf: record, encoding: .utf8)
      let digest = FixtureStore.ten.trainDigest
      #expect(text.contains(digest) && text.contains("\"test_time\": \"none\""))
      let other = text.replacingOccurrences(of: digest, with: String(digest.reversed()))
      var members = try #require(JSON(parsing: Data(other.utf8), file: "run.json").object)
      members[SealedJSON.key] = nil
      try AtomicFile.write(SealedJSON.sealed(.object(members)), to: record)
      let again = try ToolProcess.run(["train", "--resume", "--out", run.path])
      #expect(again.status == 65 && again.errors.contains("another copy of the images"), "\(again.errors)")
    }
  }

  @Test("a list and its images: counts, digests and a sheet; a missing image is told by its line")
  func lists() throws {
    try ToolProcess.withDirectory { directory in
      for i in 0..<4 {
        let image = RGBImage(
          width: 40, height: 36, bytes: [UInt8](repeating: UInt8(50 * i), count: 3 * 40 * 36))
        try PPM.encode(image).write(to: directory.appendingPathComponent("\(i).ppm"))
      }
      let list = directory.appendingPathComponent("list.txt")
      try Data("0.ppm 0\n1.ppm 0\n2.ppm 1\n3.ppm 2\n".utf8).write(to: list)
      let sheet = directory.appendingPathComponent("sheet.png")
      let arguments = ["data", "list", list.path, "--root", directory.path]
      let result = try ToolProcess.run(arguments + ["--decode", "--sheet", sheet.path, "--json"])
      #expect(result.status == 0, "\(result.errors)")
      let object = try JSON(parsing: Data(result.output.utf8), file: "out")
      #expect(object["counts"] == [2, 1, 1] && object["head"]?["pictures"]?.integer == 2)
      #expect(object["pixels_sha256"]?.string?.count == 64)
      #expect(try Data(contentsOf: sheet).starts(with: [0x89, 0x50, 0x4e, 0x47]))
      #expect(try ToolProcess.run(arguments).output.contains("images a class: 1 to 2"))
      try FileManager.default.removeItem(at: directory.appendingPathComponent("2.ppm"))
      let missing = try ToolProcess.run(arguments)
      #expect(missing.status == 69 && missing.errors.contains("line 3"), "\(missing.errors)")
      let faulty = try ToolProcess.run(["data", "list", sheet.path, "--root", directory.path])
      #expect(faulty.status == 65 && faulty.errorLines.count == 1, "\(faulty.errors)")
    }
  }

  @Test("unknown names, places and values end in one line and the right code")
  func faults() throws {
    func expect(_ arguments: [String], _ status: Int32, _ mention: String) throws {
      let result = try ToolProcess.run(arguments)
      #expect(result.status == status && result.errors.contains(mention), "\(arguments): \(result.errors)")
      #expect(result.errorLines.count == 1)
    }
    try expect(["data", "check", "mnist"], 64, "known are")
    try expect(["data", "check", "cifr10-lt100"], 64, "did you mean cifar10-lt100?")
    try expect(["data", "check", "cifar10"], 69, "the place of cifar10's images")
    try expect(["data", "check", "cifar10-lt100"], 69, "--data")
    try expect(["data", "check", "cifar100-lt100", "--data", "/nonexistent"], 69, "/nonexistent")
    try expect(["data", "sheet", "fixture", "--class", "10", "--out", "/tmp/x.png"], 64, "0 to 9")
    try expect(["data", "sheet", "fixture", "--scale", "99", "--out", "/tmp/x.png"], 64, "1 to 16")
    try expect(
      ["fixtures", "pack", "--from", "/nonexistent", "--set", "mnist", "--out", "/tmp/x"], 64, "cifar10 or")
    try expect(
      ["fixtures", "pack", "--from", "/nonexistent", "--per-class", "9999", "--out", "/tmp/x"], 64,
      "at most 5000")
    try expect(["fixtures", "make", "--classes", "11", "--out", "/tmp/x"], 64, "10 or 100")
    try expect(["train", "--preset", "fixture/ce", "--test-time", "twice", "--out", "/tmp/x"], 64, "twice")
  }
}
