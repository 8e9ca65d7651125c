import EscapementArtifacts
import Foundation
import Testing

@Suite("data fetch ends with the archive")
struct FetchTests {
  @Test("an archive is fetched once, and found the next time")
  func success() throws {
    try FetchScene.with { scene in
      let first = try scene.fetch()
      try scene.expectFetched(first)
      #expect(first.output.contains("downloaded") && first.output.contains(scene.target.path))
      let second = try scene.fetch()
      try scene.expectFetched(second)
      #expect(second.output.contains("there already"))
      let report = try JSON(parsing: Data(scene.fetch(["--json"]).output.utf8), file: "standard output")
      #expect(report["outcome"]?.string == "present" && report["bytes_received"]?.integer == 0)
      #expect(scene.sent == [200_003], "what is there is not asked for")
    }
  }

  @Test("a directory is made, and python's layout has a name of its own")
  func layout() throws {
    try FetchScene.with { scene in
      let inner = scene.directory.appendingPathComponent("a/b")
      let result = try scene.fetch(["--layout", "python", "--out", inner.path, "--json"])
      #expect(result.status == 0, "\(result.errors)")
      let report = try JSON(parsing: Data(result.output.utf8), file: "standard output")
      #expect(report["outcome"]?.string == "fetched" && report["bytes_received"]?.integer == 200_003)
      #expect(report["sha256"]?.string == Digest(of: FetchScene.contents).hex)
      #expect(
        try Data(contentsOf: inner.appendingPathComponent("cifar-10-python.tar.gz")) == FetchScene.contents)
    }
  }

  @Test("after a cut connection only the rest is fetched")
  func resume() throws {
    try FetchScene.with(answer: FetchScene.endingEarly(.cut(after: 70_001))) { scene in
      scene.expectFailed(
        try scene.fetch(), status: 75, mentions: ["70001 of 200003 bytes are kept", scene.part.path])
      #expect(scene.names == ["cifar-10-binary.tar.gz.part", "cifar-10-binary.tar.gz.part.json"])
      let result = try scene.fetch()
      try scene.expectFetched(result)
      #expect(result.output.contains("130002 bytes after the 70001 kept"))
      #expect(scene.sent == [70_001, 130_002])
      let asked = try scene.fields(1)
      #expect(asked["range"] == "bytes=70001-" && asked["if-range"] == "\"one\"")
    }
  }

  @Test("a server that ignores the range sends everything, and that is what the file holds")
  func rangeIgnored() throws {
    let whole = FetchScene.endingEarly(.cut(after: 70_001)) { _ in
      LocalServer.Reply(body: FetchScene.contents)
    }
    try FetchScene.with(answer: whole) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent == [70_001, 200_003])
    }
  }

  @Test("a server without versions is asked for the rest, and the checksums decide")
  func noValidator() throws {
    try FetchScene.with(answer: FetchScene.endingEarly(.cut(after: 9), tag: nil)) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch())
      #expect(try scene.fields(1)["if-range"] == nil)
      #expect(scene.sent == [9, 199_994])
    }
  }

  @Test("a version of any length is asked for whole or not at all", arguments: [1024, 1025, 9000])
  func longVersions(length: Int) throws {
    let tag = "\"" + String(repeating: "v", count: length - 2) + "\""
    try FetchScene.with(answer: FetchScene.endingEarly(.cut(after: 9), tag: tag)) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch())
      #expect(try scene.fields(1)["if-range"] == (length == 1024 ? tag : nil))
      #expect(scene.sent == [9, 199_994])
    }
  }

  @Test("a file that changed on the server is fetched again")
  func changed() throws {
    // The first version has other bytes: its beginning must not survive.
    let answer: @Sendable (LocalServer.Request, Int) -> LocalServer.Reply = { request, number in
      if number > 0 { return LocalServer.file(FetchScene.contents, tag: "\"two\"", request) }
      var reply = LocalServer.file(Data(count: FetchScene.contents.count), request)
      reply.end = .cut(after: 70_001)
      return reply
    }
    try FetchScene.with(answer: answer) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent == [70_001, 200_003])
    }
    // A server that disregards If-Range but tells the other version.
    try FetchScene.with(answer: { request, number in
      var request = request
      if number > 0 { request.fields["if-range"] = nil }
      return answer(request, number)
    }) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.server.exchanges.count == 3 && scene.sent.last == 200_003)
    }
  }

  @Test("a range that the server refuses or gives wrongly is dropped", arguments: [416, 206])
  func rangeRefused(status: Int) throws {
    let answer = FetchScene.endingEarly(.cut(after: 70_001)) { request in
      guard request.fields["range"] != nil else { return LocalServer.file(FetchScene.contents, request) }
      return LocalServer.Reply(
        status: status, fields: ["Content-Range": "bytes 3-9/200003"], body: Data("other".utf8))
    }
    try FetchScene.with(answer: answer) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.server.exchanges.count == 3)
      #expect(try scene.fields(2)["range"] == nil)
    }
  }

  @Test("an unfinished file of another address, or without a note, is dropped")
  func otherOrigin() throws {
    try FetchScene.with(answer: FetchScene.endingEarly(.cut(after: 70_001))) { scene in
      #expect(try scene.fetch().status == 75)
      try scene.expectFetched(try scene.fetch(from: scene.server.url("/mirror")))
      #expect(try scene.fields(1)["range"] == nil)
    }
    try FetchScene.with { scene in
      try Data("stray".utf8).write(to: scene.part)
      try scene.expectFetched(try scene.fetch())
      #expect(try scene.fields(0)["range"] == nil)
    }
  }

  @Test("an unfinished file that lacks only its name gets it without a request")
  func onlyTheName() throws {
    try FetchScene.with { scene in
      try FetchScene.contents.write(to: scene.part)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent.isEmpty)
    }
    try FetchScene.with { scene in
      try Data(count: FetchScene.contents.count).write(to: scene.part)
      try scene.expectFetched(try scene.fetch())
      #expect(scene.sent == [200_003])
    }
  }

  @Test(
    "a redirection to this machine's files or to another protocol is refused, and the reason is told",
    arguments: ["file:///etc/hostname", "ftp://127.0.0.1/archive"])
  func redirectedElsewhere(next: String) throws {
    try FetchScene.with(answer: { _, _ in
      LocalServer.Reply(status: 302, fields: ["Location": next], body: Data("elsewhere".utf8))
    }) { scene in
      scene.expectFailed(
        try scene.fetch(), status: 69, mentions: ["rotocol", String(next.prefix { $0 != ":" })])
    }
  }

  @Test("redirections are followed, a few")
  func redirection() throws {
    try FetchScene.with(answer: { request, _ in
      guard request.target != "/there" else { return LocalServer.file(FetchScene.contents, request) }
      let next = request.target == "/archive" ? "/there" : "/round"
      return LocalServer.Reply(status: 302, fields: ["Location": next], body: Data("elsewhere".utf8))
    }) { scene in
      try scene.expectFetched(try scene.fetch())
      try FileManager.default.removeItem(at: scene.target)
      let before = scene.server.exchanges.count
      scene.expectFailed(
        try scene.fetch(from: scene.server.url("/round")), status: 69, mentions: ["redirect"])
      #expect(scene.server.exchanges.count - before == 6)
    }
  }

  @Test("http_proxy gets the whole address, and no_proxy goes past it")
  func proxy() throws {
    try FetchScene.with { scene in
      let proxy = ["http_proxy": scene.server.url(""), "no_proxy": "", "NO_PROXY": ""]
      try scene.expectFetched(
        try scene.fetch(from: "http://archive.invalid/file.tar.gz", environment: proxy))
      #expect(scene.server.exchanges.map(\.request.target) == ["http://archive.invalid/file.tar.gz"])
      try FileManager.default.removeItem(at: scene.target)
      scene.expectFailed(
        try scene.fetch(
          from: "http://archive.invalid/file.tar.gz",
          environment: proxy.merging(["no_proxy": "archive.invalid"]) { $1 }),
        status: 69, mentions: ["archive.invalid", "no answer"])
      #expect(scene.server.exchanges.count == 1 && scene.names.isEmpty)
    }
  }

  @Test("memory does not grow with the file")
  func memory() throws {
    let size = 64 << 20
    /// The most memory that a process held, in KiB, when it had received all but one byte.
    func peak(_ size: Int) throws -> Int {
      let contents = Data(count: size)
      let answer: @Sendable (LocalServer.Request, Int) -> LocalServer.Reply = { request, _ in
        var reply = LocalServer.file(contents, request)
        reply.end = .hold(after: size - 1)
        return reply
      }
      return try FetchScene.with(contents: contents, answer: answer) { scene in
        var peak = 0
        let result = try scene.fetch { process in
          var status = stat()
          while process.isRunning, stat(scene.part.path, &status) != 0 || status.st_size < size - 1 {
            usleep(2000)
          }
          let text =
            (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8))
          let line = text?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
          peak = line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
          process.terminate()
        }
        #expect(result.status == 75, "\(result.errors)")
        return peak
      }
    }
    let (small, large) = (try peak(1000), try peak(size))
    #expect(small > 0 && large > 0)
    // 64 MiB more on the disk, less than 4 MiB more in memory.
    #expect(large - small < 4 << 10, "\(small) and \(large) KiB")
  }
}
