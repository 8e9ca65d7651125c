import EscapementArtifacts
import Foundation

/// Bytes that are read once, from front to back.
protocol ByteSource: AnyObject {
  /// The file's name, for errors.
  var file: String { get }
  /// Fills a part of `target`, at least one byte, and returns the number of bytes; 0 at the end.
  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
  /// Fills all of `target` unless the end is reached first; returns the number of bytes.
  func fill(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
    var done = 0
    while done < target.count {
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
      if got == 0 { break }
      done += got
    }
    return done
  }
}

/// A file on disk.
final class FileSource: ByteSource {
  let file: String
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `MissingError` if there is none, `FileError` if the system refuses.
  init(_ url: URL) throws {
    file = url.path
    descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw MissingError(what: file, advice: "check the path") }
      throw FileError(operation: "open", path: file, code: errno)
    }
  }

  deinit { close(descriptor) }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let got = Glibc.read(descriptor, target.baseAddress, target.count)
      if got >= 0 { return got }
      guard errno == EINTR else { throw FileError(operation: "read", path: file, code: errno) }
    }
  }
}

/// Bytes in memory.
final class MemorySource: ByteSource {
  let file: String
  private let bytes: Data
  private var position: Data.Index

  /// A source whose first bytes are read in advance for inspection; `read` still returns them.
  init(_ bytes: Data, file: String) {
    self.file = file
    self.bytes = bytes
    position = bytes.startIndex
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(target.count, bytes.endIndex - position)
    bytes.copyBytes(to: target, from: position..<(position + count))
    position += count
    return count
  }
}

/// A source that can be inspected at its beginning: `read` still returns the inspected bytes.
final class PeekedSource: ByteSource {
  var file: String { rest.file }
  /// The first bytes, at most as many as requested.
  let head: Data
  private let first: MemorySource
  private let rest: any ByteSource

  /// Reads `count` bytes of `source` in advance.
  init(_ source: any ByteSource, count: Int) throws {
    rest = source
    var head = Data(count: count)
    let got = try head.withUnsafeMutableBytes { try source.fill($0) }
    self.head = head.prefix(got)
    first = MemorySource(self.head, file: source.file)
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    let got = try first.read(into: target)
    return got > 0 || target.isEmpty ? got : try rest.read(into: target)
  }
}
