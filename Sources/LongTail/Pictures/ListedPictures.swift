import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementKernels

/// The pictures of an image list, read from their files whenever they are asked for.
public struct ListedPictures: Sendable {
  /// Paths and labels.
  public let list: ImageList
  /// The directory below which the paths lie.
  public let root: URL
  /// How a picture becomes an input.
  public let preparation: PicturePreparation

  /// The pictures of `list` below `root`. No file is opened yet: `ImageList.requirePictures(below:)` looks for them.
  public init(_ list: ImageList, root: URL, preparation: PicturePreparation) {
    self.list = list
    self.root = root
    self.preparation = preparation
  }

  /// The pictures at `positions`, decoded, transformed and normalised: `[n][side][side][3]`.
  ///
  /// The work of a sample is one task; tasks share the package's threads, and no result depends on how many there are.
  /// - Throws: for the first of `positions` that fails, `MissingError` naming picture and line where there is no file,
  ///   else what `PictureFile.read` throws.
  public func batch<Element: Real>(
    _ positions: [Int], transform: PicturePreparation.Transform
  ) throws -> LabelledBatch<Element> {
    let table = preparation.normalization.table(of: Element.self)
    var faults = [(any Error)?](repeating: nil, count: positions.count)
    let shape: Shape = [positions.count, preparation.side, preparation.side, 3]
    let images = try Tensor<Element>(shape: shape) { target in
      table.withUnsafeBufferPointer { table in
        faults.withUnsafeMutableBufferPointer { faults in
          // Each task writes its own picture and its own fault.
          Self.forEach(positions.count) { i in
            do {
              preparation.write(
                try picture(at: positions[i]), sample: positions[i], transform: transform,
                table: table.baseAddress!, to: target + i * preparation.inputCount)
            } catch { faults[i] = error }
          }
        }
      }
      if let first = faults.lazy.compactMap({ $0 }).first { throw first }
    }
    return LabelledBatch(images: images, labels: positions.map { list.labels[$0] })
  }

  /// The decoded picture at a position of the list.
  /// - Throws: as `batch` does.
  public func picture(at position: Int) throws -> RGBPicture {
    let url = list.url(of: position, below: root)
    do {
      return try PictureFile.read(url)
    } catch let error as MissingError where error.what == url.path {
      throw list.missing(position, below: root)
    }
  }

  /// Fixed, un-augmented samples at the given positions: what losses and accuracies are evaluated over.
  public func source<Element: Real>(_ positions: [Int], of type: Element.Type = Element.self) -> ListedImages<
    Element
  > {
    ListedImages(self, positions: positions)
  }

  /// What `body` makes of the decoded pictures at `positions`, in that order; some are decoded at a time.
  /// - Throws: as `batch` does.
  func mapInParallel<Value: Sendable>(_ positions: [Int], _ body: (RGBPicture) -> Value) throws -> [Value] {
    var results = [Result<Value, any Error>?](repeating: nil, count: positions.count)
    results.withUnsafeMutableBufferPointer { results in
      Self.forEach(positions.count) { i in results[i] = Result { body(try picture(at: positions[i])) } }
    }
    return try results.map { result in
      guard let result else { preconditionFailure("a task did not run") }
      return try result.get()
    }
  }

  private static func forEach(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var task = body
      withUnsafeMutablePointer(to: &task) { task in
        ek_parallel(
          count, { context, index in context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(index) },
          task)
      }
    }
  }
}

/// Samples of an image list, normalised and never augmented.
public struct ListedImages<Element: Real>: SampleSource {
  private let pictures: ListedPictures
  private let positions: [Int]
  public let labels: [Int]

  /// The pictures at `positions` of the list, all of them in order unless given.
  public init(_ pictures: ListedPictures, positions: [Int]? = nil) {
    self.pictures = pictures
    self.positions = positions ?? Array(pictures.list.labels.indices)
    labels = self.positions.map { pictures.list.labels[$0] }
  }

  /// The samples of a range, decoded, resized, cropped in the middle and normalised: `[n][side][side][3]`.
  public func batch(_ range: Range<Int>) throws -> LabelledBatch<Element> {
    try pictures.batch(Array(positions[range]), transform: .evaluation)
  }
}
