import ArgumentParser
import Artifacts
import Foundation
import LongTail

/// `escapement fixtures`: the embedded synthetic data set.
struct FixturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixtures", abstract: "Makes or checks the embedded data set \(FixtureStore.name).",
    subcommands: [Make.self, Check.self])

  /// `escapement fixtures make --out DIR`.
  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draws the pictures anew and writes train.bin.gz, test.bin.gz and manifest.json.")

    @Option(help: "Directory to write into; made if it is not there.") var out: String
    @Flag(help: "Print the manifest as JSON.") var json = false

    func run() throws {
      let directory = try OutputDirectory(path: out)
      let fixture = FixtureStore.make()
      try FixtureStore.pack(fixture, to: directory.url)
      if json { return Console.output(FixtureStore.manifest(of: fixture)) }
      print(FixturesCommand.table(fixture))
    }
  }

  /// `escapement fixtures check [DIR]`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draws the pictures anew and compares them with the packed ones, byte for byte.")

    @Argument(help: ArgumentHelp("Packed data set; the embedded one without.", valueName: "DIR"))
    var directory: String?
    @Flag(help: "Print the manifest as JSON.") var json = false

    func run() throws {
      guard let place = directory.map({ URL(fileURLWithPath: $0) }) ?? FixtureStore.locate() else {
        throw MissingError(
          what: "the packed data set beside the executable",
          advice: "write one with `escapement fixtures make --out DIR`")
      }
      let fixture = try FixtureStore.check(place)
      if json { return Console.output(FixtureStore.manifest(of: fixture)) }
      print(FixturesCommand.table(fixture))
    }
  }

  private static func table(_ fixture: FixtureStore.Fixture) -> String {
    var table = TextTable(
      heading: ["part", "pictures", "by class", "SHA-256 of the records"], rightAligned: [1])
    table.rows = [("train", fixture.train), ("test", fixture.test)].map { part, set in
      [
        part, String(set.count), set.classCounts.map(String.init).joined(separator: " "),
        set.provenance.digest.hex,
      ]
    }
    return table.text
  }
}
