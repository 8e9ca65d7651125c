import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementLongTail

/// `escapement data list LIST --root DIR` and `escapement data list FOLDER`.
struct DataListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Checks a list or folder of labeled images: counts, and with --decode every pixel.",
    discussion: """
      Lists are of `path label` lines, as ImageNet-LT and iNaturalist 2018 publish them; a folder has a folder for each \
      class. Images are binary PPM files, and JPEG and PNG files in a build with --traits Images. The classes are grouped by rank of their counts: \(Self.groupings).
      """)

  private static let groupings =
    "390, 445 and 165 of 1,000 classes, 842, 3,701 and 3,599 of 8,142, thirds of any other number"

  @Argument(help: ArgumentHelp("The list or folder.", valueName: "LIST|FOLDER")) var file: FilePath
  @Option(
    help: ArgumentHelp("Directory below which a list's paths lie; the list's own without.", valueName: "dir"))
  var root: FilePath?
  @Option(parsing: .unconditional, help: "Classes of a list; one more than the largest label without.")
  var classes: Int?
  @Option(help: "The orientation that cameras write into JPEG and PNG files: ignored or applied.")
  var exifOrientation: ExifOrientation = .ignored
  @Flag(help: "Decode every image and take the SHA-256 of the pixels.") var decode = false
  @Option(help: ArgumentHelp("Draw the first images of up to 20 classes as a PNG file.", valueName: "file"))
  var sheet: OutputFile?
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func validate() throws {
    if let classes, !(1...ImageList.classLimit).contains(classes) {
      throw ValidationError("--classes is \(classes), expected 1 to \(ImageList.classLimit)")
    }
  }

  func run() throws {
    let drawing = try sheet?.checked(as: .addition, apartFrom: [file, root].compactMap { $0 })
    let images = try ListedImageSet(
      at: file.url, root: root?.directory ?? file.url.deletingLastPathComponent(), classes: classes,
      preparation: ImagePreparation(normalization: .imageNet, orientation: exifOrientation))
    let list = images.list
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
        object["pixels_sha256"] = .string(pixels.digest.hex)
        object["warnings"] = .integer(pixels.warnings)
      }
      return Console.output(.object(object))
    }
    var table = TextTable(heading: ["group", "classes", "images"], rightAligned: [1, 2])
    table.rows = (sizes + [("all", list.classes, list.count)]).map { [$0, String($1), String($2)] }
    Console.print(table, in: tables.layout)
    Console.print("images a class: \(counts.min() ?? 0) to \(counts.max() ?? 0)")
    if let pixels {
      let digests = TextTable(rows: [["list", list.digest.hex], ["pixels", pixels.digest.hex]])
      Console.print(digests, in: tables.layout)
    }
  }

  private func decoded(_ images: ListedImageSet) throws -> (digest: Digest, warnings: Int) {
    Interruption.catchSignals()
    let meter = ProgressMeter()
    defer { meter.clear() }
    let scan = try ImageScan(images) { done in
      meter.show("decoding", done: done, total: images.list.count)
      if Interruption.isRequested { throw ToolError.interrupted("interrupted; nothing was written") }
    }
    meter.clear()
    let first = scan.warnings.first.map { "\(images.list.paths[$0.position]): \($0.words)" }
    Console.noteWarnings(scan.warnings.count, first: first)
    return (try scan.pixelsDigest(), scan.warnings.count)
  }

  private func draw(_ images: ListedImageSet, to file: URL) throws {
    let shown = Array(0..<min(20, images.list.classes))
    let set = try images.miniatures(classes: shown, perClass: 16)
    try OutputFile.write(ContactSheet.png(set, classes: shown), to: file)
  }
}
