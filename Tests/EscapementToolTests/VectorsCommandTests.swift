import EscapementArtifacts
import Foundation
import Testing

@Suite("Conformance vectors from the command line")
struct VectorsCommandTests {
  @Test("one case is written with its problem and an index, once")
  func export() throws {
    try ToolProcess.withDirectory { directory in
      let out = directory.appendingPathComponent("vectors")
      let flags = ["vectors", "export", "--case", "quadratic.sgd", "--out", out.path]
      let first = try ToolProcess.run(flags)
      #expect(
        first.status == 0 && first.output == "quadratic.sgd\n" && first.errors.isEmpty, "\(first.errors)")
      let files = try FileManager.default.contentsOfDirectory(atPath: out.path).sorted()
      #expect(
        files == [
          "index.json", "quadratic.json", "quadratic.safetensors", "quadratic.sgd.json",
          "quadratic.sgd.safetensors",
        ])
      let again = try ToolProcess.run(flags)
      #expect(again.status == 69 && again.errorLines.count == 1 && again.errors.contains("not empty"))
    }
  }

  @Test("unknown cases are usage errors, and the list is JSON on request")
  func names() throws {
    try ToolProcess.withDirectory { directory in
      let out = directory.appendingPathComponent("vectors")
      let unknown = try ToolProcess.run(["vectors", "export", "--case", "quadratic.adam", "--out", out.path])
      #expect(unknown.status == 64 && unknown.errorLines.count == 1)
      #expect(!FileManager.default.fileExists(atPath: out.path))
    }
    let list = try ToolProcess.run(["vectors", "list", "--json"])
    let names = try JSON(parsing: Data(list.output.utf8), file: "standard output").array ?? []
    #expect(list.status == 0 && names.contains("resnet8.sse-sam.ce"))
  }
}
