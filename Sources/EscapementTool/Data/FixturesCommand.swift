import EscapementFixtures
import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementLongTail

/// `escapement fixtures`: small data sets for tests and goldens.
struct FixturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixtures",
    abstract: "Makes, packs or checks small data sets: \(FixtureStore.name), or one cut from your own CIFAR.",
    discussion: "Example: escapement fixtures make --out fixture",
    subcommands: [Make.self, Pack.self, Check.self])

  /// The number of classes, which selects the synthetic set.
  struct Choice: ParsableArguments {
    @Option(help: "10 or 100.") var classes = 10

    func validate() throws {
      guard [10, 100].contains(classes) else {
        throw ValidationError("--classes is \(classes), expected 10 or 100")
      }
    }

    var store: FixtureStore { classes == 10 ? .ten : .hundred }
  }

  /// `escapement fixtures make --out DIR`.
  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draws the synthetic images and writes train.bin.gz, test.bin.gz and manifest.json.")

    @OptionGroup var choice: Choice
    @Option(help: "Directory to write into; made if it is not there.") var out: FilePath
    @Flag(help: "Print the manifest as JSON.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let directory = try OutputDirectory(out.directory)
      let fixture = choice.store.make()
      try choice.store.pack(fixture, to: directory.url)
      if json { return Console.output(choice.store.manifest(of: fixture)) }
      Console.print(FixturesCommand.table(fixture), in: tables.layout)
    }
  }

  /// `escapement fixtures pack --from PATH --out DIR`.
  struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Packs a small data set of your own images, for goldens on them.",
      discussion: """
        A long-tailed part of your CIFAR (--from), or a list or folder (--images), reduced to 32 x 32 pixels. The \
        images stay yours: nothing but their digests is written elsewhere. A part of CIFAR can be made again from its \
        manifest alone: `fixtures pack --manifest Fixtures/cifar10-lt-mini/manifest.json --from CIFAR --out DIR`. `golden accept training --fixture DIR \
        --golden DIR2` then puts goldens on record, and `train --preset fixture/ce --dataset packed --data DIR` trains on it.
        """)

    @Option(
      help: ArgumentHelp(
        "CIFAR: the published archive, or a directory with it or its files.", valueName: "path"))
    var from: FilePath?
    @Option(
      help: ArgumentHelp(
        "With --from: take the images that this manifest of a packed part of CIFAR lists, and check their SHA-256.",
        valueName: "file"))
    var manifest: FilePath?
    @OptionGroup(title: "IMAGES OF YOUR OWN") var listing: ListingOptions
    @Option(help: "Of --from: cifar10 (default) or cifar100.") var set: String?
    @Option(help: "Directory to write into; made if it is not there.") var out: FilePath
    @Option(parsing: .unconditional, help: "Training images of class 0.") var perClass: Int?
    @Option(parsing: .unconditional, help: "n_max / n_min of the exponential profile.") var ratio: Double?
    @Option(parsing: .unconditional, help: "Test images of each class.") var testPerClass: Int?
    @Flag(help: "Print the manifest as JSON.") var json = false
    @OptionGroup var tables: TableOptions

    func validate() throws {
      guard (from == nil) != (listing.images == nil) else {
        throw ValidationError("give either --from, for CIFAR, or --images")
      }
      let isPlanned = set != nil || perClass != nil || ratio != nil || testPerClass != nil
      if from == nil, isPlanned || manifest != nil {
        throw ValidationError(
          "--manifest, --set, --per-class, --ratio and --test-per-class go with --from; --imbalance cuts --images"
        )
      }
      if manifest != nil, isPlanned {
        throw ValidationError(
          "--manifest lists the images: leave --set, --per-class, --ratio and --test-per-class out")
      }
      if listing.imageSize != nil {
        throw ValidationError("--image-size has no part in a fixture: its images have 32 x 32 pixels")
      }
    }

    func run() throws {
      let fixture = try from.map { try packed(from: $0.url) } ?? packedListing()
      try fixture.write(to: OutputDirectory(out.directory).url)
      if json { return Console.output(fixture.manifest) }
      Console.print(FixturesCommand.table(fixture.pair), in: tables.layout)
    }

    private func packed(from source: URL) throws -> PackedFixture {
      if let manifest { return try PackedFixture(listedIn: manifest.url, from: source) }
      let name = set ?? CIFARSet.cifar10.rawValue
      guard let set = CIFARSet(rawValue: name) else {
        throw ToolError.usage("--set is \(name), expected cifar10 or cifar100")
      }
      var plan =
        set == .cifar10
        ? PackedFixture.Plan(set: set)
        : PackedFixture.Plan(set: set, perClass: 100, ratio: 20, testPerClass: 10)
      if let perClass { plan.perClass = perClass }
      if let ratio { plan.ratio = ratio }
      if let testPerClass { plan.testPerClass = testPerClass }
      guard plan.profile != nil else {
        throw ToolError.usage(
          "\(plan.perClass) images of class 0 at ratio \(plan.ratio), \(plan.testPerClass) test images a class: "
            + "expected at most \(set.trainingCount / set.classes()) and \(10_000 / set.classes()), and a ratio "
            + "from 1 to the images of class 0")
      }
      return PackedFixture(plan, from: try CIFARData(set, at: source))
    }

    private func packedListing() throws -> PackedFixture {
      guard let listing = listing.listing(side: ImageSet.side) else { preconditionFailure("validated") }
      return try PackedFixture(listed: .named("images", at: nil, listing: listing))
    }
  }

  /// `escapement fixtures check [DIR]`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draws the synthetic images and compares them with packed ones, byte for byte.",
      discussion: "A fixture that `fixtures pack` wrote is compared with its own manifest.")

    @OptionGroup var choice: Choice
    @Argument(help: ArgumentHelp("Packed data set; the embedded one without.", valueName: "DIR"))
    var directory: FilePath?
    @Flag(help: "Print the manifest as JSON.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let given = directory?.url
      guard let place = given ?? (choice.classes == 10 ? EmbeddedFixture.locate() : nil) else {
        throw MissingError(
          what: "the packed data set",
          advice: "write one with `escapement fixtures make --classes \(choice.classes) --out DIR`")
      }
      let manifest = place.appendingPathComponent("manifest.json")
      let document = try JSON(
        parsing: FileContents.read(manifest, limit: DataManifest.byteLimit), file: manifest.path)
      let isPacked = document["name"]?.string == "packed"
      let fixture = try isPacked ? PackedFixture.read(place) : choice.store.check(place)
      if json { return Console.output(document) }
      Console.print(FixturesCommand.table(fixture), in: tables.layout)
    }
  }

  private static func table(_ fixture: FixturePair) -> TextTable {
    DataCommand.table(
      LongTailedData(
        name: "fixture", train: fixture.train, test: fixture.test,
        groups: ClassGroups(byIndex: .longTailed, classes: fixture.train.classes)))
  }
}
