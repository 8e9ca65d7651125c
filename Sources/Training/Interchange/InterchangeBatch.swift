import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels

/// Images and optional labels in PyTorch's layout, from a safetensors file.
///
/// `images` is `[n][channels][height][width]` of the element type (F32 is widened for Double), `labels` I64 `[n]`.
public struct InterchangeBatch<Element: Real>: Sendable {
  /// The images, `[n][height][width][channels]`.
  public let images: Tensor<Element>
  /// One label per image; nil if the file has none.
  public let labels: [Int]?

  /// Reads the file. Throws a `DataError` if it contains anything other than images of `channels` channels and labels
  /// below `classes`.
  public init(contentsOf url: URL, channels: Int = 3, classes: Int) throws {
    let file = url.path
    let content = try Safetensors(contentsOf: url)
    let expected = "\(Element.dtypeName) of shape n×\(channels)×height×width"
    guard let entry = content.tensors["images"] else {
      throw DataError(file: file, place: "images", found: "no such tensor", expected: expected)
    }
    guard entry.shape.count == 4, entry.shape[1] == channels, entry.shape.allSatisfy({ $0 > 0 }),
      InterchangeLayout.holds(entry, Element.self, widening: true)
    else {
      throw DataError(
        file: file, place: "images", found: "\(entry.dtype.rawValue) of shape \(Shape(entry.shape))",
        expected: expected)
    }
    let stored: Tensor<Element> = InterchangeLayout.tensor(entry)
    guard stored.isFinite else {
      throw DataError(file: file, place: "images", found: "a number that is not finite", expected: expected)
    }
    let (count, pixels) = (entry.shape[0], entry.shape[2] * entry.shape[3])
    images = Tensor(shape: [count, entry.shape[2], entry.shape[3], channels]) { target in
      for n in 0..<count {
        let image = stored.view(at: n * channels * pixels, shape: [channels, pixels]).transposed()
        image.withPointer { (target + n * channels * pixels).update(from: $0, count: image.count) }
      }
    }
    labels = try content.tensors["labels"].map {
      try Self.labels($0, count: count, classes: classes, file: file)
    }
    for name in content.names where name != "images" && name != "labels" {
      throw DataError(file: file, place: name, found: "another tensor", expected: "images and labels alone")
    }
  }

  private static func labels(
    _ entry: Safetensors.Entry, count: Int, classes: Int, file: String
  ) throws -> [Int] {
    guard entry.dtype == .i64, entry.shape == [count] else {
      throw DataError(
        file: file, place: "labels", found: "\(entry.dtype.rawValue) of shape \(Shape(entry.shape))",
        expected: "I64 of shape \(count)")
    }
    let labels = entry.data.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self).littleEndian }
    }
    if let wrong = labels.first(where: { !(0..<Int64(classes)).contains($0) }) {
      throw DataError(
        file: file, place: "labels", found: "\(wrong)", expected: "a class from 0 to \(classes - 1)")
    }
    return labels.map { Int($0) }
  }
}
