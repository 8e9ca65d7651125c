import Foundation

@testable import Artifacts
@testable import LongTail

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
  "list": { bytes in
    var parser = ImageListParser(file: "l", classes: nil)
    try bytes.withUnsafeBytes { try parser.parse($0) }
  },
  "ppm": { bytes in _ = try PPM.decode(bytes, file: "p") },
  "jpeg": { bytes in _ = try JPEG.decode(bytes, file: "j") },
  "manifest": { bytes in
    let document = try JSON(parsing: bytes, file: "m")
    try DataManifest.check(small, against: document, file: "m")
  },
]

/// Four classes of 20 pictures cut to 20, 9, 4 and 2.
private let small: LongTailedData = {
  func set(_ count: Int) -> ImageSet {
    ImageSet(
      pictures: [UInt8](repeating: 7, count: count * ImageSet.pictureBytes), labels: (0..<count).map { $0 % 4 },
      classes: 4, provenance: ImageProvenance(name: "tiny", kind: .other, digest: .zero))
  }
  return LongTailedData(
    name: "small", full: set(80), test: set(8), groups: ClassGroups(byIndex: .longTailed, classes: 4),
    profile: ImbalanceProfile(kind: .longTailed, ratio: 10, classes: 4, perClass: 20))
}()
