import CEscapementKernels
import EscapementRandomness

/// torchvision's `RandomResizedCrop`: a window of random area and shape.
///
/// Up to ten times, an area is drawn uniformly in `scale` times the image's area and a ratio r of width to height
/// log-uniformly in `ratio`; the window is round(√(area · r)) × round(√(area / r)), with halves rounded to even. The
/// first window that fits is placed uniformly. If none fits, the result is the largest window in the middle whose ratio
/// lies in `ratio`.
public struct RandomResizedCrop: Hashable, Sendable {
  /// The range of areas, as fractions of the image's area.
  public let scale: ClosedRange<Double>
  /// The range of width over height.
  public let ratio: ClosedRange<Double>

  private static let attempts = 10

  /// torchvision's default ranges, which the published scripts use.
  public static let published = RandomResizedCrop(scale: 0.08...1, ratio: 3.0 / 4...4.0 / 3)

  /// Windows of these areas, in 0...1, and ratios, above 0.
  public init(scale: ClosedRange<Double>, ratio: ClosedRange<Double>) {
    precondition(scale.lowerBound > 0 && scale.upperBound <= 1, "the scales \(scale) leave (0, 1]")
    precondition(ratio.lowerBound > 0 && ratio.upperBound.isFinite, "the ratios \(ratio) are not positive")
    self.scale = scale
    self.ratio = ratio
  }

  /// The window for an image of the given extents. Each attempt takes two draws (area, ratio). The attempt that fits
  /// takes two more (top, left), or more if draws of integers are rejected.
  public func window(width: Int, height: Int, _ stream: inout RandomStream) -> PixelWindow {
    let area = Double(width) * Double(height)
    let (low, high) = (ek_log(ratio.lowerBound), ek_log(ratio.upperBound))
    for _ in 0..<Self.attempts {
      let wanted = area * (scale.lowerBound + (scale.upperBound - scale.lowerBound) * stream.uniform())
      let shape = ek_exp(low + (high - low) * stream.uniform())
      let w = Self.rounded((wanted * shape).squareRoot())
      let h = Self.rounded((wanted / shape).squareRoot())
      guard w >= 1, w <= width, h >= 1, h <= height else { continue }
      let top = stream.integer(below: height - h + 1)
      let left = stream.integer(below: width - w + 1)
      return PixelWindow(left: left, top: top, width: w, height: h)
    }
    return middle(width: width, height: height)
  }

  private func middle(width: Int, height: Int) -> PixelWindow {
    let shape = Double(width) / Double(height)
    var (w, h) = (width, height)
    if shape < ratio.lowerBound {
      h = max(Self.rounded(Double(width) / ratio.lowerBound), 1)
    } else if shape > ratio.upperBound {
      w = max(Self.rounded(Double(height) * ratio.upperBound), 1)
    }
    return PixelWindow(left: (width - w) / 2, top: (height - h) / 2, width: w, height: h)
  }

  private static func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
