import EscapementArtifacts
import EscapementLongTail
import Foundation
import Testing

@Suite("escapement on a folder of one's own images")
struct ImageFolderCommandTests {
  @Test("check, train, measure and resume, also where the folder has moved")
  func folder() throws {
    try ToolProcess.withDirectory { directory in
      for (name, count) in [("b b", 6), ("\u{E9}", 4), ("a", 2)] {
        let folder = directory.appendingPathComponent("images/\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for i in 0..<count {
          let bytes = (0..<(3 * 24 * 20)).map { UInt8(($0 * $0 + 37 * count + 11 * i) & 255) }
          try PPM.encode(RGBImage(width: 24, height: 20, bytes: bytes))
            .write(to: folder.appendingPathComponent("\(i).jpg"))
        }
      }
      let listed = try ToolProcess.run(["data", "list", "images", "--decode", "--json"], in: directory)
      let object = try JSON(parsing: Data(listed.output.utf8), file: "out")
      #expect(object["counts"] == [2, 6, 4] && object["warnings"] == 0, "\(listed.errors)")

      let training = [
        "train", "--preset", "fixture/ce", "--images", "images/", "--exif-orientation", "applied",
        "--image-size", "16", "--epochs", "1", "--batch-size", "4", "--metrics-every", "0",
        "--digest-every", "0", "--out", "run",
      ]
      let trained = try ToolProcess.run(training, in: directory)
      #expect(trained.status == 0, "\(trained.errors)")
      let record = try JSON(
        parsing: Data(contentsOf: directory.appendingPathComponent("run/run.json")), file: "run.json")
      let listing = record["provenance"]?["listing"]
      #expect(listing?["class_names"] == ["a", "b b", "\u{E9}"])
      #expect(listing?["exif_orientation"] == "applied" && listing?["root"] == "images/")

      let resume = ["train", "--resume", "--out", "run"]
      #expect(try ToolProcess.run(resume, in: directory).status == 0)
      let spectrum = ["spectrum", "run", "--steps", "2", "--json"]
      let measured = try ToolProcess.run(spectrum, in: directory)
      #expect(measured.status == 0, "\(measured.errors)")

      let other = directory.appendingPathComponent("other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        at: directory.appendingPathComponent("images"), to: other.appendingPathComponent("images"))
      let gone = try ToolProcess.run(resume, in: directory)
      #expect(gone.status == 69 && gone.errorLines.count == 1, "\(gone.errors)")
      let moved = try ToolProcess.run(resume + ["--data", "other/images"], in: directory)
      #expect(moved.status == 0, "\(moved.errors)")
      // Another class is other data, even if its images are the same.
      try FileManager.default.moveItem(
        at: other.appendingPathComponent("images/a"), to: other.appendingPathComponent("images/aa"))
      let renamed = try ToolProcess.run(resume + ["--data", "other/images"], in: directory)
      #expect(renamed.status == 65 && renamed.errorLines.count == 1, "\(renamed.errors)")
    }
  }

  @Test("options that do not fit end in one line")
  func faults() throws {
    let base = ["train", "--preset", "fixture/ce", "--out", "/nonexistent/run"]
    for (options, status, mention) in [
      (["--exif-orientation", "applied"], 64, "go with --images"),
      (["--images", ".", "--exif-orientation", "upright"], 64, "ignored"),
      (["--images", "/dev/null/x"], 69, "/dev/null/x"),
    ] as [([String], Int32, String)] {
      let result = try ToolProcess.run(base + options)
      #expect(result.status == status && result.errors.contains(mention), "\(options): \(result.errors)")
    }
  }
}
