import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementLongTail

/// `escapement data`: data sets, their contents and origin.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Fetches, checks, lists and shows data sets.",
    discussion: "Example: escapement data fetch cifar10 --out images",
    subcommands: [DataFetchCommand.self, Check.self, Manifest.self, Sheet.self, DataListCommand.self])

  /// The data set and its location, as arguments of every subcommand.
  struct Choice: ParsableArguments {
    @Argument(
      help: ArgumentHelp(
        "\(LongTailedData.knownNames).",
        valueName: "DATA"), completion: .list(LongTailedData.commonNames))
    var name: String
    @Option(
      help: ArgumentHelp(
        "The published archive, or a directory with it or its files; not needed for fixtures.",
        valueName: "path"))
    var data: FilePath?

    /// Reads the data.
    func load() throws -> LongTailedData {
      try LongTailedData.named(name, at: data?.url)
    }
  }

  /// `escapement data check DATA`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads a data set and tells what it holds, and whether its images are the published ones.")

    @OptionGroup var choice: Choice
    @Option(help: ArgumentHelp("Hold it against this manifest or run.json.", valueName: "file"))
    var manifest: FilePath?
    @Flag(help: "Print the summary as JSON.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let data = try choice.load()
      if let manifest { try data.check(againstFile: manifest.path) }
      if json { return Console.output(DataManifest(data).summary) }
      Console.print(DataCommand.table(data), in: tables.layout)
      if let line = DataCommand.snapLine(data) { Console.note(line) }
      if [data.train, data.test].contains(where: { $0.provenance.kind == .other }) {
        Console.note(
          "other: the SHA-256 is not the published files'; results on these images are consistent or not "
            + "consistent with the papers, never a settled verdict")
      }
    }
  }

  /// `escapement data manifest DATA`.
  struct Manifest: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes which images a data set keeps, with the SHA-256 of the list and of the pixels.")

    @OptionGroup var choice: Choice
    @Option(help: ArgumentHelp("File to write; standard output without.", valueName: "file")) var out:
      OutputFile?
    @OptionGroup var tables: TableOptions

    func run() throws {
      let file = try out?.checked(apartFrom: [choice.data])
      let data = try choice.load()
      let document = DataManifest(data).json
      guard let file, out?.isStandardOutput == false else { return Console.output(document) }
      try AtomicFile.write(document, to: file)
      Console.wrote(file)
      Console.print(DataCommand.table(data), in: tables.layout)
    }
  }

  /// `escapement data sheet DATA --out FILE`.
  struct Sheet: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draws the first images of each class side by side, as a PNG file.")

    @OptionGroup var choice: Choice
    @Option(help: ArgumentHelp("PNG file to write.", valueName: "file")) var out: OutputFile
    @Option(parsing: .unconditional, help: "Images of each class.") var columns = 16
    @Option(parsing: .unconditional, help: "Screen pixels a pixel, to a side.") var scale = 2
    @Option(name: .customLong("class"), help: "Only this class; may be given again.") var classes: [Int] = []
    @Flag(help: "The test images instead of the training ones.") var test = false

    func validate() throws {
      guard (1...200).contains(columns) else {
        throw ValidationError("--columns is \(columns), expected 1 to 200")
      }
      guard (1...16).contains(scale) else { throw ValidationError("--scale is \(scale), expected 1 to 16") }
    }

    func run() throws {
      let file = try out.checked(apartFrom: [choice.data])
      let data = try choice.load()
      guard let set = (test ? data.test : data.train) as? ImageSet else {
        throw ToolError.usage("\(data.name): `data list --sheet FILE` draws those of a list or folder")
      }
      if let wrong = classes.first(where: { !(0..<set.classes).contains($0) }) {
        throw ToolError.usage("--class is \(wrong), expected 0 to \(set.classes - 1)")
      }
      let sheet = ContactSheet.png(
        set, classes: classes.isEmpty ? nil : classes, columns: columns, scale: scale)
      try OutputFile.write(sheet, to: file)
    }
  }

  /// One line per part.
  static func table(_ data: LongTailedData) -> TextTable {
    var table = TextTable(
      heading: ["part", "images", "by class", "origin", "SHA-256 of the records"], rightAligned: [1])
    table.rows = [("train", data.train), ("test", data.test)].map { part, set in
      let counts = set.classCounts
      let shown =
        counts.count <= 20
        ? counts.map(String.init).joined(separator: " ")
        : counts.prefix(8).map(String.init).joined(separator: " ") + " … "
          + counts.suffix(4).map(String.init).joined(separator: " ")
      return [
        part, String(set.count), shown, set.provenance.kind.rawValue, set.pixelsDigest?.hex ?? "-",
      ]
    }
    return table
  }

  /// The log line about counts that were rounded to integers, if there are any.
  static func snapLine(_ data: LongTailedData) -> String? {
    guard let profile = data.profile, !profile.snapped.isEmpty else { return nil }
    let list = profile.snapped.map(String.init).joined(separator: ", ")
    return "class \(list) of \(data.name): the count lay within 1e-9 of an integer and was given it"
  }
}

extension LongTailedData {
  /// Compares the data with a manifest written by `data manifest`, or with the record of a run.
  func check(againstFile path: String) throws {
    let url = URL(fileURLWithPath: path)
    let document = try JSON(parsing: FileContents.read(url, limit: DataManifest.byteLimit), file: path)
    guard let recorded = document["summary"] ?? document["provenance"], recorded["train"]?.object != nil
    else {
      throw DataError(
        file: path, place: "summary", found: "nothing", expected: "a data manifest or a run's run.json",
        advice: "write one with `escapement data manifest`")
    }
    try DataManifest.check(self, against: recorded, file: path)
  }
}
