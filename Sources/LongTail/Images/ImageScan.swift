import EscapementArtifacts
import Foundation

/// Every image of a list, decoded once: which cannot be read, and the digests of those that can.
public struct ImageScan: Sendable {
  /// The positions of the images of whose files the decoder warned, ascending, with its words of the first warning of
  /// each (see `DecodedImage.warnings`).
  public private(set) var warnings: [(position: Int, words: String)] = []
  /// For each image its SHA-256 over width, height and decoded RGB bytes, or the error of reading it.
  private let outcomes: [Result<Digest, any Error>]

  /// Decodes every image, several at a time on all threads, and calls `progress` with the number done.
  /// - Throws: what `progress` throws.
  public init(_ images: ListedImageSet, progress: (Int) throws -> Void = { _ in }) rethrows {
    var outcomes: [Result<Digest, any Error>] = []
    outcomes.reserveCapacity(images.count)
    let together = 256
    for start in stride(from: 0, to: images.count, by: together) {
      let range = start..<min(start + together, images.count)
      let results = images.mapInParallel(Array(range)) { (Self.digest(of: $0.image), $0.firstWarning) }
      for (position, result) in zip(range, results) {
        outcomes.append(result.map { $0.0 })
        if case .success((_, let words?)) = result { warnings.append((position, words)) }
      }
      try progress(range.upperBound)
    }
    self.outcomes = outcomes
  }

  private static func digest(of image: RGBImage) -> Digest {
    let stream = DigestStream()
    stream.update(image.width)
    stream.update(image.height)
    image.bytes.withUnsafeBytes { stream.update($0) }
    return stream.finish()
  }

  /// The positions of the images that cannot be read, ascending, with the errors of reading them.
  public var faults: [(position: Int, error: any Error)] {
    outcomes.enumerated().compactMap { position, outcome in
      guard case .failure(let error) = outcome else { return nil }
      return (position, error)
    }
  }

  /// SHA-256 over the digests of the images at `positions`, in that order; the default is all of them.
  ///
  /// It covers decoded pixels, not files: two copies agree if a network receives the same input.
  /// - Throws: the error of the first of them that cannot be read.
  public func pixelsDigest(_ positions: [Int]? = nil) throws -> Digest {
    let stream = DigestStream()
    for position in positions ?? Array(outcomes.indices) { stream.update(try outcomes[position].get()) }
    return stream.finish()
  }
}

extension ListedImageSet {
  /// The first images of some classes, as `reduced` makes them, for a contact sheet.
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
    return try selecting(shown).reduced()
  }

  /// Every image's middle square reduced to 32 × 32, in memory; an image of 32 × 32 keeps its bytes.
  /// - Throws: the errors of `batch`.
  func reduced() throws -> ImageSet {
    let side = ImageSet.side
    let planes = try mapInParallel(Array(labels.indices)) { decoded -> [UInt8] in
      let small = decoded.image.resampled(shorterSide: side, center: side)
      return (0..<3).flatMap { channel in (0..<(side * side)).map { small.bytes[3 * $0 + channel] } }
    }.map { try $0.get() }
    let bytes = planes.flatMap { $0 }
    return ImageSet(
      images: bytes, labels: labels, classes: classes,
      provenance: ImageProvenance(name: list.file, kind: .other, digest: Digest(of: bytes)))
  }
}
