import EscapementArtifacts
import Foundation

/// Labeled image files: a list as published for ImageNet-LT and iNaturalist 2018, one `path label` per line, or a
/// directory with one directory per class.
///
/// In a list the label is the text after the line's last space, so a path may contain spaces. Lines end in LF or CRLF;
/// blank ones (nothing but spaces and tabs) and a byte order mark before the first are ignored. Paths are relative and
/// stay below the root from which they are read: none begins with `/` or has `..` as a component. They are taken byte
/// for byte: two spellings of é are two names.
public struct ImageList: Sendable {
  /// The most bytes of a list.
  public static let byteLimit = 64 << 20
  /// The most lines of a list, including blank ones.
  public static let lineLimit = 8_000_000
  /// The most bytes of a line, without its end.
  public static let lineByteLimit = 4096
  /// The largest number of classes.
  public static let classLimit = 1 << 20
  /// The ends of names by which a directory's images are found: torchvision's `IMG_EXTENSIONS`, which are more than the
  /// formats that `ImageFile` reads.
  public static let fileExtensions = [
    ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp",
  ]

  /// The list's name in messages: the path of the list or directory from which it was read.
  public let file: String
  /// The images' paths, in the list's order.
  public let paths: [String]
  /// One label in `0..<classes` per image.
  public let labels: [Int]
  /// The number of classes.
  public let classes: Int
  /// The names of the classes' directories, by label; nil for a list, which has only numbers.
  public let classNames: [String]?
  private let lines: [Int32]?

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
    classNames = nil
    self.classes = classes ?? (labels.max() ?? 0) + 1
  }

  /// The list in the file at `url` (see `init(_:file:classes:)`).
  /// - Throws: in addition, `MissingError` if there is no such file and `FileError` if the system refuses.
  public init(contentsOf url: URL, classes: Int? = nil) throws {
    try self.init(FileContents.read(url, limit: Self.byteLimit), file: url.path, classes: classes)
  }

  /// The images in the directory at `folder`, as torchvision's `ImageFolder` orders them; paths are relative to it.
  ///
  /// Each directory in it is a class. Labels number the classes in the order of their names. The images of a class are
  /// the files below its directory, symbolic links followed, whose names end in one of `fileExtensions` in upper or
  /// lower case: directory by directory in the order of their paths, and in a directory by name. Names and paths are
  /// ordered by code points.
  ///
  /// - Parameter classNames: the names by label, as of the training images of which these are the test; not every
  ///   class needs a directory then.
  /// - Throws: `MissingError` if there is no directory, `FileError` if the system refuses, and `DataError` if it
  ///   contains no directory, a directory without an image or of another name than `classNames`, a symbolic link to a
  ///   directory above it, a name that is not UTF-8 or has a line break, or more than `lineLimit` entries.
  public init(folder: URL, classNames: [String]? = nil) throws {
    var reader = ClassFolderReader(root: folder.path)
    let names = try reader.read(numberedBy: classNames)
    self.init(file: folder.path, paths: reader.paths, labels: reader.labels, classNames: names)
  }

  private init(
    file: String, paths: [String], labels: [Int], lines: [Int32]? = nil, classes: Int? = nil,
    classNames: [String]? = nil
  ) {
    self.file = file
    self.paths = paths
    self.labels = labels
    self.lines = lines
    self.classNames = classNames
    self.classes = classes ?? classNames?.count ?? 0
  }

  /// The images at the given positions, in that order, with the classes of the whole list.
  public func selecting(_ positions: [Int]) -> ImageList {
    ImageList(
      file: file, paths: positions.map { paths[$0] }, labels: positions.map { labels[$0] },
      lines: lines.map { lines in positions.map { lines[$0] } }, classes: classes, classNames: classNames)
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

  /// The 1-based line number in the list of the image at `position`; nil if a directory was read.
  public func line(of position: Int) -> Int? { lines.map { Int($0[position]) } }

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

  /// Where the list has the image at `position`, for the end of a message; empty if a directory was read.
  func place(of position: Int) -> String { line(of: position).map { " (line \($0) of \(file))" } ?? "" }

  /// The error for an image that does not exist below `root`.
  func missing(_ position: Int, below root: URL) -> MissingError {
    MissingError(
      what: url(of: position, below: root).path.quotable(limit: 1024) + place(of: position),
      advice: "give the directory below which the list's images lie, or fetch the image")
  }
}
