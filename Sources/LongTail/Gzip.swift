import Artifacts
import CZlib
import Foundation

/// Gzip'd files through zlib: what the package reads data from, and packs its fixtures into.
public enum Gzip {
  /// Whether bytes start as a gzip member does (RFC 1952: 1f 8b).
  public static func isCompressed(_ bytes: Data) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// The contents of the gzip members in `bytes`, one after another.
  ///
  /// At most `limit` bytes are produced, so a small file cannot ask for all memory. A truncated or corrupt
  /// member, bytes that are no member, and more than `limit` bytes are a `DataError` naming `file`.
  public static func inflate(_ bytes: Data, limit: Int, file: String) throws -> Data {
    var output = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var consumed = 0
    var stream = z_stream()
    // 16 added to the window's 15 bits: a gzip header is required.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      fatalError("zlib cannot start: out of memory or another version's header")
    }
    defer { inflateEnd(&stream) }
    try bytes.withUnsafeBytes { (input: UnsafeRawBufferPointer) in
      let base = input.bindMemory(to: UInt8.self).baseAddress
      var status = Z_OK
      repeat {
        stream.next_in = base.map { UnsafeMutablePointer(mutating: $0 + consumed) }
        stream.avail_in = uInt(min(input.count - consumed, 1 << 30))
        let offered = Int(stream.avail_in)
        let produced = chunk.withUnsafeMutableBufferPointer { buffer in
          stream.next_out = buffer.baseAddress
          stream.avail_out = uInt(buffer.count)
          status = CZlib.inflate(&stream, Z_NO_FLUSH)
          return buffer.count - Int(stream.avail_out)
        }
        let taken = offered - Int(stream.avail_in)
        consumed += taken
        output.append(contentsOf: chunk[0..<produced])
        guard output.count <= limit else {
          throw DataError(
            file: file, place: "byte \(consumed)", found: "more than \(limit) bytes once inflated",
            expected: "at most \(limit)", advice: "this is not the file it is named as")
        }
        switch status {
        case Z_STREAM_END:
          // Another member may follow.
          if consumed < input.count { inflateReset(&stream) }
        case Z_OK where taken > 0 || produced > 0: break
        case Z_OK, Z_BUF_ERROR:
          throw DataError(
            file: file, place: "byte \(consumed)", found: "the end of the file inside a gzip member",
            expected: "a whole member", advice: "the file is truncated; copy or download it again")
        default:
          let reason = stream.msg.map { String(cString: $0) } ?? "status \(status)"
          throw DataError(
            file: file, place: "byte \(consumed)", found: "a corrupt gzip stream (\(reason))",
            expected: "gzip data", advice: "copy or download the file again")
        }
      } while status != Z_STREAM_END || consumed < input.count
    }
    return output
  }

  /// One gzip member holding `bytes`, without name and time, at zlib's best compression.
  ///
  /// The compressed bytes may differ between versions of zlib: digests are always taken of the contents.
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
        let status = CZlib.deflate(&stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "deflate ended with status \(status)")
        return target.count - Int(stream.avail_out)
      }
    }
    return output.prefix(produced)
  }
}
