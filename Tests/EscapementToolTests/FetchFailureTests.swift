import EscapementArtifacts
import Foundation
import Testing

@Suite("data fetch that cannot go on ends in one line and the right exit code")
struct FetchFailureTests {
  @Test("other contents are 65 and removed, and the next try starts clean")
  func wrongChecksum() throws {
    var other = FetchScene.contents
    other[100_000] ^= 1
    let damaged = other
    try FetchScene.with(answer: { request, number in
      LocalServer.file(number == 0 ? damaged : FetchScene.contents, request)
    }) { scene in
      scene.expectFailed(
        try scene.fetch(), status: 65,
        mentions: [
          scene.server.url(), Digest(of: damaged).hex, Digest(of: FetchScene.contents).hex, "was removed",
        ])
      #expect(scene.names.isEmpty)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent == [200_003, 200_003])
    }
  }

  @Test("an MD5 that differs is 65 too")
  func wrongMD5() throws {
    try FetchScene.with { scene in
      let zeros = String(repeating: "0", count: 32)
      scene.expectFailed(
        try scene.fetch(["--expect-md5", zeros]), status: 65,
        mentions: [zeros, try #require(MD5(of: FetchScene.contents)).hex])
      #expect(scene.names.isEmpty)
    }
  }

  @Test("another length is 65: told beforehand nothing is fetched, otherwise no more than was expected")
  func wrongLength() throws {
    for (length, tellsLength) in [(100, true), (300_000, true), (100, false), (300_000, false)] {
      try FetchScene.with(answer: { _, _ in
        LocalServer.Reply(body: Data(count: length), tellsLength: tellsLength)
      }) { scene in
        let found = length < 200_003 || tellsLength ? "\(length) bytes" : "more than 200003 bytes"
        scene.expectFailed(try scene.fetch(), status: 65, mentions: [found, "200003"])
        #expect(scene.names.isEmpty)
      }
    }
    // A page of the network in between does not cost what was fetched before.
    let page = FetchScene.endingEarly(.cut(after: 70_001)) { _ in LocalServer.Reply(body: Data("Log in".utf8))
    }
    try FetchScene.with(answer: page) { scene in
      #expect(try scene.fetch().status == 75)
      scene.expectFailed(try scene.fetch(), status: 65, mentions: ["6 bytes", "--from"])
      #expect(scene.partLength == 70_001)
    }
  }

  @Test("a file in the archive's place with other contents stays as it is", arguments: [200_003, 7])
  func occupied(length: Int) throws {
    try FetchScene.with { scene in
      try Data(count: length).write(to: scene.target)
      let result = try scene.fetch()
      #expect(result.status == 65 && result.errorLines.count == 1, "\(result.errors)")
      #expect(result.errors.contains(scene.target.path) && result.errors.contains("left as it is"))
      #expect(try Data(contentsOf: scene.target) == Data(count: length))
      #expect(scene.names == [scene.target.lastPathComponent] && scene.sent.isEmpty)
    }
  }

  @Test(
    "a status that is no success is 69, and what was fetched stays", arguments: [404, 403, 503, 304, 204])
  func refused(status: Int) throws {
    try FetchScene.with(answer: { _, _ in LocalServer.Reply(status: status) }) { scene in
      scene.expectFailed(
        try scene.fetch(), status: 69, mentions: [scene.server.url(), "\(status)", "--from"])
      #expect(scene.names.isEmpty)
    }
    let later = FetchScene.endingEarly(.cut(after: 70_001)) { _ in LocalServer.Reply(status: status) }
    try FetchScene.with(answer: later) { scene in
      #expect(try scene.fetch().status == 75)
      scene.expectFailed(try scene.fetch(), status: 69, mentions: ["\(status)", "70001 of 200003 bytes"])
      #expect(scene.partLength == 70_001)
    }
  }

  @Test("a server that falls silent is left after the time allowed, and the rest is fetched the next time")
  func stalled() throws {
    try FetchScene.with(answer: FetchScene.endingEarly(.hold(after: 70_001))) { scene in
      let result = try scene.fetch(["--timeout", "1"])
      // All that was sent, unless this machine was too busy to send it within the second.
      let kept = scene.partLength
      #expect(kept <= 70_001)
      scene.expectFailed(
        result, status: 75, mentions: ["no byte for 1 s", kept > 0 ? "\(kept) of 200003" : "nothing is kept"])
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent.last == 200_003 - kept)
    }
  }

  @Test(
    "SIGTERM and SIGINT end with 75, and the rest is fetched the next time", arguments: [SIGTERM, SIGINT])
  func interrupted(number: Int32) throws {
    try FetchScene.with(answer: FetchScene.endingEarly(.hold(after: 70_001))) { scene in
      let result = try scene.fetch { process in
        scene.wait(for: 70_001, process)
        kill(process.processIdentifier, number)
      }
      scene.expectFailed(result, status: 75, mentions: ["interrupted", "70001 of 200003", scene.part.path])
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent == [70_001, 130_002])
    }
  }

  @Test("two at once: the second says so, and the first goes on")
  func twoAtOnce() throws {
    try FetchScene.with(answer: FetchScene.endingEarly(.hold(after: 70_001))) { scene in
      let first = try scene.fetch { process in
        scene.wait(for: 70_001, process)
        do {
          scene.expectFailed(try scene.fetch(), status: 69, mentions: [scene.part.path, "another process"])
        } catch {
          Issue.record("the second did not run: \(error)")
        }
        #expect(scene.partLength == 70_001, "the first one's bytes")
        process.terminate()
      }
      scene.expectFailed(first, status: 75, mentions: ["70001 of 200003"])
      #expect(scene.sent == [70_001], "the second one asked for nothing")
      try scene.expectFetched(try scene.fetch())
    }
  }

  @Test("no server is 69")
  func unreachable() throws {
    try FetchScene.with { scene in
      scene.server.stop()
      // A port that nobody listens on: the discard port of a machine without that service.
      scene.expectFailed(
        try scene.fetch(from: "http://127.0.0.1:9/archive"), status: 69, mentions: ["127.0.0.1", "no answer"])
      #expect(scene.names.isEmpty)
    }
  }

  @Test("a machine without libcurl is 69, and the line names what to install")
  func noLibrary() throws {
    try FetchScene.with { scene in
      let libraries = scene.directory.appendingPathComponent("libraries")
      try FileManager.default.createDirectory(at: libraries, withIntermediateDirectories: true)
      // Found first and no libraries.
      for name in ["libcurl.so.4", "libcurl-gnutls.so.4"] {
        try Data("none".utf8).write(to: libraries.appendingPathComponent(name))
      }
      let before = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"].map { ":" + $0 } ?? ""
      scene.expectFailed(
        try scene.fetch(environment: ["LD_LIBRARY_PATH": libraries.path + before]), status: 69,
        mentions: ["libcurl.so.4 is missing", "libcurl4", scene.server.url()])
      #expect(scene.names == ["libraries"] && scene.server.exchanges.isEmpty)
    }
  }

  @Test("a limit on the size of files ends in one line, and without it the rest is fetched")
  func fileSizeLimit() throws {
    try FetchScene.with { scene in
      // Blocks of 512 bytes for sh, 1024 for bash: far below the file and above the note in both.
      // The signal that such a limit sends may have been ignored by whoever started the tests, and stay so.
      let limited = [
        "sh", "-c",
        #"ulimit -f 100; e="env --default-signal=XFSZ"; $e true 2>/dev/null || e=; exec $e "$0" "$@""#,
      ]
      let result = try scene.fetch(through: limited)
      let kept = scene.partLength
      scene.expectFailed(
        result, status: 69,
        mentions: ["cannot write \(scene.part.path)", "ulimit -f", "\(kept) of 200003 bytes are kept"])
      #expect(kept == 51_200 || kept == 102_400)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent.last == 200_003 - kept)
    }
  }

  @Test(
    "a full disk ends in one line",
    .enabled(if: FetchFailureTests.canMount, "no user namespace in which a small file system can be mounted"))
  func fullDisk() throws {
    try FetchScene.with { scene in
      let small =
        FetchFailureTests.namespace + [
          "sh", "-c", #"mount -t tmpfs -o size=64k none "$0" && exec "$@""#, scene.directory.path,
        ]
      let result = try scene.fetch(through: small)
      scene.expectFailed(
        result, status: 69,
        mentions: [
          "cannot write \(scene.part.path)", "No space left", "free some space", "bytes are kept in",
        ])
    }
  }

  private static let namespace = ["unshare", "--user", "--map-root-user", "--mount"]

  /// Whether a small file system can be mounted in a namespace of its own.
  private static let canMount: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = namespace + ["mount", "-t", "tmpfs", "-o", "size=64k", "none", "/tmp"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test("a place that cannot be written is 69 before any request")
  func unwritable() throws {
    try FetchScene.with { scene in
      let file = scene.directory.appendingPathComponent("file")
      try Data("x".utf8).write(to: file)
      for place in [file.path, file.path + "/inner"] {
        scene.expectFailed(try scene.fetch(["--out", place]), status: 69, mentions: [file.path])
      }
      #expect(scene.server.exchanges.isEmpty && scene.names == ["file"])
    }
  }

  @Test("wrong usage is 64")
  func usage() throws {
    try FetchScene.with { scene in
      for (arguments, part) in [
        (["--from", "ftp://127.0.0.1/a"], "ftp://127.0.0.1/a"), (["--from", "archive.tar.gz"], "https://"),
        (["--timeout", "0"], "--timeout"), (["--timeout", "-5"], "--timeout"), (["--layout", "zip"], "zip"),
        (["--expect-sha256", "12"], "--expect-sha256"), (["cifar1000"], "cifar1000"),
      ] {
        scene.expectFailed(try scene.fetch(arguments), status: 64, mentions: [part])
      }
      #expect(try ToolProcess.run(["data", "fetch", "cifar11"]).status == 64)
      #expect(scene.server.exchanges.isEmpty && scene.names.isEmpty)
    }
  }
}
