import Foundation

/// What a path that is to be written leads to, with symbolic links followed.
package enum OutputPlace {
  /// A regular file, with its status if it exists.
  case file(String, stat?)
  /// A device, FIFO or socket.
  case node(String)
  /// An open descriptor of this process.
  case descriptor(Int32)

  /// As many links as Linux follows.
  private static let linkLimit = 40

  /// Follows the links of `path`, whose last one may lead to a file that does not exist. Throws a `FileError` for a
  /// directory, for links without an end, and if the system refuses.
  package init(of path: String) throws {
    var place = path
    for _ in 0..<Self.linkLimit {
      if let descriptor = Self.descriptor(place) {
        self = .descriptor(descriptor)
        return
      }
      var status = stat()
      guard lstat(place, &status) == 0 else {
        guard errno == ENOENT else { throw FileError(operation: "write", path: path, code: errno) }
        self = .file(place, nil)
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        self = .file(place, status)
        return
      case S_IFDIR: throw FileError(operation: "write", path: path, code: EISDIR)
      case S_IFLNK: place = try Self.target(of: place, named: path)
      default:
        self = .node(place)
        return
      }
    }
    throw FileError(operation: "write", path: path, code: ELOOP)
  }

  private static func target(of link: String, named path: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes {
      readlink(link, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard length >= 0 else { throw FileError(operation: "write", path: path, code: errno) }
    let target = String(decoding: buffer.prefix(length), as: UTF8.self)
    return target.hasPrefix("/") ? target : directory(of: link) + "/" + target
  }

  /// The number of a descriptor of this process that a path in `/proc/self/fd` or `/dev/fd` names.
  private static func descriptor(_ path: String) -> Int32? {
    guard let name = path.split(separator: "/").last, let number = Int32(name), number >= 0,
      let real = realpath(directory(of: path), nil)
    else { return nil }
    defer { free(real) }
    return String(cString: real) == "/proc/\(getpid())/fd" ? number : nil
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
