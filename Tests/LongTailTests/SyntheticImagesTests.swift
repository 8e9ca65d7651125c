import EscapementArtifacts
import Foundation
import EscapementLongTail
import Testing

@Suite("Synthetic images")
struct SyntheticImagesTests {
  private let generator = SyntheticImages(seed: 5)

  private func bytes(_ set: ImageSet, _ position: Int) -> [UInt8] {
    Array(set.images[(position * ImageSet.imageBytes)..<((position + 1) * ImageSet.imageBytes)])
  }

  @Test("a few images have the recorded bytes")
  func golden() {
    let set = SyntheticImages(
      seed: 1,
      difficulty: .init(spread: 0.5, contrast: 0.2, clutter: 0.1, noise: 0.1, distractors: 3)
    ).images(.train, counts: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], name: "golden")
    #expect(set.provenance.digest.hex == "379fa693393d94c1b6fc78f41e6c217c824606569f0649bdcc8555ff68633123")
  }

  @Test("an image depends on its own key only, and larger counts append")
  func keyed() {
    let few = generator.images(.train, counts: [2, 0, 1, 0, 0, 0, 0, 0, 0, 0], name: "few")
    let more = generator.images(.train, counts: [3, 2, 2, 0, 0, 0, 0, 0, 0, 0], name: "more")
    #expect(few.labels == [0, 0, 2] && more.labels == [0, 0, 0, 1, 1, 2, 2])
    #expect(
      bytes(few, 0) == bytes(more, 0) && bytes(few, 1) == bytes(more, 1) && bytes(few, 2) == bytes(more, 5))
  }

  @Test("seeds, splits, classes and ranks all draw different images")
  func distinct() {
    let counts = [Int](repeating: 3, count: 10)
    let sets = [
      generator.images(.train, counts: counts, name: "a"), generator.images(.test, counts: counts, name: "b"),
      SyntheticImages(seed: 6).images(.train, counts: counts, name: "c"),
    ]
    let images = sets.flatMap { set in (0..<set.count).map { bytes(set, $0) } }
    #expect(Set(images).count == 90)
  }

  @Test("every knob changes the image")
  func knobs() {
    let standard = SyntheticImages.Difficulty.standard
    var variants = [standard]
    for path in [
      \SyntheticImages.Difficulty.spread, \SyntheticImages.Difficulty.contrast,
      \SyntheticImages.Difficulty.clutter,
      \SyntheticImages.Difficulty.noise,
    ] {
      var changed = standard
      changed[keyPath: path] = 0
      variants.append(changed)
    }
    var undistracted = standard
    undistracted.distractors = 0
    variants.append(undistracted)
    let digests = variants.map {
      SyntheticImages(seed: 5, difficulty: $0).images(
        .train, counts: [1] + [Int](repeating: 0, count: 9), name: "k"
      )
      .provenance.digest
    }
    #expect(Set(digests).count == 6)
  }

  @Test("the mean colors of neighbors are closer than those across the ring")
  func ring() {
    let set = generator.images(.test, counts: [Int](repeating: 40, count: 10), name: "ring")
    // Mean color of each class; the two color cues make it run around the ring.
    let means = (0..<10).map { label in
      (0..<3).map { channel -> Double in
        let values = (0..<40).map { rank -> Int in
          let start = (label * 40 + rank) * ImageSet.imageBytes + channel * 1024
          return set.images[start..<(start + 1024)].reduce(0) { $0 + Int($1) }
        }
        return Double(values.reduce(0, +)) / (40 * 1024)
      }
    }
    func distance(_ a: Int, _ b: Int) -> Double {
      zip(means[a], means[b]).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
    }
    // Ring order 0 3 6 9 2 5 8 1 4 7: label + 3 is the neighbor, label + 5 is opposite.
    for label in 0..<10 {
      #expect(distance(label, (label + 3) % 10) < distance(label, (label + 5) % 10), "class \(label)")
    }
  }
}
