import EscapementArtifacts
import Foundation

/// Lists a directory with one directory per class: see `ImageList.init(folder:)`.
struct ClassFolderReader {
  /// The directory's path.
  let root: String
  private(set) var paths: [String] = []
  private(set) var labels: [Int] = []
  private var entries = 0

  init(root: String) { self.root = root }

  /// A directory apart from its path, by which a cycle of symbolic links is found.
  private struct Identity: Hashable {
    let device: dev_t
    let inode: ino_t
  }

  /// A directory below `root` that has yet to be read, and those above it.
  private struct Branch {
    let path: String
    let above: Set<Identity>
  }

  /// Reads all of it. `known` are the classes' names by label; nil: those of the directories.
  /// - Returns: the classes' names, by label.
  mutating func read(numberedBy known: [String]?) throws -> [String] {
    let identity = try identity(of: root)
    let names = Self.sorted(try contents(of: root).directories)
    guard !names.isEmpty else {
      throw DataError(
        file: root, found: "no directory in it", expected: "a directory of images for each class",
        advice: "give the directory whose directories are the classes")
    }
    guard names.count <= ImageList.classLimit else {
      throw DataError(
        file: root, found: "\(names.count) directories", expected: "at most \(ImageList.classLimit) classes")
    }
    // By bytes, because for a dictionary two spellings of é are one key.
    let numbers = known.map { Dictionary(uniqueKeysWithValues: zip($0.map { Array($0.utf8) }, $0.indices)) }
    for (place, name) in names.enumerated() {
      let number: Int? = if let numbers { numbers[Array(name.utf8)] } else { place }
      guard let label = number else {
        throw DataError(
          file: "\(root)/\(name)", found: "a class that the training images lack",
          expected: "directories of the same names", advice: "rename or remove the directory")
      }
      let before = paths.count
      try readClass(Branch(path: name, above: [identity]))
      guard paths.count > before else {
        throw DataError(
          file: "\(root)/\(name)", found: "no image below it",
          expected: "a file that ends in \(ImageList.fileExtensions.joined(separator: ", "))",
          advice: "remove the directory, which would be a class without images, or add its images")
      }
      labels.append(contentsOf: repeatElement(label, count: paths.count - before))
    }
    return known ?? names
  }

  private mutating func readClass(_ first: Branch) throws {
    var pending = [first]
    // No dictionary: for one, two spellings of é are the same key.
    var directories: [(path: String, images: [String])] = []
    while let branch = pending.popLast() {
      let path = "\(root)/\(branch.path)"
      let identity = try identity(of: path)
      guard !branch.above.contains(identity) else {
        throw DataError(
          file: path, found: "a symbolic link to a directory above it", expected: "directories that end",
          advice: "remove the link")
      }
      let found = try contents(of: path)
      directories.append((branch.path, Self.sorted(found.files.filter(Self.isImage))))
      let above = branch.above.union([identity])
      pending += found.directories.map { Branch(path: "\(branch.path)/\($0)", above: above) }
    }
    for (path, images) in directories.sorted(by: { Self.precedes($0.path, $1.path) }) {
      paths += images.map { "\(path)/\($0)" }
    }
  }

  private func identity(of path: String) throws -> Identity {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw MissingError(what: path, advice: "check the path") }
      throw FileError(operation: "read", path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw DataError(
        file: path, found: "no directory", expected: "a directory of images for each class",
        advice: "give the directory whose directories are the classes")
    }
    return Identity(device: status.st_dev, inode: status.st_ino)
  }

  /// The names in a directory; a symbolic link to a directory counts as one.
  private mutating func contents(of path: String) throws -> (directories: [String], files: [String]) {
    guard let stream = opendir(path) else { throw FileError(operation: "open", path: path, code: errno) }
    defer { closedir(stream) }
    var (directories, files): ([String], [String]) = ([], [])
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw FileError(operation: "read", path: path, code: errno) }
        return (directories, files)
      }
      let name = try Self.name(of: entry, in: path)
      if name == "." || name == ".." { continue }
      entries += 1
      guard entries <= ImageList.lineLimit else {
        throw DataError(
          file: root, found: "more than \(ImageList.lineLimit) files and directories",
          expected: "at most so many", advice: "give the directory whose directories are the classes")
      }
      if Self.isDirectory(entry, path: "\(path)/\(name)") {
        directories.append(name)
      } else {
        files.append(name)
      }
    }
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>, in path: String) throws -> String {
    let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
    let bytes = UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self)))
    guard let name = String(validating: bytes, as: UTF8.self), !bytes.contains(0x0A) else {
      throw DataError(
        file: "\(path)/\(String(decoding: bytes, as: UTF8.self))",
        found: "a name that is not UTF-8 or has a line break", expected: "a name that a list can hold",
        advice: "rename it")
    }
    return name
  }

  private static func isDirectory(_ entry: UnsafeMutablePointer<dirent>, path: String) -> Bool {
    let type = Int(entry.pointee.d_type)
    if type != Int(DT_LNK), type != Int(DT_UNKNOWN) { return type == Int(DT_DIR) }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func isImage(_ name: String) -> Bool {
    name.withCString { name in
      let length = strlen(name)
      return ImageList.fileExtensions.contains { end in
        end.utf8.count <= length && strcasecmp(name + length - end.utf8.count, end) == 0
      }
    }
  }

  private static func sorted(_ names: [String]) -> [String] { names.sorted(by: precedes) }

  /// By the bytes of UTF-8, which is the order of code points, in which Python sorts; `<` on String is another.
  private static func precedes(_ first: String, _ second: String) -> Bool {
    first.withCString { first in second.withCString { strcmp(first, $0) < 0 } }
  }
}
