import EscapementArtifacts
import Foundation

/// A list of labeled image files, as published for ImageNet-LT and iNaturalist 2018: one `path label` per line.
///
/// The label is the text after the line's last space, so a path may contain spaces. Lines end in LF or CRLF; blank ones
/// (nothing but spaces and tabs) and a byte order mark before the first are ignored. Paths are relative and stay below
/// the root from which they are read: none begins with `/` or has `..` as a component.
public struct ImageList: Sendable {
  /// The most bytes of a list.
  public static let byteLimit = 64 << 20
  /// The most lines of a list, including blank ones.
  public static let lineLimit = 8_000_000
  /// The most bytes of a line, without its end.
  public static let lineByteLimit = 4096
  /// The largest number of classes.
  public static let classLimit = 1 << 20

  /// The list's name in messages: the path from which it was read.
  public let file: String
  /// The images' paths, in the list's order.
  public let paths: [String]
  /// One label in `0..<classes` per image.
  public let labels: [Int]
  /// The number of classes.
  public let classes: Int
  private let lines: [Int32]

  /// The list in `data`; messages refer to it as `file`.
  ///
  /// - Parameter classes: the number of classes, 1 to `classLimit`; if nil, one more than the largest label.
  /// - Throws: `DataError` naming the line if it is too long, is not UTF-8, has no label, has a label that is not a
  ///   decimal number below `classes`, or has a path that is empty, absolute, leaves the root or contains a NUL;
  ///   `DataError` for a list that is too large or contains no images.
  public init(_ data: Data, file: String, classes: Int? = nil) throws {
    precondition(classes.map { (1...Self.classLimit).contains($0) } ?? true, "\(classes ?? 0) classes")
    var parser = ImageListParser(file: file, classes: classes)
    try data.withoutByteOrderMark.withUnsafeBytes { try parser.parse($0) }
    self.file = file
    paths = parser.paths
    labels = parser.labels
    lines = parser.lines
    self.classes = classes ?? (labels.max() ?? 0) + 1
  }

  /// The list in the file at `url` (see `init(_:file:classes:)`).
  /// - Throws: in addition, `MissingError` if there is no such file and `FileError` if the system refuses.
  public init(contentsOf url: URL, classes: Int? = nil) throws {
    try self.init(FileContents.read(url, limit: Self.byteLimit), file: url.path, classes: classes)
  }

  private init(file: String, paths: [String], labels: [Int], lines: [Int32], classes: Int) {
    self.file = file
    self.paths = paths
    self.labels = labels
    self.lines = lines
    self.classes = classes
  }

  /// The images at the given positions, in that order, with the classes of the whole list.
  public func selecting(_ positions: [Int]) -> ImageList {
    ImageList(
      file: file, paths: positions.map { paths[$0] }, labels: positions.map { labels[$0] },
      lines: positions.map { lines[$0] }, classes: classes)
  }

  /// SHA-256 over a line `path label` for each image, in order: independent of the file's line ends and blank lines.
  public var digest: Digest {
    let stream = DigestStream()
    for (path, label) in zip(paths, labels) {
      let line = Array("\(path) \(label)\n".utf8)
      line.withUnsafeBytes { stream.update($0) }
    }
    return stream.finish()
  }

  /// The number of images.
  public var count: Int { labels.count }

  /// The number of images of each class.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
  }

  /// The 1-based line number in the list of the image at `position`.
  public func line(of position: Int) -> Int { Int(lines[position]) }

  /// The location of the image at `position`, below `root`.
  public func url(of position: Int, below root: URL) -> URL {
    root.appendingPathComponent(paths[position], isDirectory: false)
  }

  /// Checks that every image exists.
  /// - Throws: `MissingError` for the first image that does not exist, with its path and line.
  public func requireImages(below root: URL) throws {
    for position in labels.indices {
      var status = stat()
      guard stat(url(of: position, below: root).path, &status) == 0 else {
        throw missing(position, below: root)
      }
    }
  }

  /// The error for an image that does not exist below `root`.
  func missing(_ position: Int, below root: URL) -> MissingError {
    MissingError(
      what: "\(url(of: position, below: root).path) (line \(line(of: position)) of \(file))",
      advice: "give the directory below which the list's images lie, or fetch the image")
  }
}
