import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementRandomness

/// The generator of `cifar-format-synthetic`: procedural 32 × 32 color images of ten or a hundred classes in CIFAR's
/// format.
///
/// The classes sit on a ring. An image shows a shape over a striped ground; the stripes' tilt, their fineness, the
/// outline and two colors are five cues, each of which sees the class's place on the ring through an independent
/// normal error, so that neighbors overlap in every cue and only their combination tells classes apart. Position,
/// size, light, clutter, distracting shapes and noise say nothing about the class. A left-right flip of an image is
/// as likely as the image. Neighbors on the ring are three apart in label: every tail class lies between more
/// frequent ones. A hundred classes are pairs of such places: stripes tell a label's last digit, shape and colors the first.
///
/// An image is a pure function of (seed, split, label, rank in the class) and of the knobs.
public struct SyntheticImages: Hashable, Sendable {
  /// Places on a ring.
  static let places = 10
  /// The version of the drawing: raised whenever the same seed and knobs give other bytes.
  public static let version = 1

  /// How hard the images are. All knobs of difficulty are here.
  public struct Difficulty: Hashable, Sendable {
    /// Standard deviation of each cue's error, in distances between neighbors on the ring. With five cues the
    /// overlap of neighbors is that of normals σ = spread / √5 apart by 1, at best.
    public var spread: Double
    /// Amplitude of the class's stripes, as a share of full brightness.
    public var contrast: Double
    /// Amplitude of a striped overlay of random tilt and fineness.
    public var clutter: Double
    /// Standard deviation of the noise in every byte, as a share of full brightness.
    public var noise: Double
    /// Small distracting shapes in each image, at most 8.
    public var distractors: Int

    /// Sets all knobs.
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

    /// The knobs of the embedded data set, set on plain cross-entropy training alone, before any run with SAM or
    /// re-weighting: ten epochs of the small ResNet-8 reach about 98 % on the head, 85 % in the middle and 30 % on
    /// the tail, so that there is room on both sides.
    public static let standard = Difficulty(
      spread: 0.4, contrast: 0.13, clutter: 0.06, noise: 0.08, distractors: 2)

    /// The knobs of the set of a hundred classes, set likewise: twenty epochs of plain cross-entropy reach about 55 % on
    /// the head, 49 % in the middle and 31 % on the tail.
    public static let hundred = Difficulty(
      spread: 0.35, contrast: 0.2, clutter: 0.05, noise: 0.05, distractors: 1)
  }

  /// The two parts of the data set; no image of one is in the other.
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
  /// The knobs.
  public let difficulty: Difficulty

  /// The generator of a seed.
  public init(seed: UInt64, classes: Int = 10, difficulty: Difficulty = .standard) {
    precondition(classes == 10 || classes == 100, "10 or 100 classes, got \(classes)")
    self.seed = seed
    self.classes = classes
    self.difficulty = difficulty
  }

  /// The first `counts[c]` images of each class c of a split, class by class.
  ///
  /// A larger count appends images to a class and leaves the others as they are.
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

  /// The place of a digit on its ring, in 0..<1: seven tenths on from digit to digit, which visits every tenth
  /// once and puts digits three apart side by side (3 · 7 = 21).
  static func place(of digit: Int) -> Double { Double(digit * 7 % places) / Double(places) }
}
