import EscapementArtifacts
import CEscapementZlib
import Foundation

/// The contents of the gzip members in another source, one after another, inflated as they are read.
final class GzipSource: ByteSource {
  var file: String { upstream.file }
  private let upstream: any ByteSource
  // zlib keeps a pointer to the stream, so its address must not change.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  private var consumed = 0
  private var isInsideMember = true
  private var isUpstreamAtEnd = false

  /// Inflates the bytes of `upstream`; the first member must begin at its first byte.
  init(_ upstream: any ByteSource) {
    self.upstream = upstream
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    input = .allocate(byteCount: 1 << 16, alignment: 1)
    // 15 bits for the window plus 16, which requires a gzip header.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      fatalError("zlib cannot start: out of memory or another version's header")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    guard target.count > 0 else { return 0 }
    stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = uInt(min(target.count, 1 << 30))
    let room = Int(stream.pointee.avail_out)
    while true {
      if stream.pointee.avail_in == 0, !isUpstreamAtEnd { try refill() }
      let offered = stream.pointee.avail_in
      if !isInsideMember {
        if offered == 0 { return 0 }
        // Another member follows.
        inflateReset(stream)
        isInsideMember = true
      }
      let status = CEscapementZlib.inflate(stream, Z_NO_FLUSH)
      consumed += Int(offered - stream.pointee.avail_in)
      let produced = room - Int(stream.pointee.avail_out)
      switch status {
      case Z_STREAM_END:
        isInsideMember = false
        if produced > 0 { return produced }
      case Z_OK, Z_BUF_ERROR:
        if produced > 0 { return produced }
        guard isUpstreamAtEnd, stream.pointee.avail_in == 0 else { continue }
        throw DataError(
          file: file, place: "byte \(consumed)", found: "the end of the file inside a gzip member",
          expected: "a whole member", advice: "the file is truncated; copy or download it again")
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
        throw DataError(
          file: file, place: "byte \(consumed)", found: "a corrupt gzip stream (\(reason))",
          expected: "gzip data", advice: "copy or download the file again")
      }
    }
  }

  private func refill() throws {
    let got = try upstream.read(into: input)
    isUpstreamAtEnd = got == 0
    stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_in = uInt(got)
  }
}
