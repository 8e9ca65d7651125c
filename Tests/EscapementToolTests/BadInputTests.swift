import Foundation
import EscapementLongTail
import Testing

@Suite("Bad input ends in one line and the right exit code")
struct BadInputTests {
  private func expect(
    _ arguments: [String], status: Int32, mentions parts: [String], environment: [String: String] = [:],
    leaves absent: URL? = nil
  ) throws {
    let result = try ToolProcess.run(arguments, environment: environment)
    let command = arguments.joined(separator: " ")
    #expect(result.status == status, "\(command): \(result.errors)")
    #expect(result.errorLines.count == 1, "\(command): \(result.errors)")
    #expect(result.errors.hasPrefix("escapement: "), "\(command)")
    for part in parts { #expect(result.errors.contains(part), "\(command): \(result.errors)") }
    if let absent {
      #expect(!FileManager.default.fileExists(atPath: absent.path), "\(command) left \(absent.path)")
    }
  }

  @Test("wrong usage is 64")
  func usage() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let train = ["train", "--out", run.path, "--preset"]
      let cases: [([String], [String])] = [
        (["tarin"], ["tarin"]),
        (["train", "--out", run.path], ["--preset"]),
        (train + ["cifar10-lt100/adam"], ["cifar10-lt100/adam", "cifar10-lt100/ldam-drw-sam"]),
        (train + ["fixture/ce-sam", "--rho", "-1"], ["rho", "-1"]),
        (train + ["fixture/ce-sam", "--rho", "nan"], ["rho", "nan"]),
        (train + ["fixture/ce-sam", "--rho", "inf"], ["rho", "inf"]),
        (train + ["fixture/ce", "--rho", "0.5"], ["--rho", "fixture/ce"]),
        (train + ["cifar11/ce"], ["cifar11/ce", "cifar100-step100", "escapement presets"]),
        (train + ["fixture/ce-sam", "--optimizer", "adam"], ["--optimizer adam", "sse-sam"]),
        (train + ["fixture/ce-sam", "--optimizer", "pgd", "--rho", "1"], ["--rho", "pgd"]),
        (train + ["fixture/ce-sam", "--eta", "20"], ["--eta", "fixture/ce-sam"]),
        (train + ["fixture/ce", "--schedule", "linear"], ["linear", "printed"]),
        (["train", "--resume", "--out", run.path, "--schedule", "printed"], ["--resume"]),
        (train + ["fixture/ce", "--loss", "mse"], ["--loss mse", "ldam"]),
        (train + ["fixture/ce", "--weighting", "heavy"], ["heavy", "drw"]),
        (train + ["cifar100-lt100-first/ce", "--loss", "ldam"], ["--loss ldam", "resnet34-w64"]),
        (["presets", "cifar11"], ["cifar11", "cifar100-step100"]),
        (train + ["fixture/ce", "--spectrum-steps", "5"], ["--spectra"]),
        (train + ["fixture/ce", "--spectra", "9@0"], ["spectra", "9@0"]),
        (train + ["fixture/ce", "--spectra", "1,,2"], ["spectra", "1,,2"]),
        (train + ["fixture/ce", "--spectra", "3,10"], ["3,10", "0 to 9"]),
        (train + ["fixture/ce", "--drw-epoch", "1"], ["--drw-epoch", "fixture/ce"]),
        (train + ["fixture/ce", "--epochs", "0"], ["epochs", "0"]),
        (train + ["fixture/ce", "--epochs", "two"], ["two"]),
        (train + ["fixture/ce", "--batch-size", "-3"], ["--batch-size", "-3"]),
        (train + ["fixture/ce", "--learning-rate", "nan"], ["learning rate", "nan"]),
        (train + ["fixture/ce", "--checkpoint-every", "-1"], ["--checkpoint-every", "-1"]),
        (train + ["fixture/ce", "--resume"], ["--resume"]),
        (train + ["fixture/ce", "--on-divergence", "hope"], ["hope", "skip"]),
        (["train", "--resume", "--out", run.path, "--on-divergence", "skip"], ["--resume"]),
        (["verify", "T99"], ["T99", "T9"]),
        (["verify", "--tier", "cosmic"], ["cosmic", "exact"]),
        (["claims", "show", "Q1"], ["Q1"]),
        (["golden", "check", "training/adam"], ["training/adam", "training/sgd-resnet8"]),
        (["golden", "accept", "training", "--reason", "  "], ["reason"]),
        (["golden", "accept", "training", "claims", "--reason", "r"], ["claims"]),
        (["golden", "accept", "claims", "--tier", "cosmic", "--reason", "r"], ["cosmic"]),
        (["golden", "check", "--suite", "training,hinge"], ["hinge", "training/sgd-resnet8"]),
        (["golden", "check", "fixture/hinge"], ["fixture/hinge", "fixture/ldamlinear,"]),
        (["spectrum", run.path, "--steps", "0"], ["--steps"]),
        (["spectrum", run.path, "--class", "1", "--all-classes"], ["--all-classes"]),
        (["spectrum", run.path, "--class", "1", "--group", "tail"], ["--group"]),
        (["spectrum", run.path, "--mode", "pyhessian", "--saddle"], ["--mode exact"]),
        (["spectrum", run.path, "--group", "many"], ["many", "tail"]),
        (["spectrum", run.path, "--loss", "hinge"], ["hinge", "training"]),
        (["amplification", run.path, "--rho", "0"], ["--rho", "0"]),
        (["amplification", run.path, "--rho", "nan"], ["--rho", "nan"]),
        (["amplification", run.path, "--batches", "1"], ["--batches", "1", "2"]),
        (["amplification", run.path, "--resamples", "99"], ["--resamples", "100"]),
        (["amplification", run.path, "--controls", "-1"], ["--controls", "-1"]),
        (["amplification", run.path, "--class", "1", "--group", "tail"], ["--group"]),
      ]
      for (arguments, parts) in cases { try expect(arguments, status: 64, mentions: parts, leaves: run) }
      for (variable, value) in [
        ("ESCAPEMENT_ISA", "mmx"), ("ESCAPEMENT_THREADS", "0"), ("ESCAPEMENT_THREADS", "two"),
        ("ESCAPEMENT_MEMORY", "0"), ("ESCAPEMENT_MEMORY", "8G"), ("ESCAPEMENT_MEMORY", "4097"),
      ] {
        try expect(
          ["claims", "list"], status: 64, mentions: [variable, value], environment: [variable: value])
      }
    }
  }

  @Test("what is missing or refused is 69")
  func missing() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let nowhere = directory.appendingPathComponent("nowhere").path
      let file = directory.appendingPathComponent("file")
      try Data("x".utf8).write(to: file)
      let cifar = ["train", "--preset", "cifar10-lt100/ce", "--out", run.path]
      try expect(cifar, status: 69, mentions: ["--data"], leaves: run)
      try expect(cifar + ["--data", nowhere], status: 69, mentions: [nowhere], leaves: run)
      try expect(
        cifar + ["--data", directory.path], status: 69, mentions: ["cifar-10-binary.tar.gz"], leaves: run)
      // Below a regular file: refused to every user, root included.
      try expect(
        ["train", "--preset", "fixture/ce", "--out", file.path + "/run"], status: 69, mentions: [file.path])
      try expect(["train", "--resume", "--out", nowhere], status: 69, mentions: [nowhere])
      try expect(
        ["train", "--preset", "imagenet-lt/ce", "--out", run.path], status: 69,
        mentions: ["imagenet-lt", "list"],
        leaves: run)
      try expect(["spectrum", nowhere], status: 69, mentions: [nowhere])
      try expect(["fixtures", "check", nowhere], status: 69, mentions: [nowhere])
      try expect(["fixtures", "make", "--out", file.path + "/x"], status: 69, mentions: [file.path])
      try expect(["verify", "D1", "--out", file.path + "/x"], status: 69, mentions: [file.path])
      #expect(try Data(contentsOf: file) == Data("x".utf8))
    }
  }

  @Test("data of other contents is 65")
  func data() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let batch = directory.appendingPathComponent("data_batch_1.bin")
      let train = [
        "train", "--preset", "cifar10-lt100/ce-drw-sam", "--data", directory.path, "--out", run.path,
      ]
      func expectBatch(_ data: Data, mentions parts: [String]) throws {
        try data.write(to: batch)
        try expect(train, status: 65, mentions: [batch.path] + parts, leaves: run)
      }
      let records = Data(count: 10_000 * CIFARRecords.bytes)
      try expectBatch(records.dropLast(1000), mentions: ["30729000 bytes", "30730000"])
      try expectBatch(records + Data([0]), mentions: ["30730001 bytes"])
      try expectBatch(Data(), mentions: ["0 bytes"])
      try expectBatch(Data([0x1f, 0x8b]), mentions: ["truncated"])
      try expectBatch(Gzip.deflate(records).dropLast(9), mentions: ["truncated"])
      try expectBatch(Gzip.deflate(records + records), mentions: ["61460000 bytes", "30730000"])
      var labeled = records
      labeled[3 * CIFARRecords.bytes] = 255
      try expectBatch(labeled, mentions: ["record 3", "label 255"])

      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent("Golden"), withIntermediateDirectories: true)
      let golden = directory.appendingPathComponent("Golden/claims.json")
      for text in ["", "{", "[]", #"{"schema": 99}"#, String(repeating: "[", count: 100_000)] {
        try Data(text.utf8).write(to: golden)
        try expect(
          ["verify", "D1", "--golden", golden.deletingLastPathComponent().path], status: 65,
          mentions: [golden.path])
      }
    }
  }

  @Test("a run directory in use is not overwritten")
  func occupied() throws {
    try ToolProcess.withDirectory { directory in
      let note = directory.appendingPathComponent("note")
      try Data("mine".utf8).write(to: note)
      let result = try ToolProcess.run(["train", "--preset", "fixture/ce", "--out", directory.path])
      #expect(result.status != 0 && result.errorLines.count == 1, "\(result.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["note"])
    }
  }
}
