import EscapementRandomness

/// One change of an image's colors. The first three kinds are those of Pillow's `ImageEnhance`: every byte x becomes g +
/// factor · (x − g), in float with product and sum rounded separately, clamped to 0...255 and truncated toward zero.
public struct ColorChange: Hashable, Sendable {
  /// The choice of g, or the hue.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// g = 0.
    case brightness
    /// g is the mean of the image's gray values, with halves rounded up.
    case contrast
    /// g is the gray value of the pixel.
    ///
    /// Gray is (19595 R + 38470 G + 7471 B + 32768) >> 16, Pillow's ITU-R 601 luma.
    case saturation
    /// The factor is a shift in turns: 255 · factor, truncated toward zero, is added to the hue modulo 256, through
    /// Pillow's HSV bytes, as in torchvision's `adjust_hue` of a PIL image.
    case hue
  }

  /// The choice of g, or the hue.
  public let kind: Kind
  /// The factor, rounded to float, where 1 leaves the image unchanged; for the hue, the shift in turns.
  public let factor: Double

  /// A change by a finite factor of at least 0, or a shift of the hue in −0.5...0.5.
  public init(_ kind: Kind, factor: Double) {
    let isValid = kind == .hue ? abs(factor) <= 0.5 : factor >= 0 && factor.isFinite
    precondition(isValid, "a color factor of \(factor)")
    self.kind = kind
    self.factor = factor
  }
}

/// torchvision's `ColorJitter(s, s, s, h)`: brightness, contrast and saturation, each by a factor uniform in [1 − s, 1 +
/// s), and the hue by a shift uniform in [−h, h), in a uniformly random order. The hue does not change if h is 0.
public struct ColorJitter: Hashable, Sendable {
  /// s, in 0...1.
  public let strength: Double
  /// h, in 0...0.5.
  public let hue: Double

  /// The strength of the published ImageNet-LT and iNaturalist scripts.
  public static let published = ColorJitter(strength: 0.4)

  /// A jitter of strength s in 0...1 and hue h in 0...0.5.
  public init(strength: Double, hue: Double = 0) {
    precondition(strength >= 0 && strength <= 1, "the strength of a jitter lies in 0...1, got \(strength)")
    precondition(hue >= 0 && hue <= 0.5, "the hue of a jitter lies in 0...0.5, got \(hue)")
    self.strength = strength
    self.hue = hue
  }

  /// The changes for one image, in the order of application: the factors are drawn (brightness, contrast, saturation,
  /// and the hue if h is not 0), then a permutation of them.
  public func draw(_ stream: inout RandomStream) -> [ColorChange] {
    var changes = [ColorChange.Kind.brightness, .contrast, .saturation].map {
      ColorChange($0, factor: 1 - strength + 2 * strength * stream.uniform())
    }
    if hue > 0 { changes.append(ColorChange(.hue, factor: hue * (2 * stream.uniform() - 1))) }
    return stream.permutation(changes.count).map { changes[$0] }
  }
}
