import Foundation

/// Images of a set side by side, for inspection: one row per class, in label order, with the first images of the class
/// from left to right.
public enum ContactSheet {
  /// The number of pixels between images, and around them.
  private static let gap = 2

  /// The sheet as a PNG file: up to `columns` images of each of the given classes, each pixel enlarged to `scale` ×
  /// `scale`.
  ///
  /// If a class has fewer images, the rest of its row is dark.
  public static func png(_ set: ImageSet, classes: [Int]? = nil, columns: Int = 16, scale: Int = 2) -> Data {
    precondition(columns >= 1 && scale >= 1 && scale <= 16, "\(columns) columns at scale \(scale)")
    let shown = classes ?? Array(0..<set.classes)
    precondition(!shown.isEmpty, "no class to show")
    let side = ImageSet.side * scale
    let width = columns * (side + gap) + gap
    let height = shown.count * (side + gap) + gap
    var pixels = [UInt8](repeating: 24, count: 3 * width * height)
    var members = [[Int]](repeating: [], count: set.classes)
    for (position, label) in set.labels.enumerated() where members[label].count < columns {
      members[label].append(position)
    }
    let plane = ImageSet.side * ImageSet.side
    for (row, label) in shown.enumerated() {
      for (column, position) in members[label].enumerated() {
        let start = position * ImageSet.imageBytes
        let (left, top) = (gap + column * (side + gap), gap + row * (side + gap))
        for y in 0..<side {
          for x in 0..<side {
            let source = start + y / scale * ImageSet.side + x / scale
            let target = 3 * ((top + y) * width + left + x)
            for channel in 0..<3 { pixels[target + channel] = set.images[source + channel * plane] }
          }
        }
      }
    }
    return PNG.encode(width: width, height: height, pixels: pixels)
  }
}
