import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing

@Suite("Image lists")
struct ImageListTests {
  private func list(_ text: String, classes: Int? = nil) throws -> ImageList {
    try ImageList(Data(text.utf8), file: "train.txt", classes: classes)
  }

  private func line(_ bytes: Data, classes: Int? = nil) -> String {
    do {
      return "read \(try ImageList(bytes, file: "train.txt", classes: classes).count) images"
    } catch {
      guard let error = error as? DataError else { return "another error: \(error)" }
      #expect(error.exitCode == 65)
      #expect(!error.description.contains("\n"))
      return error.description
    }
  }
  private func line(_ text: String, classes: Int? = nil) -> String { line(Data(text.utf8), classes: classes) }

  @Test("paths with spaces, LF and CRLF, blank lines, a last line without an end")
  func reads() throws {
    let read = try list("a/b.jpg 3\n\n \t\nwith space 7.jpg 0\r\n\r\né…/ü.jpg 003\nlast.jpg 1")
    #expect(read.paths == ["a/b.jpg", "with space 7.jpg", "é…/ü.jpg", "last.jpg"])
    #expect(read.labels == [3, 0, 3, 1])
    #expect(read.classes == 4 && read.classCounts == [1, 1, 0, 2])
    #expect((0..<4).map(read.line) == [1, 4, 6, 7])
    #expect(read.url(of: 0, below: URL(fileURLWithPath: "/images")).path == "/images/a/b.jpg")
    #expect(try list("a 3\n", classes: 9).classCounts == [0, 0, 0, 1, 0, 0, 0, 0, 0])
  }

  @Test("a byte order mark at the start is no part of the first path")
  func byteOrderMark() throws {
    let mark = "\u{FEFF}"
    let read = try list("\(mark)a.jpg 1\r\n\(mark)b.jpg 0\r\n")
    #expect(read.paths.map { Array($0.utf8) } == ["a.jpg", "\(mark)b.jpg"].map { Array($0.utf8) })
    #expect(read.labels == [1, 0] && read.line(of: 1) == 2)
    #expect(line(mark).contains("found no image in 0 lines"))
    #expect(line("\(mark)\n\(mark)a.jpg\n").contains("line 2: found"))
  }

  @Test("names are taken byte for byte, and files are found by them")
  func names() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let names = [
      "a b.ppm", " a", "a ", "\u{E9}.ppm", "e\u{301}.ppm", "100%.ppm", "%41.ppm", "a?b#c;d&e.ppm",
      "back\\slash.ppm",
      "‘one’ and \"two\".ppm", "t\ta\tb", "~", "a:b.ppm", "x,1", "\u{65E5}\u{672C}/\u{753B}.ppm",
      "$HOME `ls` *.ppm",
      "\u{1F600}\u{200D}.ppm", "\u{7F}.ppm", "\r.ppm", "\u{212B}", "\u{C5}", "A\u{30A}",
    ]
    mkdir("\(directory.url.path)/\u{65E5}\u{672C}", 0o700)
    for (i, name) in names.enumerated() {
      let file = fopen("\(directory.url.path)/\(name)", "wb")
      let bytes = Array(PPM.encode(proceduralImage(width: i + 1, height: 2)))
      #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count && fclose(file) == 0)
    }
    for end in ["\n", "\r\n"] {
      let text = names.enumerated().map { "\($1) \($0)" }.joined(separator: end)
      let read = try list(text)
      #expect(read.paths.map { Array($0.utf8) } == names.map { Array($0.utf8) })
      try read.requireImages(below: directory.url)
      let images = ListedImageSet(read, root: directory.url, preparation: .imageNetLT)
      for i in names.indices { #expect(try images.image(at: i).width == i + 1, "\(names[i])") }
    }
  }

  @Test(
    "a table of another kind is one line that names its separator",
    arguments: [
      ("a.jpg,1\nb.jpg,0\n", "comma"), ("a.jpg\t1\n", "tab"), ("a.jpg;1\r\n", "semicolon"),
      ("a b.jpg,1\n", "comma"), ("a b.jpg\t12\n", "tab"), ("0,a,1\n", "comma"),
    ])
  func tables(text: String, separator: String) {
    #expect(
      line(text).hasSuffix(
        "expected a path, a space and a label; the last \(separator) of each line has to become a space"))
    #expect(line(text).hasPrefix("train.txt: line 1: found “"))
  }

  @Test("dots that are no parent directory stay")
  func dots() throws {
    #expect(try list("./a..b/...c/.d/e.. 0").paths == ["./a..b/...c/.d/e.."])
  }

  @Test(
    "every fault names its line",
    arguments: [
      ("a 0\nb 1\n/c/d.jpg 2\n", "train.txt: line 3: found the absolute path “/c/d.jpg”"),
      ("a 0\n../b 1\n", "train.txt: line 2: found “..” in the path “../b”"),
      ("a/../b 1\n", "line 1: found “..”"), ("a/.. 1\n", "line 1: found “..”"),
      (".. 1\n", "line 1: found “..”"),
      ("a 0\na\0b 1\n", "line 2: found a NUL"), ("a 0\n\nb\n", "line 3: found “b”, expected a path"),
      (" 4\n", "line 1: found “ 4”, expected a path"), ("a \n", "line 1: found the label “”"),
      ("a -1\n", "found the label “-1”"), ("a +1\n", "found the label “+1”"),
      ("a 1.0\n", "found the label “1.0”"),
      ("a\t1\n", "expected a path, a space and a label"), ("a 1 \n", "found the label “”"),
      ("a 1048576\n", "expected a whole number in 0..<1048576"),
      ("a 99999999999999999999999\n", "found the label “99999999999999999999999”"),
      ("", "train.txt: found no image in 0 lines"), ("\n\r\n \n", "found no image in 3 lines"),
    ])
  func faults(text: String, part: String) {
    #expect(line(text).contains(part), "\(line(text))")
  }

  @Test("a label must lie below the number of classes")
  func classes() {
    #expect(line("a 0\nb 8141\n", classes: 8142) == "read 2 images")
    let fault = line("a 0\nb 8142\n", classes: 8142)
    #expect(fault.contains("line 2: found the label “8142”, expected a whole number in 0..<8142"))
  }

  @Test("bytes that are no UTF-8 are told by their line")
  func encoding() {
    for wrong: [UInt8] in [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ] {
      let fault = line(Data("a 0\nb".utf8) + wrong + Data(".jpg 1\n".utf8))
      #expect(fault.contains("line 2: found bytes that are no UTF-8"))
    }
  }

  @Test("a line holds at most 4096 bytes without its end")
  func longLine() {
    let path = String(repeating: "x", count: 4094)
    #expect(line("a 0\n\(path) 1\r\n") == "read 2 images")
    #expect(line("a 0\n\(path)y 1\r\n").contains("line 2: found 4097 bytes, expected at most 4096"))
    #expect(line(String(repeating: " ", count: 4097)).contains("line 1: found 4097 bytes"))
  }

  @Test("a list holds at most 8 million lines and 64 MiB")
  func bounds() {
    var many = Data(repeating: 0x0A, count: 8_000_000 - 1) + Data("a 0\n".utf8)
    #expect(line(many) == "read 1 images")
    many.append(0x0A)
    #expect(line(many).contains("line 8000001: found another line, expected at most 8000000"))
    #expect(line(Data(count: 64 << 20)).contains("line 1: found 67108864 bytes"))
    #expect(line(Data(count: (64 << 20) + 1)).contains("found 67108865 bytes, expected at most 67108864"))
  }

  @Test("hostile text cannot break a message's line")
  func hostileText() {
    let fault = line("a \u{1B}[2J\r1\n")
    #expect(!fault.contains("\u{1B}") && !fault.contains("\r"))
  }

  @Test("a list that is missing, a directory or too large is refused before it is read")
  func files() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = directory.url.appendingPathComponent("list.txt")
    #expect(throws: MissingError.self) { try ImageList(contentsOf: path) }
    #expect(throws: DataError.self) { try ImageList(contentsOf: directory.url) }
    try Data("a b.ppm 1\n".utf8).write(to: path)
    #expect(try ImageList(contentsOf: path).paths == ["a b.ppm"])
    // A hole: no disk is used.
    #expect(truncate(path.path, 1 << 40) == 0)
    #expect(throws: DataError.self) { try ImageList(contentsOf: path) }
  }

  @Test("a missing image is named with its line")
  func missing() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try Data().write(to: directory.url.appendingPathComponent("here.jpg"))
    let list = try list("here.jpg 0\n\nnot here.jpg 1\n")
    do {
      try list.requireImages(below: directory.url)
      Issue.record("nothing was missed")
    } catch let error as MissingError {
      #expect(error.exitCode == 69)
      #expect(
        error.description.contains("\(directory.url.path)/not here.jpg (line 3 of train.txt) is missing"))
    }
  }

  @Test("ranks: the published group sizes, equal counts by index")
  func ranks() {
    let groups = ClassGroups(byRank: [5, 9, 5, 1, 5, 0], head: 2, tail: 2)
    #expect([groups.head, groups.mid, groups.tail] == [[0, 1], [2, 4], [3, 5]])
    // Counts that go up and down: class c has 5 + (c · 389 mod 1000) images, all different.
    let counts = (0..<1000).map { 5 + $0 * 389 % 1000 }
    let large = ClassGroups(byRank: counts, head: 390, tail: 165)
    #expect(large.head.count == 390 && large.mid.count == 445 && large.tail.count == 165)
    #expect(large.head.allSatisfy { counts[$0] >= 5 + 610 } && large.tail.allSatisfy { counts[$0] < 5 + 165 })
    #expect(Set(large.head + large.mid + large.tail).count == 1000)
  }
}
