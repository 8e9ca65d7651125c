import EscapementArtifacts
import Foundation
import Testing

/// A directory, a server on this machine and the contents that `data fetch` is told to expect.
struct FetchScene {
  /// Where the archive goes.
  let directory: URL
  /// Where it comes from.
  let server: LocalServer
  /// What it should hold.
  let contents: Data

  /// The archive.
  var target: URL { directory.appendingPathComponent("cifar-10-binary.tar.gz") }
  /// The unfinished file.
  var part: URL { directory.appendingPathComponent("cifar-10-binary.tar.gz.part") }
  /// Everything in the directory.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).sorted()
  }
  /// Bytes in the unfinished file.
  var partLength: Int { (try? Data(contentsOf: part).count) ?? 0 }
  /// Bytes of the body sent for each request.
  var sent: [Int] { server.exchanges.map(\.sent) }

  /// The fields of the request before which there were `number`.
  func fields(_ number: Int) throws -> [String: String] {
    try #require(server.exchanges.dropFirst(number).first).request.fields
  }

  /// Runs the command to its end.
  func fetch(
    _ more: [String] = [], from url: String? = nil, environment: [String: String] = [:],
    through wrapper: [String] = [], whileRunning: ((Process) -> Void)? = nil
  ) throws -> ToolProcess.Result {
    try ToolProcess.run(
      [
        "data", "fetch", "cifar10", "--out", directory.path, "--from", url ?? server.url(),
        "--expect-bytes", String(contents.count), "--expect-sha256", Digest(of: contents).hex,
        "--expect-md5", try #require(MD5(of: contents)).hex,
      ] + more,
      environment: ["no_proxy": "*", "NO_PROXY": "*"].merging(environment) { $1 }, through: wrapper,
      whileRunning: whileRunning)
  }

  /// Waits until the unfinished file has so many bytes, or the process has ended.
  func wait(for length: Int, _ process: Process) {
    while process.isRunning, partLength < length { usleep(2000) }
  }

  /// The file is there, whole, and nothing beside it.
  func expectFetched(_ result: ToolProcess.Result, _ location: SourceLocation = #_sourceLocation) throws {
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)", sourceLocation: location)
    #expect(names == [target.lastPathComponent], sourceLocation: location)
    #expect(try Data(contentsOf: target) == contents, sourceLocation: location)
  }

  /// One line, an exit code, and no file under the final name.
  func expectFailed(
    _ result: ToolProcess.Result, status: Int32, mentions parts: [String],
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: location)
    #expect(result.output.isEmpty, sourceLocation: location)
    #expect(result.errorLines.count == 1, "\(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
    }
    #expect(!names.contains(target.lastPathComponent), sourceLocation: location)
  }

  /// 200,003 bytes without a period that a wrong offset could hide behind.
  static let contents: Data = {
    var state: UInt32 = 1
    return Data(
      (0..<200_003).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      })
  }()

  /// Calls `body` with a scene whose server goes afterwards; it serves the contents unless told otherwise.
  static func with<R>(
    contents: Data = FetchScene.contents,
    answer: @escaping @Sendable (LocalServer.Request, Int) -> LocalServer.Reply = { request, _ in
      LocalServer.file(FetchScene.contents, request)
    },
    _ body: (FetchScene) throws -> R
  ) throws -> R {
    try ToolProcess.withDirectory { directory in
      let server = try LocalServer(answer: answer)
      defer { server.stop() }
      return try body(FetchScene(directory: directory, server: server, contents: contents))
    }
  }

  /// A server of the file in version `tag` whose first answer ends early; the later ones are of `later`, or whole.
  static func endingEarly(
    _ end: LocalServer.End, tag: String? = "\"one\"",
    later: (@Sendable (LocalServer.Request) -> LocalServer.Reply)? = nil
  ) -> @Sendable (LocalServer.Request, Int) -> LocalServer.Reply {
    { request, number in
      if number > 0, let later { return later(request) }
      var reply = LocalServer.file(contents, tag: tag, request)
      if number == 0 { reply.end = end }
      return reply
    }
  }
}
