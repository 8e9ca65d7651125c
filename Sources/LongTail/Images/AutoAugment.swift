import EscapementRandomness

/// A policy of AutoAugment (Cubuk et al., CVPR 2019): one of its pairs of operations is drawn for each image, and each
/// of the two is applied with its own probability.
package struct AutoAugment: Sendable {
  /// An operation with a level in 0...9.
  package enum Kind: String, Sendable, CaseIterable {
    case shearX, shearY, translateX, translateY, rotate, color, brightness, contrast, sharpness
    case posterize, solarize, autoContrast, equalize, invert

    /// Whether the operation has a direction, drawn as one of two signs with equal probability.
    package var isSigned: Bool {
      switch self {
      case .shearX, .shearY, .translateX, .translateY, .color, .brightness, .contrast, .sharpness: true
      case .rotate, .posterize, .solarize, .autoContrast, .equalize, .invert: false
      }
    }

    /// The operation on an image of these extents. Ranges are those of github.com/DeepVoltaire/AutoAugment: shears to
    /// 0.3, translations to 150/331 of the extent, rotations to 30 degrees, factors 1 ± 0.9, 8 to 4 bits, thresholds
    /// from 256 to 0, in ten equal steps. Rotations always turn the same way.
    package func operation(level: Int, sign: Double, width: Int, height: Int) -> ImageOperation {
      precondition((0...9).contains(level), "level \(level) is not in 0...9")
      let share = Double(level) / 9
      func color(_ kind: ColorChange.Kind) -> ImageOperation {
        .color(ColorChange(kind, factor: 1 + sign * 0.9 * share))
      }
      return switch self {
      case .shearX: .shear(x: sign * 0.3 * share, y: 0)
      case .shearY: .shear(x: 0, y: sign * 0.3 * share)
      case .translateX: .translate(x: sign * 150 / 331 * share * Double(width), y: 0)
      case .translateY: .translate(x: 0, y: sign * 150 / 331 * share * Double(height))
      case .rotate: .rotate(degrees: 30 * share)
      case .color: color(.saturation)
      case .brightness: color(.brightness)
      case .contrast: color(.contrast)
      case .sharpness: .sharpness(factor: 1 + sign * 0.9 * share)
      case .posterize: .posterize(bits: Int((8 - 4 * share).rounded(.toNearestOrEven)))
      case .solarize: .solarize(threshold: 256 - 256 * share)
      case .autoContrast: .autoContrast
      case .equalize: .equalize
      case .invert: .invert
      }
    }
  }

  /// An operation that is applied with a probability.
  package struct Step: Sendable {
    package let kind: Kind
    package let probability: Double
    package let level: Int

    init(_ kind: Kind, _ probability: Double, _ level: Int) {
      self.kind = kind
      self.probability = probability
      self.level = level
    }
  }

  /// The pairs.
  package let pairs: [(Step, Step)]

  /// The operations for one image: a pair is drawn uniformly; then, for each of its steps, a uniform number that is
  /// below the probability if the step is taken, and its sign if it has one.
  package func draw(width: Int, height: Int, _ stream: inout RandomStream) -> [ImageOperation] {
    let pair = pairs[stream.integer(below: pairs.count)]
    return [pair.0, pair.1].compactMap { step in
      guard stream.uniform() < step.probability else { return nil }
      let sign: Double = step.kind.isSigned && stream.nextWord() & 1 == 1 ? -1 : 1
      return step.kind.operation(level: step.level, sign: sign, width: width, height: height)
    }
  }

  /// The policy for CIFAR-10: 25 pairs, from the paper's appendix (as in github.com/DeepVoltaire/AutoAugment, which
  /// PaCo's released code uses).
  package static let cifar10 = AutoAugment(pairs: [
    (Step(.invert, 0.1, 7), Step(.contrast, 0.2, 6)),
    (Step(.rotate, 0.7, 2), Step(.translateX, 0.3, 9)),
    (Step(.sharpness, 0.8, 1), Step(.sharpness, 0.9, 3)),
    (Step(.shearY, 0.5, 8), Step(.translateY, 0.7, 9)),
    (Step(.autoContrast, 0.5, 8), Step(.equalize, 0.9, 2)),
    (Step(.shearY, 0.2, 7), Step(.posterize, 0.3, 7)),
    (Step(.color, 0.4, 3), Step(.brightness, 0.6, 7)),
    (Step(.sharpness, 0.3, 9), Step(.brightness, 0.7, 9)),
    (Step(.equalize, 0.6, 5), Step(.equalize, 0.5, 1)),
    (Step(.contrast, 0.6, 7), Step(.sharpness, 0.6, 5)),
    (Step(.color, 0.7, 7), Step(.translateX, 0.5, 8)),
    (Step(.equalize, 0.3, 7), Step(.autoContrast, 0.4, 8)),
    (Step(.translateY, 0.4, 3), Step(.sharpness, 0.2, 6)),
    (Step(.brightness, 0.9, 6), Step(.color, 0.2, 8)),
    (Step(.solarize, 0.5, 2), Step(.invert, 0, 3)),
    (Step(.equalize, 0.2, 0), Step(.autoContrast, 0.6, 0)),
    (Step(.equalize, 0.2, 8), Step(.equalize, 0.6, 4)),
    (Step(.color, 0.9, 9), Step(.equalize, 0.6, 6)),
    (Step(.autoContrast, 0.8, 4), Step(.solarize, 0.2, 8)),
    (Step(.brightness, 0.1, 3), Step(.color, 0.7, 0)),
    (Step(.solarize, 0.4, 5), Step(.autoContrast, 0.9, 3)),
    (Step(.translateY, 0.9, 9), Step(.translateY, 0.7, 9)),
    (Step(.autoContrast, 0.9, 2), Step(.solarize, 0.8, 3)),
    (Step(.equalize, 0.8, 8), Step(.invert, 0.1, 3)),
    (Step(.translateY, 0.7, 9), Step(.autoContrast, 0.9, 1)),
  ])
}
