import EscapementArtifacts
import Foundation
import EscapementKernels

/// The images of an image list or directory, read from their files on every access.
public struct ListedImageSet: LabeledImages {
  /// The paths and labels.
  public let list: ImageList
  /// The directory that contains the paths.
  public let root: URL
  /// The conversion of an image to an input.
  public let preparation: ImagePreparation
  /// The data set's name, of kind `.other`, with the digest of the list's lines.
  public let provenance: ImageProvenance
  /// The digest of the decoded images (`ImageScan.pixelsDigest`); nil where they were not scanned.
  public let pixelsDigest: Digest?

  /// The images of `list` below `root`. No file is opened yet: `ImageScan` decodes every one, and
  /// `ImageList.requireImages(below:)` checks that they exist.
  public init(
    _ list: ImageList, root: URL, preparation: ImagePreparation, name: String = "images",
    pixelsDigest: Digest? = nil
  ) {
    self.list = list
    self.root = root
    self.preparation = preparation
    provenance = ImageProvenance(name: name, kind: .other, digest: list.digest)
    self.pixelsDigest = pixelsDigest
  }

  /// The images of the list in a file, whose paths lie below `root`, or of a directory with one directory per class.
  ///
  /// - Parameters:
  ///   - classes: the number of classes, where it is known.
  ///   - training: the list with whose classes these images, for its test, are labeled.
  /// - Throws: the errors of `ImageList`; `DataError` for a directory with another number of classes, and for one that
  ///   tests a list, whose classes have no names.
  package init(
    at url: URL, root: URL, classes: Int?, testing training: ImageList? = nil, preparation: ImagePreparation,
    name: String = "images"
  ) throws {
    var status = stat()
    guard stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      let list = try ImageList(contentsOf: url, classes: training?.classes ?? classes)
      self.init(list, root: root, preparation: preparation, name: name)
      return
    }
    if let training, training.classNames == nil {
      throw DataError(
        file: url.path, found: "a directory", expected: "a list, because \(training.file) is one",
        advice: "give two lists or two directories: the classes of a list have no names")
    }
    let list = try ImageList(folder: url, classNames: training?.classNames)
    if training == nil, let classes, classes != list.classes {
      throw DataError(file: url.path, found: "\(list.classes) directories", expected: "\(classes) classes")
    }
    self.init(list, root: url, preparation: preparation, name: name)
  }

  public var labels: [Int] { list.labels }
  public var classes: Int { list.classes }

  public func selecting(_ positions: [Int]) -> ListedImageSet {
    ListedImageSet(list.selecting(positions), root: root, preparation: preparation, name: provenance.name)
  }

  /// The images at `positions`, decoded, transformed and normalized: `[n][side][side][3]`.
  ///
  /// Each sample is one task; tasks share the package's threads, and no result depends on the number of threads.
  /// - Throws: for the first of `positions` that fails, `MissingError` naming image and line if there is no file,
  ///   otherwise the error of `ImageFile.decoded`.
  public func batch<Element: Real>(
    _ positions: [Int], transform: ImageTransform, keyedBy keys: [Int]? = nil
  ) throws -> LabeledBatch<Element> {
    let keys = keys ?? positions
    precondition(keys.count == positions.count, "\(keys.count) keys for \(positions.count) images")
    let table = preparation.normalization.table(of: Element.self)
    var faults = [(any Error)?](repeating: nil, count: positions.count)
    let shape: Shape = [positions.count, preparation.side, preparation.side, 3]
    let images = try Tensor<Element>(shape: shape) { target in
      table.withUnsafeBufferPointer { table in
        faults.withUnsafeMutableBufferPointer { faults in
          // Each task writes its own image and its own error.
          performInParallel(positions.count) { i in
            do {
              preparation.write(
                try image(at: positions[i]), sample: keys[i], transform: transform,
                table: table.baseAddress!, to: target + i * preparation.inputCount)
            } catch { faults[i] = error }
          }
        }
      }
      if let first = faults.lazy.compactMap({ $0 }).first { throw first }
    }
    return LabeledBatch(images: images, labels: positions.map { list.labels[$0] })
  }

  /// The decoded image at a position of the list.
  /// - Throws: the errors of `batch`.
  public func image(at position: Int) throws -> RGBImage { try decoded(position).image }

  /// The same, with the decoder's warnings.
  func decoded(_ position: Int) throws -> DecodedImage {
    let url = list.url(of: position, below: root)
    do {
      return try ImageFile.decoded(url, orientation: preparation.orientation)
    } catch let error as MissingError where error.what == url.path {
      throw list.missing(position, below: root)
    } catch let error as DataError {
      throw DataError(
        file: error.file + list.place(of: position), place: error.place, found: error.found,
        expected: error.expected, advice: error.advice)
    }
  }

  /// The results of `body` for the decoded images at `positions`, in that order, or the errors of reading them; several
  /// are decoded at a time.
  func mapInParallel<Value: Sendable>(
    _ positions: [Int], _ body: (DecodedImage) -> Value
  ) -> [Result<Value, any Error>] {
    var results = [Result<Value, any Error>?](repeating: nil, count: positions.count)
    results.withUnsafeMutableBufferPointer { results in
      performInParallel(positions.count) { i in results[i] = Result { body(try decoded(positions[i])) } }
    }
    return results.map { result in
      guard let result else { preconditionFailure("a task did not run") }
      return result
    }
  }
}
