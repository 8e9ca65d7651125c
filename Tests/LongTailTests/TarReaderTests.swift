import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementLongTail

@Suite("Tar archives")
struct TarReaderTests {
  private func members(_ data: Data, limit: Int = 1 << 20) throws -> [(String, Data?)] {
    var reader = TarReader(MemorySource(data, file: "a.tar"), byteLimit: limit)
    var found: [(String, Data?)] = []
    while let entry = try reader.next() {
      found.append((entry.path, entry.kind == .file ? try reader.contents() : nil))
    }
    return found
  }

  private func expectFault(
    _ data: Data, limit: Int = 1 << 20, _ mention: String, _ location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try members(data, limit: limit)
      Issue.record("read", sourceLocation: location)
    } catch let error as DataError {
      #expect(error.description.contains(mention), "\(error)", sourceLocation: location)
      #expect(error.description.contains("a.tar: byte "), sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  private static let sample: TarWriter = {
    var tar = TarWriter()
    tar.add("d/", type: "5")
    tar.add("d/one", Data(repeating: 1, count: 700))
    tar.add("d/link", type: "2")
    tar.add("empty")
    return tar
  }()

  @Test("members in order, contents whole, with and without the closing blocks")
  func reads() throws {
    for closed in [true, false] {
      var tar = Self.sample
      if closed { tar.end() }
      let found = try members(tar.data)
      #expect(found.map(\.0) == ["d/", "d/one", "d/link", "empty"])
      #expect(found[1].1 == Data(repeating: 1, count: 700) && found[2].1 == nil && found[3].1 == Data())
    }
    // Contents nobody asks for are skipped.
    var reader = TarReader(MemorySource(Self.sample.data, file: "a.tar"), byteLimit: 1 << 20)
    var count = 0
    while try reader.next() != nil { count += 1 }
    #expect(count == 4)
    #expect(TarReader.begins(Self.sample.data) && !TarReader.begins(Data(count: 512)))
    #expect(!TarReader.begins(Self.sample.data.prefix(511)))
  }

  @Test("the system's tar writes what is read")
  func system() throws {
    let directory = try DataDirectory()
    defer { directory.remove() }
    try directory.write(Data("hello".utf8), as: "in/b")
    for format in ["ustar", "gnu", "v7", "posix"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["tar", "--format", format, "-C", directory.url.path, "-cf", "/dev/stdout", "in/b"]
      let output = directory.url.appendingPathComponent("out.tar")
      try Data().write(to: output)
      process.standardOutput = try FileHandle(forWritingTo: output)
      try process.run()
      process.waitUntilExit()
      let found = try members(Data(contentsOf: output))
      #expect(found.last?.0 == "in/b" && found.last?.1 == Data("hello".utf8), "\(format)")
    }
  }

  @Test("paths that leave the directory are refused")
  func paths() {
    for path in ["/etc/passwd", "../x", "a/../../x", "a/.."] {
      var tar = TarWriter()
      tar.add(path, Data([1]))
      expectFault(tar.data, "a path that stays below")
    }
    var harmless = TarWriter()
    harmless.add("a..b/c", Data([1]))
    #expect(throws: Never.self) { try members(harmless.data) }
  }

  @Test("damage is told at its byte: checksum, size, a cut header, a cut member")
  func damage() {
    for offset in [0, 130, 150, 300] {
      var data = Self.sample.data
      data[512 + offset] ^= 1
      expectFault(data, "byte 512")
    }
    var tar = TarWriter()
    tar.add("big", size: 1 << 32)
    expectFault(tar.data, "a member's size")
    tar = TarWriter()
    tar.add("promised", size: 5000)
    expectFault(tar.data, "inside a member")
    expectFault(Self.sample.data.prefix(1100), "inside a member")
    expectFault(Self.sample.data.prefix(512 + 100), "the end of the archive")
  }

  @Test("more bytes or members than the bound are refused")
  func bounds() {
    expectFault(Self.sample.data, limit: 1500, "more than 1500 bytes")
    var tar = TarWriter()
    for i in 0...TarReader.memberLimit { tar.add("m\(i)") }
    expectFault(tar.data, limit: 1 << 24, "more than 10000 members")
  }
}
