import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementRandomness

/// The generator of `cifar-format-synthetic`: procedural 32 × 32 color images of ten or a hundred classes in CIFAR's
/// format.
///
/// The classes are positions on a ring. An image shows a shape over a striped ground. The stripes' tilt, their
/// fineness, the outline and two colors are five cues. Each cue shows the class's position on the ring with an
/// independent normal error, so that neighbors overlap in every cue and only the combination of cues separates the
/// classes. Position, size, light, clutter, distracting shapes and noise are independent of the class. A left-right
/// flip of an image is as likely as the image. Neighbors on the ring differ by three in label, so every tail class lies
/// between more frequent ones. A hundred classes are pairs of such positions: stripes determine a label's last digit,
/// shape and colors the first.
///
/// An image is a pure function of (seed, split, label, rank in the class) and of the difficulty.
public struct SyntheticImages: Hashable, Sendable {
  /// The number of positions on a ring.
  static let places = 10
  /// The version of the drawing. It increases whenever the same seed and difficulty give other bytes.
  public static let version = 1

  /// The difficulty of the images, with all settings that affect it.
  public struct Difficulty: Hashable, Sendable {
    /// Standard deviation of each cue's error, in distances between neighbors on the ring. With five cues the overlap
    /// of neighbors is, at best, that of normals with σ = spread / √5 at distance 1.
    public var spread: Double
    /// Amplitude of the class's stripes, as a share of full brightness.
    public var contrast: Double
    /// Amplitude of a striped overlay of random tilt and fineness.
    public var clutter: Double
    /// Standard deviation of the noise in every byte, as a share of full brightness.
    public var noise: Double
    /// The number of small distracting shapes in each image, at most 8.
    public var distractors: Int

    /// Sets all values.
    public init(spread: Double, contrast: Double, clutter: Double, noise: Double, distractors: Int) {
      precondition(spread >= 0 && spread <= 5, "the spread lies in 0...5, got \(spread)")
      precondition(
        [contrast, clutter, noise].allSatisfy { $0 >= 0 && $0 <= 1 },
        "contrast, clutter and noise lie in 0...1, got \(contrast), \(clutter), \(noise)")
      precondition(distractors >= 0 && distractors <= 8, "0 to 8 distractors, got \(distractors)")
      self.spread = spread
      self.contrast = contrast
      self.clutter = clutter
      self.noise = noise
      self.distractors = distractors
    }

    /// The difficulty of the embedded data set. It was set with plain cross-entropy training alone, before any run with
    /// SAM or re-weighting: ten epochs of the small ResNet-8 reach about 98 % on the head, 85 % in the middle and 30 %
    /// on the tail, so that accuracies can rise and fall.
    public static let standard = Difficulty(
      spread: 0.4, contrast: 0.13, clutter: 0.06, noise: 0.08, distractors: 2)

    /// The difficulty of the set of a hundred classes, set in the same way: twenty epochs of plain cross-entropy reach
    /// about 55 % on the head, 49 % in the middle and 31 % on the tail.
    public static let hundred = Difficulty(
      spread: 0.35, contrast: 0.2, clutter: 0.05, noise: 0.05, distractors: 1)
  }

  /// The two parts of the data set; they have no image in common.
  public enum Split: UInt64, Sendable, CaseIterable {
    /// Long-tailed.
    case train = 0
    /// Balanced.
    case test = 1
  }

  /// The seed of all images.
  public let seed: UInt64
  /// The number of classes, 10 or 100.
  public let classes: Int
  /// The difficulty.
  public let difficulty: Difficulty

  /// The generator for a seed.
  public init(seed: UInt64, classes: Int = 10, difficulty: Difficulty = .standard) {
    precondition(classes == 10 || classes == 100, "10 or 100 classes, got \(classes)")
    self.seed = seed
    self.classes = classes
    self.difficulty = difficulty
  }

  /// The first `counts[c]` images of each class c of a split, class by class.
  ///
  /// A larger count appends images to a class and does not change the others.
  public func images(_ split: Split, counts: [Int], name: String) -> ImageSet {
    precondition(counts.count == classes, "\(counts.count) counts for \(classes) classes")
    precondition(counts.allSatisfy { $0 >= 0 && $0 < 1 << 32 }, "a count is negative or too large: \(counts)")
    let labels = counts.enumerated().flatMap { Array(repeating: $0, count: $1) }
    let ranks = counts.flatMap { 0..<$0 }
    var knobs = ek_synthetic(
      spread: difficulty.spread, contrast: difficulty.contrast, clutter: difficulty.clutter,
      noise: difficulty.noise, distractors: UInt32(difficulty.distractors))
    let images = [UInt8](unsafeUninitializedCapacity: labels.count * ImageSet.imageBytes) {
      bytes, count in
      for (position, (label, rank)) in zip(labels, ranks).enumerated() {
        let index = split.rawValue << 40 | UInt64(label) << 32 | UInt64(rank)
        var stream = RandomStream(seed: seed, purpose: .fixture, index: index)
        ek_synthetic_image(
          stream.nextWordPair(), &knobs, Self.place(of: label % Self.places),
          Self.place(of: classes == Self.places ? label : label / Self.places), 1 / Double(Self.places),
          bytes.baseAddress! + position * ImageSet.imageBytes)
      }
      count = bytes.count
    }
    let digest = Digest(of: CIFARRecords.serialized(images: images, labels: labels))
    return ImageSet(
      images: images, labels: labels, classes: classes,
      provenance: ImageProvenance(name: name, kind: .synthetic, digest: digest))
  }

  /// The position of a digit on its ring, in 0..<1. The position advances by seven tenths from digit to digit, so every
  /// tenth occurs once and digits that differ by three are neighbors (3 · 7 = 21).
  static func place(of digit: Int) -> Double { Double(digit * 7 % places) / Double(places) }
}
