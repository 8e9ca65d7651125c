import EscapementArtifacts
import Foundation

/// The location of a data set's files: a directory, or an archive that is read without unpacking it.
///
/// The kind of a file is determined from its content: gzip'd or not, tar, records or pickle.
struct CIFARFiles {
  private let set: CIFARSet
  private let place: Place

  private enum Place {
    case directory(URL)
    case archive(URL)
  }

  /// Finds the files at `url`: the published archive itself (.tar.gz or .tar), a directory that contains the archive,
  /// or a directory that contains the files, plain or gzip'd, of the binary or python version, directly or in the
  /// subdirectory to which the archive unpacks.
  /// - Throws: `MissingError` if `url` contains no file of the set.
  init(_ set: CIFARSet, at url: URL) throws {
    self.set = set
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      throw MissingError(what: url.path, advice: Self.advice(set))
    }
    guard isDirectory.boolValue else {
      place = .archive(url)
      return
    }
    let directories = [url] + set.directories.map { url.appendingPathComponent($0, isDirectory: true) }
    let names = (set.trainParts + [set.testPart]).flatMap { Self.candidates($0.name) }
    if let directory = directories.first(where: { directory in
      names.contains { Self.isFile(directory.appendingPathComponent($0)) }
    }) {
      place = .directory(directory)
    } else if let archive = set.archives.map({ url.appendingPathComponent($0) }).first(where: Self.isFile) {
      place = .archive(archive)
    } else {
      throw MissingError(what: "\(set.rawValue) in \(url.path)", advice: Self.advice(set))
    }
  }

  private static func advice(_ set: CIFARSet) -> String {
    "give \(set.archives[0]) or \(set.archives[2]), or the directory it unpacks to; `escapement data fetch"
      + " \(set.rawValue)` downloads it"
  }

  private static func isFile(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
      && !isDirectory.boolValue
  }

  /// The names that a part's file may have.
  private static func candidates(_ name: String) -> [String] {
    [name + ".bin", name + ".bin.gz", name, name + ".gz"]
  }

  /// The records of some parts, in their order.
  func records(of parts: [CIFARSet.Part]) throws -> [CIFARRecords] {
    switch place {
    case .directory(let directory):
      return try parts.map { part in
        for name in Self.candidates(part.name) {
          let url = directory.appendingPathComponent(name)
          guard Self.isFile(url) else { continue }
          return try records(FileContents.read(url, limit: limit(of: part)), of: part, file: url.path)
        }
        throw MissingError(
          what: directory.appendingPathComponent(part.name).path,
          advice:
            "\(set.rawValue) has \((set.trainParts + [set.testPart]).map(\.name).joined(separator: ", "))")
      }
    case .archive(let url): return try records(of: parts, inArchive: url)
    }
  }

  private func records(of parts: [CIFARSet.Part], inArchive url: URL) throws -> [CIFARRecords] {
    var source: any ByteSource = try PeekedSource(FileSource(url), count: 2)
    if let peeked = source as? PeekedSource, Gzip.isCompressed(peeked.head) { source = GzipSource(source) }
    let archive = try PeekedSource(source, count: 512)
    guard TarReader.begins(archive.head) else {
      throw DataError(
        file: url.path, found: "a file that is no tar archive", expected: "a directory, .tar.gz or .tar",
        advice: Self.advice(set))
    }
    var reader = TarReader(archive, byteLimit: 1 << 30)
    var found: [String: CIFARRecords] = [:]
    while found.count < parts.count, let entry = try reader.next() {
      guard let part = parts.first(where: { Self.candidates($0.name).contains(String(entry.name)) }) else {
        continue
      }
      let member = "\(url.path):\(entry.path)"
      guard entry.kind == .file, found[part.name] == nil else {
        throw DataError(
          file: member, found: entry.kind == .file ? "the file a second time" : "a link",
          expected: "one file of that name", advice: "this is not the published archive")
      }
      guard entry.size <= limit(of: part) else {
        throw DataError(
          file: member, found: "\(entry.size) bytes", expected: "at most \(limit(of: part))",
          advice: "this is not the published archive")
      }
      found[part.name] = try records(reader.contents(), of: part, file: member)
    }
    return try parts.map { part in
      guard let records = found[part.name] else {
        throw DataError(
          file: url.path, found: "no member \(part.name)", expected: "\(set.rawValue)'s files",
          advice: Self.advice(set))
      }
      return records
    }
  }

  /// The most bytes of a part's file. A pickle also contains the images' names, and may store bytes as text.
  private func limit(of part: CIFARSet.Part) -> Int { 2 * part.records * set.recordBytes + 8 << 20 }

  private func records(_ bytes: Data, of part: CIFARSet.Part, file: String) throws -> CIFARRecords {
    let size = part.records * set.recordBytes
    var data = bytes
    if Gzip.isCompressed(bytes) { data = try Gzip.inflate(bytes, limit: limit(of: part), file: file) }
    // A pickle of protocol 2 or later begins with 0x80, which is not a label.
    if data.count != size, data.first == 0x80 {
      return try CIFARPickle.records(data, file: file, set: set, expected: part.records)
    }
    return try CIFARRecords(
      parsing: data, file: file, classes: set.classes(), coarse: set == .cifar100 ? 20 : nil,
      expected: part.records)
  }
}
