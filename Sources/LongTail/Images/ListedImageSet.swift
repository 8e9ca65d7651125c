import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementKernels

/// The images of an image list, read from their files on every access.
public struct ListedImageSet: Sendable {
  /// The paths and labels.
  public let list: ImageList
  /// The directory that contains the paths.
  public let root: URL
  /// The conversion of an image to an input.
  public let preparation: ImagePreparation

  /// The images of `list` below `root`. No file is opened yet: `ImageList.requireImages(below:)` checks that they
  /// exist.
  public init(_ list: ImageList, root: URL, preparation: ImagePreparation) {
    self.list = list
    self.root = root
    self.preparation = preparation
  }

  /// The images at `positions`, decoded, transformed and normalized: `[n][side][side][3]`.
  ///
  /// Each sample is one task; tasks share the package's threads, and no result depends on the number of threads.
  /// - Throws: for the first of `positions` that fails, `MissingError` naming image and line if there is no file,
  ///   otherwise the error of `ImageFile.read`.
  public func batch<Element: Real>(
    _ positions: [Int], transform: ImagePreparation.Transform
  ) throws -> LabeledBatch<Element> {
    let table = preparation.normalization.table(of: Element.self)
    var faults = [(any Error)?](repeating: nil, count: positions.count)
    let shape: Shape = [positions.count, preparation.side, preparation.side, 3]
    let images = try Tensor<Element>(shape: shape) { target in
      table.withUnsafeBufferPointer { table in
        faults.withUnsafeMutableBufferPointer { faults in
          // Each task writes its own image and its own error.
          Self.forEach(positions.count) { i in
            do {
              preparation.write(
                try image(at: positions[i]), sample: positions[i], transform: transform,
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
  public func image(at position: Int) throws -> RGBImage {
    let url = list.url(of: position, below: root)
    do {
      return try ImageFile.read(url)
    } catch let error as MissingError where error.what == url.path {
      throw list.missing(position, below: root)
    }
  }

  /// Fixed samples at the given positions, without augmentation, over which losses and accuracies are evaluated.
  public func source<Element: Real>(_ positions: [Int], of type: Element.Type = Element.self)
    -> ListedImageSource<
      Element
    >
  {
    ListedImageSource(self, positions: positions)
  }

  /// The results of `body` for the decoded images at `positions`, in that order; several are decoded at a time.
  /// - Throws: the errors of `batch`.
  func mapInParallel<Value: Sendable>(_ positions: [Int], _ body: (RGBImage) -> Value) throws -> [Value] {
    var results = [Result<Value, any Error>?](repeating: nil, count: positions.count)
    results.withUnsafeMutableBufferPointer { results in
      Self.forEach(positions.count) { i in results[i] = Result { body(try image(at: positions[i])) } }
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

/// Samples of an image list, normalized and never augmented.
public struct ListedImageSource<Element: Real>: SampleSource {
  private let images: ListedImageSet
  private let positions: [Int]
  public let labels: [Int]

  /// The images at `positions` of the list; the default is all of them in order.
  public init(_ images: ListedImageSet, positions: [Int]? = nil) {
    self.images = images
    self.positions = positions ?? Array(images.list.labels.indices)
    labels = self.positions.map { images.list.labels[$0] }
  }

  /// The samples of a range: decoded, resized, center-cropped and normalized, `[n][side][side][3]`.
  public func batch(_ range: Range<Int>) throws -> LabeledBatch<Element> {
    try images.batch(Array(positions[range]), transform: .evaluation)
  }
}
