import EscapementArtifacts
import EscapementLongTail
import EscapementTestSupport
import Foundation
import Testing

/// Directories "train" and "test" with a directory of images for each class.
private struct ClassFolders {
  let directory: TemporaryDirectory
  var url: URL { directory.url }

  init(_ files: [(path: String, bytes: Data)]) throws {
    directory = try TemporaryDirectory()
    for (path, bytes) in files {
      let file = url.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: file)
    }
  }

  /// A few images of each class, all different; "e\u{301}" and "\u{E9}" are two classes.
  static func sound() throws -> ClassFolders {
    let names = ["b c", "e\u{301}", "a", "\u{E9}"]
    let train = names.enumerated().flatMap { place, name in
      (0..<(5 - place)).map { ("train/\(name)/\($0).jpg", image(10 * place + $0)) }
    }
    return try ClassFolders(train + names.dropFirst(2).map { ("test/\($0)/0.png", image(50)) })
  }

  static func image(_ index: Int) -> Data { PPM.encode(proceduralImage(width: 9 + index, height: 8)) }

  func remove() { directory.remove() }

  func listing(
    test: String? = "test", classes: Int? = nil, onBadImage: ImageListing.BadImageAction = .stop,
    orientation: ExifOrientation = .ignored
  ) -> ImageListing {
    ImageListing(
      train: url.path + "/train", test: test.map { "\(url.path)/\($0)" }, root: url.path + "/train",
      classes: classes, side: 8, onBadImage: onBadImage, orientation: orientation)
  }
}

@Suite("Images of one's own, as directories")
struct FolderListingTests {
  private func line(_ listing: ImageListing) -> String {
    do {
      return "\(try listing.load(name: "images").counts)"
    } catch {
      #expect(!"\(error)".contains("\n"))
      return "\(error)"
    }
  }

  @Test("classes in the order of code points, names in the record, the test's classes by their names")
  func loads() throws {
    let folders = try ClassFolders.sound()
    defer { folders.remove() }
    let data = try folders.listing().load(name: "images")
    #expect(data.counts == [3, 5, 4, 2])
    // "a" is class 0 and "\u{E9}" class 3, though the test has no directory for the two between them.
    #expect(data.test.labels == [0, 3] && data.test.classes == 4)
    let test = try #require(data.test as? ListedImageSet)
    #expect(try test.image(at: 1) == proceduralImage(width: 59, height: 8))
    let listing = try #require(data.listing)
    let names = ["a", "b c", "e\u{301}", "\u{E9}"].map { Array($0.utf8) }
    #expect(listing.classNames?.map { Array($0.utf8) } == names)
    #expect(listing.warnings == 0 && listing.firstWarning == nil)
    let read = try ImageListing(JSONCursor(listing.json, file: "r"))
    #expect(read == listing && read.classNames?.map { Array($0.utf8) } == names)
    try DataManifest.check(read.load(name: "images"), against: DataManifest(data).summary, file: "r")
    // Without a test the first of each class is held out.
    let held = try folders.listing(test: nil).load(name: "images")
    #expect(held.counts == [2, 4, 3, 1] && held.test.classCounts == [1, 1, 1, 1])
  }

  @Test("directories that have moved are found below the new root")
  func moved() throws {
    let folders = try ClassFolders.sound()
    defer { folders.remove() }
    let data = try folders.listing().load(name: "images")
    let place = try TemporaryDirectory()
    defer { place.remove() }
    let root = place.url.appendingPathComponent("new")
    try FileManager.default.moveItem(at: folders.url, to: root)
    let listing = try #require(data.listing)
    #expect(throws: MissingError.self) { try listing.load(name: "images") }
    let again = try listing.load(name: "images", root: root.appendingPathComponent("train"))
    #expect(DataManifest(again) == DataManifest(data))
    let sets = try [again.train, again.test].map {
      try #require($0 as? ListedImageSet).root.standardizedFileURL.path
    }
    #expect(sets == ["train", "test"].map { root.appendingPathComponent($0).standardizedFileURL.path })
  }

  @Test("classes that do not fit are one line")
  func faults() throws {
    let folders = try ClassFolders.sound()
    defer { folders.remove() }
    #expect(line(folders.listing(classes: 4)) == "[3, 5, 4, 2]")
    #expect(line(folders.listing(classes: 5)).hasSuffix("/train: found 4 directories, expected 5 classes"))
    let list = folders.url.appendingPathComponent("list.txt")
    try Data("a/0.jpg 0\n".utf8).write(to: list)
    // A list of numbers for named classes is allowed, names for numbered classes are not.
    #expect(line(folders.listing(test: "list.txt")) == "[3, 5, 4, 2]")
    var listing = folders.listing()
    listing.train = list.path
    #expect(line(listing).contains("/test: found a directory, expected a list, because \(list.path) is one"))
    try FileManager.default.moveItem(
      at: folders.url.appendingPathComponent("test/a"), to: folders.url.appendingPathComponent("test/A"))
    #expect(line(folders.listing()).contains("/test/A: found a class that the training images lack"))
    try Data("P6".utf8).write(to: folders.url.appendingPathComponent("train/\u{E9}/1.jpg"))
    #expect(line(folders.listing(test: nil)).contains("train/\u{E9}/1.jpg: "))
    try Data().write(to: folders.url.appendingPathComponent("train/\u{E9}/0.jpg"))
    #expect(
      line(folders.listing(test: nil, onBadImage: .skip)).contains("found no training image of class \u{E9}"))
  }

  #if Images
    @Test("the orientation is recorded and decides the pixels")
    func orientation() throws {
      let file = PNGFile().bytes(before: PNGFile.chunk("eXIf", PNGFile.exif(6)))
      let folders = try ClassFolders([("train/a/0", file), ("train/a/0.x.jpg", file), ("test/a/1.png", file)])
      defer { folders.remove() }
      let plain = try folders.listing().load(name: "images")
      let turned = try folders.listing(orientation: .applied).load(name: "images")
      #expect(plain.train.pixelsDigest != turned.train.pixelsDigest)
      #expect(plain.test.pixelsDigest != turned.test.pixelsDigest)
      let sets = try [plain, turned].map { try #require($0.train as? ListedImageSet) }
      #expect(try sets.map { try $0.image(at: 0).width } == [4, 2] && sets[0].count == 1)
      #expect(turned.listing?.json["exif_orientation"] == "applied")
      let read = try ImageListing(JSONCursor(try #require(turned.listing).json, file: "r"))
      let again = try read.load(name: "images")
      #expect(DataManifest(again) == DataManifest(turned))
      // Inputs are made of the turned image.
      let inputs: [[Float]] = try [plain, turned, again].map {
        let batch: LabeledBatch<Float> = try $0.train.source([0]).batch(0..<1)
        return batch.images.elements
      }
      #expect(inputs[0] != inputs[1] && inputs[1] == inputs[2])
      // A record that says nothing of it is of images as they are stored.
      var members = try #require(plain.listing?.json.object)
      members["exif_orientation"] = nil
      #expect(try ImageListing(JSONCursor(.object(members), file: "r")).orientation == .ignored)
      members["exif_orientation"] = "upright"
      #expect(throws: DataError.self) { try ImageListing(JSONCursor(.object(members), file: "r")) }
    }

    @Test("images of whose files the decoder warns are counted, and the first is named")
    func warnings() throws {
      let sound = PNGFile().bytes()
      let doubtful = PNGFile().bytes(before: PNGFile.chunk("tEXt", Data("a\0b".utf8), damage: 1))
      let folders = try ClassFolders([
        ("train/a/0.png", sound), ("train/a/1.png", doubtful), ("train/b/2.png", doubtful),
        ("test/a/0.png", doubtful),
      ])
      defer { folders.remove() }
      let listing = try #require(try folders.listing().load(name: "images").listing)
      #expect(listing.warnings == 3)
      #expect(listing.firstWarning?.hasPrefix("a/1.png: ") == true)
      #expect(listing.firstWarning?.contains("CRC error") == true)
      // Not a part of the record.
      #expect(try ImageListing(JSONCursor(listing.json, file: "r")).warnings == 0)
    }
  #else
    @Test("a build that decodes no PNG image does not leave them out")
    func unavailable() throws {
      let folders = try ClassFolders([
        ("train/a/0.ppm", ClassFolders.image(1)), ("train/a/1.png", PNGFile().bytes()),
      ])
      defer { folders.remove() }
      #expect(line(folders.listing(test: nil, onBadImage: .skip)).contains("--traits Images"))
    }
  #endif
}
