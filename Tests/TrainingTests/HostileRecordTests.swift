import EscapementArtifacts
import Foundation
import EscapementNetworks
import Testing

@testable import EscapementLongTail
@testable import EscapementTraining

@Suite("Recipes, checkpoints and weights that fuzzing found interesting")
struct HostileRecordTests {
  /// The files of one fuzzing target, as the repository keeps them.
  private func corpus(_ target: String) throws -> [(name: String, bytes: Data)] {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Fuzz/corpus/\(target)")
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    #expect(!names.isEmpty)
    return try names.map { ($0, try FileContents.read(directory.appendingPathComponent($0))) }
  }

  /// The inputs that a parser accepts; it may only succeed, or throw what is reported as one line.
  private func accepted(_ target: String, _ parse: (Data) throws -> Void) throws -> Int {
    var count = 0
    for (name, bytes) in try corpus(target) {
      do {
        try parse(bytes)
        count += 1
      } catch let error as any ReportedError {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 4096, "\(name)")
      }
    }
    return count
  }

  @Test("recipes, which come back as they are")
  func recipes() throws {
    let count = try accepted("recipe") { bytes in
      let recipe = try Recipe(JSONCursor(JSON(parsing: bytes, file: "r"), file: "r"))
      #expect(try Recipe(JSONCursor(recipe.json, file: "r")) == recipe)
    }
    #expect(count > 0)
  }

  @Test("weights, and the pickles in them without the archive's checksums")
  func weights() throws {
    let count = try accepted("weights") { bytes in
      guard !TorchFile.begins(bytes) else {
        #expect(try !TorchFile(parsing: bytes, file: "w").groups.isEmpty)
        return
      }
      let pickle = try Pickle(bytes, file: "w", dialect: TorchFile.dialect)
      _ = try TorchFile.groups(of: pickle, file: "w", size: bytes.count) {
        Data(count: min($0.count, 1 << 16) * $0.type.size)
      }
    }
    #expect(count > 0)
  }

  @Test("checkpoints, whose digests nobody compared")
  func checkpoints() throws {
    let network = Network.resNet(depth: 8, width: 2, classes: 3)
    let state = TrainingState<Float>(network: network, seed: 7)
    var own = Safetensors()
    for vector in [state.parameters, state.statistics] {
      for (name, entry) in InterchangeLayout.entries(vector, prefix: "") { own.tensors[name] = entry }
    }
    let count = try accepted("checkpoint") { bytes in
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Data($0) }
      let document = try JSON(parsing: parts[0], file: "s")
      let tensors = parts.count > 1 ? try Safetensors(parsing: parts[1], file: "t") : own
      let read = try Checkpoint<Float>(
        JSONCursor(document, file: "s"), tensors: tensors, tensorFile: "t", network: network)
      #expect(read.state.parameters.count == network.layout.count)
    }
    #expect(count > 0)
  }
}
