import EscapementArtifacts
import Foundation
import Testing

@Suite struct FileTests {
  /// Runs `body` in a fresh directory that is removed afterwards.
  func inDirectory(_ body: (URL) throws -> Void) throws {
    var template = Array((NSTemporaryDirectory() + "/artifacts-XXXXXX").utf8CString)
    let path = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(URL(fileURLWithPath: path, isDirectory: true))
  }

  @Test func writesAndReplaces() throws {
    try inDirectory { directory in
      let url = directory.appendingPathComponent("a.bin")
      try AtomicFile.write(Data([1, 2, 3]), to: url)
      try AtomicFile.write(Data(), to: url)
      try AtomicFile.write(Data([4, 5]), to: url)
      #expect(try FileContents.read(url) == Data([4, 5]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.bin"])
    }
  }

  /// Links of the names that temporary files may take lead elsewhere: nothing is written through them.
  @Test func aTemporaryNameThatIsTakenIsLeftAlone() throws {
    try inDirectory { directory in
      let victim = directory.appendingPathComponent("victim")
      try AtomicFile.write(Data([7]), to: victim)
      let url = directory.appendingPathComponent("b.bin")
      // Other tests take numbers meanwhile, so a wide row of names is taken.
      for number in 0..<5000 {
        try FileManager.default.createSymbolicLink(
          atPath: directory.path + "/.b.bin.\(getpid()).\(number).tmp", withDestinationPath: victim.path)
      }
      do { try AtomicFile.write(Data([1]), to: url) } catch let error as FileError {
        #expect(error.code == EEXIST)
      }
      #expect(try FileContents.read(victim) == Data([7]))
    }
  }

  @Test func failureLeavesNothing() throws {
    try inDirectory { directory in
      // A directory of that name: the rename fails after the temporary file was written.
      let url = directory.appendingPathComponent("taken")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
      let error = try #require(throws: FileError.self) { try AtomicFile.write(Data([1]), to: url) }
      #expect(error.description.hasPrefix("cannot write \(url.path): "))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["taken"])
      let absent = directory.appendingPathComponent("no/such/file")
      let second = try #require(throws: FileError.self) { try AtomicFile.write(Data([1]), to: absent) }
      #expect(second.code == ENOENT && second.description.contains("create the directory first"))
    }
  }

  @Test func missingFilesAreMissing() throws {
    try inDirectory { directory in
      let url = directory.appendingPathComponent("absent")
      let error = try #require(throws: MissingError.self) { try FileContents.read(url) }
      #expect(error.description == "\(url.path) is missing; check the path")
      #expect(throws: FileError.self) { try FileContents.read(directory) }
    }
  }

  @Test func logIsCutBackToACheckpoint() throws {
    try inDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      let log = try LineLog(creating: url)
      try log.append(["step": 1])
      let mark = log.position
      try log.append(["step": 2])
      try log.synchronize()
      #expect(throws: FileError.self) { try LineLog(creating: url) }
      let resumed = try LineLog(resuming: url, at: mark)
      try resumed.append(["step": 3])
      #expect(resumed.position.length == 2 * mark.length)
      #expect(try String(decoding: FileContents.read(url), as: UTF8.self) == "{\"step\":1}\n{\"step\":3}\n")
      #expect(throws: DataError.self) { try LineLog(resuming: url, at: .init(length: 1000, digest: nil)) }
      #expect(throws: DataError.self) {
        try LineLog(resuming: url, at: .init(length: mark.length - 1, digest: nil))
      }
      #expect(try FileContents.read(url).count == 2 * mark.length)
      #expect(throws: MissingError.self) {
        try LineLog(resuming: directory.appendingPathComponent("none"), at: .start)
      }
    }
  }

  @Test func exitCodes() {
    #expect(DataError(file: "f", found: "a", expected: "b").exitCode == 65)
    #expect(MissingError(what: "w", advice: "a").exitCode == 69)
    #expect(FileError(operation: "write", path: "p", code: EACCES).exitCode == 69)
  }
}
