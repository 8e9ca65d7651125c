import CEscapementKernels
import EscapementRandomness

/// One change of an image's colors, as in Pillow's `ImageEnhance`: every byte x becomes g + factor · (x − g), in float
/// with product and sum rounded separately, clamped to 0...255 and truncated toward zero.
public struct ColorChange: Hashable, Sendable {
  /// The choice of g.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// g = 0.
    case brightness
    /// g is the mean of the image's gray values, with halves rounded up.
    case contrast
    /// g is the gray value of the pixel.
    ///
    /// Gray is (19595 R + 38470 G + 7471 B + 32768) >> 16, Pillow's ITU-R 601 luma.
    case saturation

    var kernel: ek_enhancement {
      switch self {
      case .brightness: EK_BRIGHTNESS
      case .contrast: EK_CONTRAST
      case .saturation: EK_SATURATION
      }
    }
  }

  /// The choice of g.
  public let kind: Kind
  /// The factor, rounded to float; 1 leaves the image unchanged.
  public let factor: Double

  /// A change by a finite factor of at least 0.
  public init(_ kind: Kind, factor: Double) {
    precondition(factor >= 0 && factor.isFinite, "a color factor of \(factor)")
    self.kind = kind
    self.factor = factor
  }
}

/// torchvision's `ColorJitter(s, s, s, 0)`: brightness, contrast and saturation, each by a factor uniform in [1 − s, 1
/// + s), in a uniformly random order. The hue does not change.
public struct ColorJitter: Hashable, Sendable {
  /// s, in 0...1.
  public let strength: Double

  /// The strength of the published ImageNet-LT and iNaturalist scripts.
  public static let published = ColorJitter(strength: 0.4)

  /// A jitter of strength s in 0...1.
  public init(strength: Double) {
    precondition(strength >= 0 && strength <= 1, "the strength of a jitter lies in 0...1, got \(strength)")
    self.strength = strength
  }

  /// The changes for one image, in the order of application: three factors are drawn (brightness, contrast,
  /// saturation), then a permutation of the three.
  public func draw(_ stream: inout RandomStream) -> [ColorChange] {
    let changes = ColorChange.Kind.allCases.map {
      ColorChange($0, factor: 1 - strength + 2 * strength * stream.uniform())
    }
    return stream.permutation(changes.count).map { changes[$0] }
  }
}
