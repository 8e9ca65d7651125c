import EscapementArtifacts
import EscapementLongTail

/// The image of Benchmarks/peers/images.py: 61 × 47 pixels that differ from their neighbors.
func proceduralImage(width: Int = 61, height: Int = 47) -> RGBImage {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(3 * width * height)
  for y in 0..<height {
    for x in 0..<width {
      let base = 3 * x * x + 5 * x * y + 7 * y * y + 11 * x
      for c in 0..<3 { bytes.append(UInt8((base + 85 * c) / (2 + c) % 256)) }
    }
  }
  return RGBImage(width: width, height: height, bytes: bytes)
}

extension RGBImage {
  /// SHA-256 of the bytes, as the script prints it.
  var hex: String { Digest(of: bytes).hex }

  /// Columns become rows from the right: Pillow's ROTATE_90.
  var rotated: RGBImage {
    var turned: [UInt8] = []
    for x in (0..<width).reversed() {
      for y in 0..<height { turned += bytes[(3 * (y * width + x))..<(3 * (y * width + x) + 3)] }
    }
    return RGBImage(width: height, height: width, bytes: turned)
  }
}
