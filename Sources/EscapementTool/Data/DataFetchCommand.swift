import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementLongTail

/// `escapement data fetch`: a published archive, checked.
struct DataFetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Downloads a published archive and checks its length, SHA-256 and MD5.",
    discussion: """
      Leaves the archive under its published name in the directory. What has arrived is kept in NAME.part, and the \
      same command goes on from there; exit code 75 says that trying again is all there is to do. \
      http_proxy, https_proxy, all_proxy, no_proxy, CURL_CA_BUNDLE and SSL_CERT_FILE are respected.
      """)

  @Argument(help: ArgumentHelp("The data set.", valueName: "data-set")) var dataSet: PublishedArchive.DataSet
  @Option(help: "How the archive stores its images.") var layout = PublishedArchive.Layout.binary
  @Option(help: ArgumentHelp("Directory to write into; made if it is not there.", valueName: "dir")) var out =
    FilePath(".")
  @Option(help: ArgumentHelp("Another address of the same archive.", valueName: "url")) var from: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Gives up after so long without a byte.", valueName: "seconds"))
  var timeout = 60
  @Flag(help: "Print one JSON object.") var json = false

  // Other expected contents for the archive's name, so that the whole command can be tested on a few bytes.
  @Option(help: .hidden) var expectBytes: Int?
  @Option(name: .customLong("expect-sha256"), help: .hidden) var expectSHA256: String?
  @Option(name: .customLong("expect-md5"), help: .hidden) var expectMD5: String?

  func validate() throws {
    try CountRange.check([
      ("--timeout", timeout, 1...CountRange.most), ("--expect-bytes", expectBytes, 0...1 << 40),
    ])
    if let from {
      let scheme = from.prefix { $0 != ":" }.lowercased()
      guard ["http", "https"].contains(scheme), from.dropFirst(scheme.count).hasPrefix("://") else {
        throw ValidationError(
          "--from is \"\(from)\", expected an address that starts with https:// or http://")
      }
    }
    let expectations: [Any?] = [expectBytes, expectSHA256, expectMD5]
    guard Set(expectations.map { $0 == nil }).count == 1 else {
      throw ValidationError("--expect-bytes, --expect-sha256 and --expect-md5 go together")
    }
  }

  func run() throws {
    let archive = PublishedArchive(dataSet, layout)
    let target = out.directory.appendingPathComponent(archive.name)
    let contents = try expectedContents(archive)
    Interruption.catchSignals()
    let meter = ProgressMeter()
    var rate = DownloadRate()
    let download = Download(
      source: from ?? archive.url, contents: contents, target: target, timeout: timeout,
      isCancelled: { Interruption.isRequested },
      progress: { bytes in
        meter.show(archive.name, done: bytes, total: contents.byteCount, note: rate.note(bytes: bytes))
      })
    let outcome: Download.Outcome
    do { outcome = try download.run() } catch {
      meter.clear()
      throw error
    }
    meter.clear()
    report(outcome, of: archive, download)
  }

  private func expectedContents(_ archive: PublishedArchive) throws -> Download.Contents {
    guard let expectBytes, let expectSHA256, let expectMD5 else {
      return Download.Contents(byteCount: archive.byteCount, sha256: archive.sha256, md5: archive.md5)
    }
    guard let sha256 = Digest(hex: expectSHA256), let md5 = MD5(hex: expectMD5) else {
      throw ToolError.usage("--expect-sha256 and --expect-md5 take 64 and 32 lower-case hexadecimal digits")
    }
    return Download.Contents(byteCount: expectBytes, sha256: sha256, md5: md5)
  }

  private func report(_ outcome: Download.Outcome, of archive: PublishedArchive, _ download: Download) {
    let contents = download.contents
    var (kept, received) = (contents.byteCount, 0)
    if case .fetched(let before, let now) = outcome { (kept, received) = (before, now) }
    if json {
      return Console.output([
        "archive": .string(archive.name), "path": .string(download.target.path),
        "url": .string(download.source), "outcome": outcome == .present ? "present" : "fetched",
        "bytes": .integer(contents.byteCount), "bytes_kept": .integer(kept),
        "bytes_received": .integer(received), "sha256": .string(contents.sha256.hex),
        "md5": .string(contents.md5.hex),
      ])
    }
    let action =
      switch outcome {
      case .present: "was there already, nothing was downloaded"
      case .fetched(0, _): "downloaded"
      case .fetched: "downloaded, \(received) bytes after the \(kept) kept"
      }
    Console.print(
      "\(download.target.path): \(action); \(contents.byteCount) bytes, SHA-256 \(contents.sha256)")
  }
}

/// Bytes per second since the first piece.
private struct DownloadRate {
  private var start: (bytes: Int, time: ContinuousClock.Instant)?

  /// "3.2 MB/s"; empty for the first piece.
  mutating func note(bytes: Int) -> String {
    let now = ContinuousClock.now
    guard let start else {
      start = (bytes, now)
      return ""
    }
    let seconds = (now - start.time) / .seconds(1)
    return seconds > 0 ? EpochLine.fixed(Double(bytes - start.bytes) / seconds / 1e6, 1) + " MB/s" : ""
  }
}

extension PublishedArchive.DataSet: ExpressibleByArgument {}
extension PublishedArchive.Layout: ExpressibleByArgument {}
