import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementLongTail

/// `escapement data list FILE --root DIR`.
struct DataListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Checks a list of `path label` lines and its images: counts, and with --decode every pixel.",
    discussion: """
      Lists are as ImageNet-LT and iNaturalist 2018 publish them; images are binary PPM files, or JPEG files in a \
      build with --traits JPEG. The classes are grouped by rank of their counts: \(Self.groupings).
      """)

  private static let groupings =
    "390, 445 and 165 of 1,000 classes, 842, 3,701 and 3,599 of 8,142, thirds of any other number"

  @Argument(help: ArgumentHelp("The list.", valueName: "FILE")) var file: FilePath
  @Option(help: ArgumentHelp("Directory below which the paths lie.", valueName: "dir")) var root: FilePath
  @Option(parsing: .unconditional, help: "Classes; one more than the largest label without.") var classes:
    Int?
  @Flag(help: "Decode every image and take the SHA-256 of the pixels.") var decode = false
  @Option(help: ArgumentHelp("Draw the first images of up to 20 classes as a PNG file.", valueName: "file"))
  var sheet: OutputFile?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    if let classes, !(1...ImageList.classLimit).contains(classes) {
      throw ValidationError("--classes is \(classes), expected 1 to \(ImageList.classLimit)")
    }
  }

  func run() throws {
    let drawing = try sheet?.checked(as: .addition, apartFrom: [file, root])
    let list = try ImageList(contentsOf: file.url, classes: classes)
    let images = ListedImageSet(
      list, root: root.directory, preparation: .imageNetLT)
    try list.requireImages(below: images.root)
    let pixels = try decode ? decoded(images) : nil
    if let drawing { try draw(images, to: drawing) }
    let counts = list.classCounts
    let groups = ClassGroups(ofList: counts)
    let sizes = [("head", groups.head), ("mid", groups.mid), ("tail", groups.tail)].map { name, members in
      (name, members.count, members.reduce(0) { $0 + counts[$1] })
    }
    if json {
      var object: [String: JSON] = [
        "list": .string(file.path), "pictures": .integer(list.count), "classes": .integer(list.classes),
        "counts": .array(counts.map { .integer($0) }),
      ]
      for (name, classes, images) in sizes {
        object[name] = ["classes": .integer(classes), "pictures": .integer(images)]
      }
      if let pixels {
        object["list_sha256"] = .string(list.digest.hex)
        object["pixels_sha256"] = .string(pixels.hex)
      }
      return Console.output(.object(object))
    }
    var table = TextTable(heading: ["", "classes", "images"], rightAligned: [1, 2])
    table.rows = (sizes + [("all", list.classes, list.count)]).map { [$0, String($1), String($2)] }
    Console.print(table.text)
    Console.print("images a class: \(counts.min() ?? 0) to \(counts.max() ?? 0)")
    if let pixels {
      Console.print("list   \(list.digest.hex)")
      Console.print("pixels \(pixels.hex)")
    }
  }

  private func decoded(_ images: ListedImageSet) throws -> Digest {
    Interruption.catchSignals()
    let meter = ProgressMeter()
    defer { meter.clear() }
    let scan = try ImageScan(images) { done in
      meter.show("decoding", done: done, total: images.list.count)
      if Interruption.isRequested { throw ToolError.interrupted("interrupted; nothing was written") }
    }
    return try scan.pixelsDigest()
  }

  private func draw(_ images: ListedImageSet, to file: URL) throws {
    let shown = Array(0..<min(20, images.list.classes))
    let set = try images.miniatures(classes: shown, perClass: 16)
    try AtomicFile.write(ContactSheet.png(set, classes: shown), to: file)
  }
}
