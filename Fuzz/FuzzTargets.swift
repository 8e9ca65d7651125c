@testable import EscapementDrawing
@testable import EscapementGoldens
import Foundation

@testable import EscapementArtifacts
@testable import EscapementLongTail
import EscapementNetworks
@testable import EscapementTraining
@testable import EscapementVerification

/// What libFuzzer calls with each input: the parser that ESCAPEMENT_FUZZ names. Errors are what a parser is for;
/// a trap, a hang or memory beyond the limit ends the run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = start.map { Data(bytes: $0, count: count) } ?? Data()
  _ = try? target(bytes)
  return 0
}

private let target: @Sendable (Data) throws -> Void = {
  let name = ProcessInfo.processInfo.environment["ESCAPEMENT_FUZZ"] ?? ""
  guard let target = targets[name] else {
    FileHandle.standardError.write(
      Data("ESCAPEMENT_FUZZ is \"\(name)\", expected one of \(targets.keys.sorted())\n".utf8))
    exit(64)
  }
  return target
}()

private let targets: [String: @Sendable (Data) throws -> Void] = [
  "archive": { bytes in
    var source: any ByteSource = MemorySource(bytes, file: "a")
    if Gzip.isCompressed(bytes) { source = GzipSource(source) }
    var reader = TarReader(try PeekedSource(source, count: 512), byteLimit: 1 << 24)
    while let entry = try reader.next() {
      if entry.kind == .file, entry.size % 2 == 0 { _ = try reader.contents() }
    }
  },
  "pickle": { bytes in
    _ = try? CIFARPickle.records(bytes, file: "p", set: .cifar100, expected: 1)
    _ = try CIFARPickle.records(bytes, file: "p", set: .cifar10, expected: 1)
  },
  "records": { bytes in
    _ = try? CIFARRecords(parsing: bytes, file: "r", classes: 10)
    _ = try CIFARRecords(parsing: bytes, file: "r", classes: 100, coarse: 20)
  },
  "weights": { bytes in
    if TorchFile.begins(bytes) {
      _ = try TorchFile(parsing: bytes, file: "w")
    } else {
      // The archive's checksums stop nearly every mutation before the pickle: it is read by itself too.
      if let pickle = try? Pickle(bytes, file: "w", dialect: TorchFile.dialect) {
        _ = try? TorchFile.groups(of: pickle, file: "w", size: bytes.count) {
          Data(count: min($0.count, 1 << 16) * $0.type.size)
        }
      }
      _ = try Safetensors(parsing: bytes, file: "w")
    }
  },
  "list": { bytes in
    var parser = ImageListParser(file: "l", classes: nil)
    try bytes.withUnsafeBytes { try parser.parse($0) }
  },
  "ppm": { bytes in _ = try PPM.decode(bytes, file: "p") },
  "jpeg": { bytes in _ = try ImageFile.decoded(bytes, file: "j", orientation: .applied) },
  "png": { bytes in _ = try ImageFile.decoded(bytes, file: "p", orientation: .applied) },
  "manifest": { bytes in
    let document = try JSON(parsing: bytes, file: "m")
    try DataManifest.check(small, against: document, file: "m")
  },
  // A sidecar and, behind the first zero byte, which no JSON has, the tensor file: the network's own where there is
  // none. The digests are passed over, because no mutation meets them; that they are compared is for tests.
  "checkpoint": { bytes in
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Data($0) }
    let document = try JSON(parsing: parts[0], file: "s")
    _ = try? SealedJSON.check(document, bytes: parts[0], file: "s", advice: "none")
    let tensors = parts.count > 1 ? try Safetensors(parsing: parts[1], file: "t") : tinyTensors
    let read = try Checkpoint<Float>(
      JSONCursor(document, file: "s"), tensors: tensors, tensorFile: "t", network: tinyNetwork)
    _ = read.isFinite
  },
  "golden": { bytes in
    let record = try GoldenRecord(json: JSON(parsing: bytes, file: "g"), file: "g")
    guard try GoldenRecord(json: record.json, file: "g").chain == record.chain else {
      fatalError("another record")
    }
  },
  "recipe": { bytes in
    let recipe = try Recipe(JSONCursor(JSON(parsing: bytes, file: "r"), file: "r"))
    guard try Recipe(JSONCursor(recipe.json, file: "r")) == recipe else { fatalError("another recipe") }
    for epoch in [0, recipe.epochs - 1] {
      _ = recipe.schedule.rate(epoch: epoch)
      for radius in recipe.optimizer.radii { _ = radius.rho(epoch: epoch) }
      _ = recipe.weighting?.weights(counts: [5, 3, 1], epoch: epoch)
    }
    _ = recipe.optimizer.oracle.tail(counts: [5, 3, 1])
    _ = recipe.method
  },
  // The rows of a sweep's plan. The record beside them is made to fit, because no mutation meets a digest.
  "sweep": { bytes in
    let records = try CSVText(parsing: bytes, file: "s").records.map(\.fields)
    guard
      try CSVText(parsing: Data(CSVText.text(of: records).utf8), file: "s").records.map(\.fields) == records
    else { fatalError("other fields") }
    func plan(_ rows: Data) throws -> SweepManifest {
      let record: JSON = ["schema": 1, "version": "1", "rows_sha256": .string(Digest(of: rows).hex)]
      return try SweepManifest(parsing: rows, file: "s", record: JSONCursor(record, file: "s.json"))
    }
    let read = try plan(bytes)
    guard try plan(Data(read.csv.utf8)) == read else { fatalError("another plan") }
  },
]

/// A ResNet-8 of two channels and three classes.
private let tinyNetwork = Network.resNet(depth: 8, width: 2, classes: 3)

/// The tensors of a checkpoint of it, before its first step.
private let tinyTensors: Safetensors = {
  let state = TrainingState<Float>(network: tinyNetwork, seed: 7)
  var content = Safetensors()
  for vector in [state.parameters, state.statistics] {
    for (name, entry) in InterchangeLayout.entries(vector, prefix: "") { content.tensors[name] = entry }
  }
  return content
}()

/// Four classes of 20 images cut to 20, 9, 4 and 2.
private let small: LongTailedData = {
  func set(_ count: Int) -> ImageSet {
    ImageSet(
      images: [UInt8](repeating: 7, count: count * ImageSet.imageBytes),
      labels: (0..<count).map { $0 % 4 },
      classes: 4, provenance: ImageProvenance(name: "tiny", kind: .other, digest: .zero))
  }
  return LongTailedData(
    name: "small", full: set(80), test: set(8), groups: ClassGroups(byIndex: .longTailed, classes: 4),
    profile: ImbalanceProfile(kind: .longTailed, ratio: 10, classes: 4, perClass: 20))
}()
