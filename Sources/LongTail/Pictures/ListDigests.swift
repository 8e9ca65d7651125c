import EscapementArtifacts
import Foundation

/// What proves a picture list and its pictures.
public struct ListDigests: Hashable, Sendable {
  /// SHA-256 over the list: a line `path label` for each picture, in order, whatever the file's line ends and blank lines.
  public let list: Digest
  /// SHA-256 over the pictures in list order: for each its SHA-256 over width, height and decoded RGB bytes.
  ///
  /// Decoded pixels, not files: two copies agree when the network would see the same.
  public let pixels: Digest

  /// Decodes every picture, some at a time on all threads, and calls `progress` with the number done.
  /// - Throws: as `ListedPictures.batch` does, for the first picture that fails.
  public init(_ pictures: ListedPictures, progress: (Int) throws -> Void = { _ in }) throws {
    let list = pictures.list
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
      for digest in try pictures.mapInParallel(Array(range), Self.digest(of:)) { all.update(digest) }
      try progress(range.upperBound)
    }
    pixels = all.finish()
  }

  private static func digest(of picture: RGBPicture) -> Digest {
    let stream = DigestStream()
    stream.update(picture.width)
    stream.update(picture.height)
    picture.bytes.withUnsafeBytes { stream.update($0) }
    return stream.finish()
  }
}

extension ListedPictures {
  /// The first pictures of some classes, their middle squares reduced to 32 × 32, for a contact sheet.
  /// - Throws: as `batch` does.
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
    let planes = try mapInParallel(shown) { picture -> [UInt8] in
      let small = picture.resampled(shorterSide: side, centre: side)
      return (0..<3).flatMap { channel in (0..<(side * side)).map { small.bytes[3 * $0 + channel] } }
    }
    let bytes = planes.flatMap { $0 }
    return ImageSet(
      pictures: bytes, labels: shown.map { list.labels[$0] }, classes: list.classes,
      provenance: ImageProvenance(name: list.file, kind: .other, digest: Digest(of: bytes)))
  }
}
