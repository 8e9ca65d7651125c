import CEscapementKernels
import EscapementRandomness

/// One change of an image's colors, as Pillow's `ImageEnhance` makes it: every byte x becomes g + factor · (x − g),
/// in float with the product and the sum rounded apart, then cut to 0...255 and toward zero.
public struct ColorChange: Hashable, Sendable {
  /// What g is.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// g = 0.
    case brightness
    /// g is the mean of the image's gray, halves rounded up.
    case contrast
    /// g is the pixel's own gray.
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

  /// What the bytes move away from.
  public let kind: Kind
  /// 1 leaves the image as it is; rounded to float.
  public let factor: Double

  /// A change by a finite factor of at least 0.
  public init(_ kind: Kind, factor: Double) {
    precondition(factor >= 0 && factor.isFinite, "a color factor of \(factor)")
    self.kind = kind
    self.factor = factor
  }
}

/// torchvision's `ColorJitter(s, s, s, 0)`: brightness, contrast and saturation, each by a factor uniform in
/// [1 − s, 1 + s), in an order drawn uniformly. The hue stays.
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

  /// The changes for one image, in the order in which they apply: three factors are drawn (brightness, contrast,
  /// saturation), then a permutation of the three.
  public func draw(_ stream: inout RandomStream) -> [ColorChange] {
    let changes = ColorChange.Kind.allCases.map {
      ColorChange($0, factor: 1 - strength + 2 * strength * stream.uniform())
    }
    return stream.permutation(changes.count).map { changes[$0] }
  }
}
