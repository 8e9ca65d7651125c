import ArgumentParser
import EscapementArtifacts
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import Foundation

/// Images of one's own: lists of files, and what is made of them.
struct ListingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Images of your own to train on: a file of `path label` lines, or a folder with a folder for each class. JPEG, PNG \
      and PPM files, recognized by their contents.
      """, valueName: "LIST|FOLDER"))
  var images: FilePath?
  @Option(
    help: ArgumentHelp(
      "The test images; without, every tenth image of each class of --images is held out.",
      valueName: "LIST|FOLDER"))
  var test: FilePath?
  @Option(
    help: ArgumentHelp(
      "Directory below which the paths of the lists lie; the list's own, or the folder, without.",
      valueName: "dir"))
  var root: FilePath?
  @Option(parsing: .unconditional, help: "Classes of --images; one more than the largest label without.")
  var classes: Int?
  @Option(
    parsing: .unconditional,
    help: "Side of the network's inputs in pixels; 224 for networks with ImageNet's stem, 32 for the others.")
  var imageSize: Int?
  @Option(
    help: ArgumentHelp(
      "Cut the training images to a long tail: lt100 (exponential, ratio 100), step50.", valueName: "profile")
  )
  var imbalance: String?
  @Option(help: "An image that cannot be read ends the run (stop), or is left out and recorded (skip).")
  var onBadImage: ImageListing.BadImageAction?
  @Option(
    help: """
      The orientation that cameras write into JPEG and PNG files: ignored as by torchvision's loader, or applied (images \
      turned upright). Default: ignored.
      """)
  var exifOrientation: ExifOrientation?

  /// Whether any of them is given.
  var isEmpty: Bool {
    images == nil && test == nil && root == nil && classes == nil && imageSize == nil && imbalance == nil
      && onBadImage == nil && exifOrientation == nil
  }

  func validate() throws {
    guard images != nil || isEmpty else {
      throw ValidationError(
        "--test, --root, --classes, --image-size, --imbalance, --on-bad-image and --exif-orientation go with --images"
      )
    }
    if let classes, !(1...ImageList.classLimit).contains(classes) {
      throw ValidationError("--classes is \(classes), expected 1 to \(ImageList.classLimit)")
    }
    if let imageSize, !ImageListing.sides.contains(imageSize) {
      throw ValidationError(
        "--image-size is \(imageSize), expected \(ImageListing.sides.lowerBound) to \(ImageListing.sides.upperBound)"
      )
    }
    if let imbalance, ImbalanceProfile.Shape(imbalance) == nil {
      throw ValidationError("--imbalance is \"\(imbalance)\", expected text such as lt100 or step50")
    }
  }

  /// The listing, with inputs of `side` pixels unless --image-size says otherwise; nil if there are no images of one's
  /// own.
  func listing(side: Int) -> ImageListing? {
    images.map { images in
      ImageListing(
        train: images.path, test: test?.path, root: root?.path ?? Self.directory(of: images),
        classes: classes, side: imageSize ?? side,
        imbalance: imbalance.flatMap { ImbalanceProfile.Shape($0) },
        onBadImage: onBadImage ?? .stop, orientation: exifOrientation ?? .ignored)
    }
  }

  /// A folder itself, and the directory of a list.
  private static func directory(of images: FilePath) -> String {
    images.url.hasDirectoryPath ? images.path : images.url.deletingLastPathComponent().relativePath
  }

  /// The listing, and the recipe with its data's name: the preset's where that is published as a list and left as it
  /// is, "images" or "images-lt100" otherwise.
  func apply(to recipe: inout Recipe) -> ImageListing? {
    guard let listing = listing(side: recipe.architecture.inputSide) else { return nil }
    if listing.imbalance != nil || !LongTailedData.listedNames.contains(recipe.data) {
      recipe.data = ["images", listing.imbalance?.description].compactMap { $0 }.joined(separator: "-")
    }
    return listing
  }
}

extension ImageListing.BadImageAction: ExpressibleByArgument {}
extension ExifOrientation: ExpressibleByArgument {}

extension Console {
  /// Says of how many images the decoders warned.
  static func noteWarnings(_ count: Int, first: String?) {
    guard let first else { return }
    let images = count == 1 ? "image" : "images"
    note("the decoder warned of \(count) \(images), the first \(first.quotable(limit: 400))")
  }
}

extension LongTailedData {
  /// The data of a name or, where there is one, of a listing, whose images are decoded with a progress bar; `path` is
  /// what --data says.
  static func named(_ name: String, at path: FilePath?, listing: ImageListing?) throws -> LongTailedData {
    let url = path?.url
    guard let listing else { return try named(name, at: url) }
    Interruption.catchSignals()
    let meter = ProgressMeter()
    defer { meter.clear() }
    let data = try listing.load(name: name, root: url) { done, total in
      meter.show("decoding", done: done, total: total)
      if Interruption.isRequested { throw ToolError.interrupted("interrupted; nothing was written") }
    }
    Console.noteWarnings(data.listing?.warnings ?? 0, first: data.listing?.firstWarning)
    if let skipped = data.listing?.skipped, let first = skipped.first {
      let path = first.quotable(limit: 400)
      Console.note("left out, because they cannot be read: \(skipped.count) images, the first \(path)")
    }
    return data
  }

  /// The data of a run.
  static func of(_ record: RunRecord, at path: FilePath?) throws -> LongTailedData {
    try named(record.recipe.data, at: path, listing: record.listing)
  }
}
