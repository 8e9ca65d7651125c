import EscapementArtifacts
import EscapementTestSupport
import Foundation
import Testing

@Suite("Where output goes")
struct OutputPlaceTests {
  private func inDirectory(_ body: (URL) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try body(directory.url)
  }

  private func status(_ url: URL) throws -> stat {
    var status = stat()
    try #require(lstat(url.path, &status) == 0)
    return status
  }

  @Test("a symbolic link stays one: the file that it leads to is written, also where there is none yet")
  func links() throws {
    try inDirectory { directory in
      let (target, link) = (
        directory.appendingPathComponent("target"), directory.appendingPathComponent("link")
      )
      // Relative, through a second link.
      try #require(symlink("target", directory.path + "/middle") == 0)
      try #require(symlink("middle", link.path) == 0)
      for text in ["new", "newer"] {
        try AtomicFile.write(Data(text.utf8), to: link)
        #expect(try FileContents.read(target) == Data(text.utf8))
        #expect(try status(link).st_mode & S_IFMT == S_IFLNK)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 3)
      try #require(symlink("loop", directory.path + "/loop") == 0)
      let error = #expect(throws: FileError.self) {
        try AtomicFile.write(Data(), to: directory.appendingPathComponent("loop"))
      }
      #expect(error?.code == ELOOP)
    }
  }

  @Test("a replaced file keeps its permissions")
  func modes() throws {
    try inDirectory { directory in
      let file = directory.appendingPathComponent("secret")
      try AtomicFile.write(Data([1]), to: file)
      for mode: mode_t in [0o600, 0o664, 0o755] {
        try #require(chmod(file.path, mode) == 0)
        try AtomicFile.write(Data([2]), to: file)
        #expect(try status(file).st_mode & 0o7777 == mode)
      }
    }
  }

  @Test("a device, a FIFO and an open descriptor are written to and stay what they are")
  func nodes() throws {
    let place = try TemporaryDirectory()
    defer { place.remove() }
    let null = place.device(.null)
    try AtomicFile.write(Data([1]), to: null)
    #expect(try status(null).st_mode & S_IFMT == S_IFCHR)
    let full = #expect(throws: FileError.self) { try AtomicFile.write(Data([1]), to: place.device(.full)) }
    #expect(full?.code == ENOSPC)
    try inDirectory { directory in
      let fifo = directory.appendingPathComponent("fifo")
      try #require(mkfifo(fifo.path, 0o600) == 0)
      let alone = #expect(throws: FileError.self) { try AtomicFile.write(Data([3]), to: fifo) }
      #expect(alone?.code == ENXIO && alone?.description.contains("start the reader first") == true)
      let reader = open(fifo.path, O_RDONLY | O_NONBLOCK)
      try #require(reader >= 0)
      defer { close(reader) }
      var byte: UInt8 = 0
      try AtomicFile.write(Data([3]), to: fifo)
      #expect(read(reader, &byte, 1) == 1 && byte == 3)
      #expect(try status(fifo).st_mode & S_IFMT == S_IFIFO)
      // What a shell passes for >(command), and /dev/stdout in short.
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      defer { for end in ends { close(end) } }
      for folder in ["/dev/fd", "/proc/self/fd"] {
        try AtomicFile.write(Data([4]), to: URL(fileURLWithPath: "\(folder)/\(ends[1])"))
        #expect(read(ends[0], &byte, 1) == 1 && byte == 4)
      }
    }
  }

  @Test("a log notices that its file was replaced, removed, cut or extended")
  func changedLog() throws {
    let changes: [(String, (String) throws -> Void)] = [
      ("another file", { try AtomicFile.write(Data("{\"step\":1}\n".utf8), to: URL(fileURLWithPath: $0)) }),
      ("no such file", { unlink($0) }),
      ("0 bytes", { truncate($0, 0) }),
      (
        "12 bytes",
        { path in
          let file = try #require(fopen(path, "a"))
          fputs("x", file)
          fclose(file)
        }
      ),
    ]
    for (found, change) in changes {
      try inDirectory { directory in
        let url = directory.appendingPathComponent("metrics.jsonl")
        let log = try LineLog(creating: url)
        try log.append(["step": 1])
        try log.synchronize()
        try change(url.path)
        let ends = [
          #expect(throws: DataError.self) { try log.append(["step": 2]) },
          #expect(throws: DataError.self) { try log.synchronize() },
        ]
        #expect(ends.allSatisfy { $0?.found.contains(found) == true && $0?.exitCode == 65 }, "\(ends)")
      }
    }
  }

  @Test("line ends and a byte order mark are taken back, and nothing else")
  func lineEnds() throws {
    let mark = Data([0xEF, 0xBB, 0xBF])
    for (text, plain) in [
      ("", ""), ("a\r\nb\r\n", "a\nb\n"), ("\r\n", "\n"), ("a\rb\r\r\nc\r", "a\rb\r\nc\r"), ("a\nb", "a\nb"),
    ] {
      #expect(Data(text.utf8).withPlainLineEnds == Data(plain.utf8))
      #expect((mark + Data(text.utf8)).withPlainLineEnds == Data(plain.utf8))
      // A part of larger data has other indices.
      #expect((Data([1, 2]) + Data(text.utf8)).dropFirst(2).withPlainLineEnds == Data(plain.utf8))
    }
    #expect((mark + mark).withPlainLineEnds == mark)
    let sealed = SealedJSON.sealed(["a": [1, 2]])
    let bytes = Data((sealed.canonical(pretty: true) + "\n").utf8)
    let crossed = mark + Data(String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\r\n").utf8)
    try SealedJSON.check(JSON(parsing: crossed, file: "f"), bytes: crossed, file: "f", advice: "")
    #expect(throws: DataError.self) {
      try SealedJSON.check(sealed, bytes: bytes + Data([0x20]), file: "f", advice: "")
    }
  }
}
