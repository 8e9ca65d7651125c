import EscapementArtifacts
import Foundation

/// Digests that identify an image list and its images.
public struct ListDigests: Hashable, Sendable {
  /// SHA-256 over the list: a line `path label` for each image, in order, independent of the file's line ends and blank
  /// lines.
  public let list: Digest
  /// SHA-256 over the images in list order: for each image, its SHA-256 over width, height and decoded RGB bytes.
  ///
  /// It covers decoded pixels, not files: two copies agree if the network receives the same input.
  public let pixels: Digest

  /// Decodes every image, several at a time on all threads, and calls `progress` with the number done.
  /// - Throws: the errors of `ListedImageSet.batch`, for the first image that fails.
  public init(_ images: ListedImageSet, progress: (Int) throws -> Void = { _ in }) throws {
    let list = images.list
    let lines = DigestStream()
    for (path, label) in zip(list.paths, list.labels) {
      let line = Array("\(path) \(label)\n".utf8)
      line.withUnsafeBytes { lines.update($0) }
    }
    self.list = lines.finish()
    let all = DigestStream()
    let together = 256
    for start in stride(from: 0, to: list.count, by: together) {
      let range = start..<min(start + together, list.count)
      for digest in try images.mapInParallel(Array(range), Self.digest(of:)) { all.update(digest) }
      try progress(range.upperBound)
    }
    pixels = all.finish()
  }

  private static func digest(of image: RGBImage) -> Digest {
    let stream = DigestStream()
    stream.update(image.width)
    stream.update(image.height)
    image.bytes.withUnsafeBytes { stream.update($0) }
    return stream.finish()
  }
}

extension ListedImageSet {
  /// The first images of some classes, their middle squares reduced to 32 × 32, for a contact sheet.
  /// - Throws: the errors of `batch`.
  public func miniatures(classes: [Int], perClass: Int) throws -> ImageSet {
    var shown: [Int] = []
    var taken = [Int](repeating: 0, count: list.classes)
    let wanted = Set(classes)
    for (position, label) in list.labels.enumerated() where wanted.contains(label) && taken[label] < perClass
    {
      taken[label] += 1
      shown.append(position)
    }
    let side = ImageSet.side
    let planes = try mapInParallel(shown) { image -> [UInt8] in
      let small = image.resampled(shorterSide: side, center: side)
      return (0..<3).flatMap { channel in (0..<(side * side)).map { small.bytes[3 * $0 + channel] } }
    }
    let bytes = planes.flatMap { $0 }
    return ImageSet(
      images: bytes, labels: shown.map { list.labels[$0] }, classes: list.classes,
      provenance: ImageProvenance(name: list.file, kind: .other, digest: Digest(of: bytes)))
  }
}
