import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing

@Suite("Directories with one directory per class")
struct ClassFolderTests {
  /// A directory with the given empty files and symbolic links.
  private func tree(_ files: [String], links: [(String, String)] = []) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for name in files {
      let path = "\(directory.url.path)/\(name)"
      let parent = String(path[..<path.lastIndex(of: "/")!])
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      #expect(FileManager.default.createFile(atPath: path, contents: Data()))
    }
    for (name, target) in links { #expect(symlink(target, "\(directory.url.path)/\(name)") == 0) }
    return directory
  }

  private func line(_ directory: URL) -> String {
    do {
      return "\(try ImageList(folder: directory).count) images"
    } catch {
      #expect(!"\(error)".contains("\n"))
      return "\(error)".replacing(directory.path, with: "ROOT")
    }
  }

  /// The tree and the output of Benchmarks/peers/folders.py under torchvision 0.29.2.
  @Test("images and labels are in torchvision's order, whatever the names and links")
  func order() throws {
    let directory = try tree(
      [
        "b/1.jpg", "b/sub/2.PNG", "b/sub-1/3.jpeg", "b/sub.1/4.webp", "b/sub/a/5.tif", "b/note.txt",
        "b/.hidden.jpg", "b/10.jpg", "b/9.jpg", "b/Z.jpg", "b/x.jpg.bak", "b/.JPG", "b/jpg", "b/e\u{301}.jpg",
        "b/\u{E9}.jpg", "b/a b.bmp", "B/1.pgm", "10/x.ppm", "9/x.tiff", "\u{E9}/x.jpg", "e\u{301}/x.jpg",
        "\u{1F600}/x.jpg", "\u{FB00}/x.jpg", "a b/x.jpg", ".dot/x.jpg", "top.jpg",
      ],
      links: [
        ("linked", "b"), ("b/link.jpg", "../B/1.pgm"), ("b/broken.jpg", "nowhere"), ("dangling", "nowhere"),
      ])
    defer { directory.remove() }
    let list = try ImageList(folder: directory.url)
    let expected = """
      .dot/x.jpg 0
      10/x.ppm 1
      9/x.tiff 2
      B/1.pgm 3
      a b/x.jpg 4
      b/.JPG 5
      b/.hidden.jpg 5
      b/1.jpg 5
      b/10.jpg 5
      b/9.jpg 5
      b/Z.jpg 5
      b/a b.bmp 5
      b/broken.jpg 5
      b/e\u{301}.jpg 5
      b/link.jpg 5
      b/\u{E9}.jpg 5
      b/sub/2.PNG 5
      b/sub-1/3.jpeg 5
      b/sub.1/4.webp 5
      b/sub/a/5.tif 5
      e\u{301}/x.jpg 6
      linked/.JPG 7
      linked/.hidden.jpg 7
      linked/1.jpg 7
      linked/10.jpg 7
      linked/9.jpg 7
      linked/Z.jpg 7
      linked/a b.bmp 7
      linked/broken.jpg 7
      linked/e\u{301}.jpg 7
      linked/link.jpg 7
      linked/\u{E9}.jpg 7
      linked/sub/2.PNG 7
      linked/sub-1/3.jpeg 7
      linked/sub.1/4.webp 7
      linked/sub/a/5.tif 7
      \u{E9}/x.jpg 8
      \u{FB00}/x.jpg 9
      \u{1F600}/x.jpg 10
      """
    let found = zip(list.paths, list.labels).map { "\($0) \($1)" }.joined(separator: "\n")
    // Bytes: for String, two spellings of \u{E9} are equal.
    #expect(Array(found.utf8) == Array(expected.utf8), "\(found)")
    let names = [
      ".dot", "10", "9", "B", "a b", "b", "e\u{301}", "linked", "\u{E9}", "\u{FB00}", "\u{1F600}",
    ]
    #expect(list.classNames?.map { Array($0.utf8) } == names.map { Array($0.utf8) })
    #expect(list.classes == 11 && list.classCounts[5] == 15 && list.file == directory.url.path)
    // The same as a list, except that this knows neither names nor a directory.
    let text = try ImageList(Data(found.utf8), file: "list")
    #expect(
      text.paths.map { Array($0.utf8) } == list.paths.map { Array($0.utf8) } && text.labels == list.labels)
    #expect(text.classNames == nil && text.line(of: 1) == 2 && list.line(of: 1) == nil)
  }

  @Test("images are read from it; one that is gone is named without a line")
  func reads() throws {
    let directory = try tree(["a/x.png", "b/x.jpg"])
    defer { directory.remove() }
    let image = proceduralImage(width: 7, height: 5)
    try PPM.encode(image).write(to: directory.url.appendingPathComponent("b/x.jpg"))
    let list = try ImageList(folder: directory.url)
    try list.requireImages(below: directory.url)
    let images = ListedImageSet(list, root: directory.url, preparation: .imageNetLT)
    #expect(try images.image(at: 1) == image)
    #expect(throws: DataError.self) { try images.image(at: 0) }
    #expect(unlink(directory.url.path + "/a/x.png") == 0)
    do {
      _ = try images.image(at: 0)
      Issue.record("an image that is gone")
    } catch {
      #expect("\(error)".hasPrefix("\(directory.url.path)/a/x.png is missing; "), "\(error)")
    }
  }

  @Test("what is no directory of classes is one line")
  func faults() throws {
    let cases: [(files: [String], links: [(String, String)], line: String)] = [
      (["x.jpg"], [], "ROOT: found no directory in it, expected a directory of images for each class"),
      (
        ["a/x.jpg", "b/x.txt"], [],
        "ROOT/b: found no image below it, expected a file that ends in .jpg, .jpeg"
      ),
      (["a/x.jpg", "b/c/x"], [], "ROOT/b: found no image below it"),
      (["a/x.jpg"], [("a/up", "..")], "ROOT/a/up: found a symbolic link to a directory above it"),
      (["a/b/x.jpg"], [("a/b/c", "../../a")], "ROOT/a/b/c: found a symbolic link to a directory above it"),
      (["a/x.jpg"], [("self", ".")], "ROOT/self: found a symbolic link to a directory above it"),
      (
        ["a/x.jpg", "a/y\nz.jpg"], [],
        "ROOT/a/y\\nz.jpg: found a name that is not UTF-8 or has a line break"
      ),
    ]
    for (files, links, expected) in cases {
      let directory = try tree(files, links: links)
      defer { directory.remove() }
      #expect(line(directory.url).hasPrefix(expected), "\(line(directory.url))")
    }
    let directory = try tree(["a/x.jpg"])
    defer { directory.remove() }
    #expect(throws: MissingError.self) { try ImageList(folder: directory.url.appendingPathComponent("b")) }
    #expect(throws: DataError.self) { try ImageList(folder: directory.url.appendingPathComponent("a/x.jpg")) }
    // A byte that is no UTF-8.
    let bytes =
      Array("\(directory.url.path)/a/".utf8).map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
    #expect(close(open(bytes, O_CREAT | O_WRONLY, 0o600)) == 0)
    #expect(line(directory.url).contains("found a name that is not UTF-8"))
  }

  @Test("two links to one directory are no cycle")
  func diamonds() throws {
    let directory = try tree(["a/x.jpg", "c/y.jpg"], links: [("a/one", "../c"), ("a/two", "../c")])
    defer { directory.remove() }
    #expect(
      try ImageList(folder: directory.url).paths == ["a/x.jpg", "a/one/y.jpg", "a/two/y.jpg", "c/y.jpg"])
  }
}
