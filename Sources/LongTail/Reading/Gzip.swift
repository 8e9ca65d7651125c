import EscapementArtifacts
import CEscapementZlib
import Foundation

/// Gzip'd files through zlib. The package reads data in this format and packs its fixtures in it.
public enum Gzip {
  /// Whether bytes start as a gzip member does (RFC 1952: 1f 8b).
  public static func isCompressed(_ bytes: Data) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// The contents of the gzip members in `bytes`, one after another.
  ///
  /// At most `limit` bytes are produced, so a small file cannot exhaust the memory.
  ///
  /// - Throws: `DataError` naming `file` for a truncated or corrupt member, bytes that are not a member, and more than
  ///   `limit` bytes.
  public static func inflate(_ bytes: Data, limit: Int, file: String) throws -> Data {
    let source = GzipSource(MemorySource(bytes, file: file))
    var output = Data()
    var chunk = Data(count: 1 << 18)
    while true {
      let got = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
      if got == 0 { return output }
      guard output.count + got <= limit else {
        throw DataError(
          file: file, found: "more than \(limit) bytes once inflated", expected: "at most \(limit)",
          advice: "this is not the file it is named as")
      }
      output.append(chunk.prefix(got))
    }
  }

  /// One gzip member that contains `bytes`, without name and time, at zlib's best compression.
  ///
  /// The compressed bytes may differ between versions of zlib, so digests are always over the contents.
  public static func deflate(_ bytes: Data) -> Data {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { fatalError("zlib cannot start: out of memory or another version's header") }
    defer { deflateEnd(&stream) }
    var output = Data(count: Int(deflateBound(&stream, uLong(bytes.count))))
    let produced = bytes.withUnsafeBytes { (input: UnsafeRawBufferPointer) in
      output.withUnsafeMutableBytes { (target: UnsafeMutableRawBufferPointer) -> Int in
        let source = input.bindMemory(to: UInt8.self).baseAddress
        stream.next_in = source.map { UnsafeMutablePointer(mutating: $0) }
        stream.avail_in = uInt(input.count)
        stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = uInt(target.count)
        let status = CEscapementZlib.deflate(&stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "deflate ended with status \(status)")
        return target.count - Int(stream.avail_out)
      }
    }
    return output.prefix(produced)
  }
}
