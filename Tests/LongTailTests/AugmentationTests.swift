import EscapementArtifacts
import EscapementKernels
import EscapementLongTail
import Testing

@Suite("Images to batches")
struct AugmentationTests {
  /// Images whose bytes tell their place: sample s, channel k, row r, column c ↦ (37s + 85k + 7r + 3c) mod 256.
  private static func byte(_ s: Int, _ k: Int, _ r: Int, _ c: Int) -> UInt8 {
    UInt8((37 * s + 85 * k + 7 * r + 3 * c) % 256)
  }

  private let set: ImageSet = {
    var bytes: [UInt8] = []
    for s in 0..<12 {
      for k in 0..<3 {
        for r in 0..<32 { for c in 0..<32 { bytes.append(byte(s, k, r, c)) } }
      }
    }
    return ImageSet(
      images: bytes, labels: (0..<12).map { $0 % 10 }, classes: 10,
      provenance: ImageProvenance(name: "test", kind: .synthetic, digest: Digest(of: bytes)))
  }()

  private let mean = [0.4914, 0.4822, 0.4465]
  private let deviation = [0.2023, 0.1994, 0.2010]

  @Test("without augmentation every value is ((x / 255) − mean) / std, rounded once")
  func plain() {
    let batch: LabeledBatch<Float> = set.batch([3, 0, 11], transform: .plain)
    #expect(batch.labels == [3, 0, 1])
    let values = batch.images.elements
    for (i, s) in [3, 0, 11].enumerated() {
      for r in [0, 1, 17, 31] {
        for c in [0, 2, 30, 31] {
          for k in 0..<3 {
            let expected = Float((Double(Self.byte(s, k, r, c)) / 255 - mean[k]) / deviation[k])
            #expect(values[((i * 32 + r) * 32 + c) * 3 + k] == expected)
          }
        }
      }
    }
  }

  @Test("an augmented image is one window of the framed image, flipped or not, and all 162 choices occur")
  func cropAndFlip() {
    let table = (0..<3).map { k in (0..<256).map { Float((Double($0) / 255 - mean[k]) / deviation[k]) } }
    func pixel(_ r: Int, _ c: Int, _ k: Int) -> Float {
      table[k][(0..<32).contains(r) && (0..<32).contains(c) ? Int(Self.byte(5, k, r, c)) : 0]
    }
    var seen: Set<[Int]> = []
    for epoch in 0..<1500 {
      let batch: LabeledBatch<Float> = set.batch([5], transform: .augmented(seed: 9, epoch: epoch))
      let values = batch.images.elements
      let probes = [(0, 0), (0, 31), (31, 0), (31, 31), (13, 7), (20, 22)]
      var matches: [[Int]] = []
      for dy in 0...8 {
        for dx in 0...8 {
          for flip in 0...1 {
            let fits = probes.allSatisfy { (r: Int, c: Int) -> Bool in
              let column: Int = flip == 1 ? 31 - c : c
              let at = (r * 32 + c) * 3
              return (0..<3).allSatisfy { k in values[at + k] == pixel(r + dy - 4, column + dx - 4, k) }
            }
            if fits { matches.append([dy, dx, flip]) }
          }
        }
      }
      #expect(matches.count == 1, "epoch \(epoch): \(matches)")
      seen.formUnion(matches)
      if epoch % 100 == 0 {
        let again: LabeledBatch<Float> = set.batch([1, 5], transform: .augmented(seed: 9, epoch: epoch))
        #expect(Array(again.images.elements.suffix(3072)) == values, "independent of the rest of the batch")
      }
    }
    // Of 162 equally likely choices, 1500 draws miss a given one with probability 1e-4; at most a few are missing.
    #expect(seen.count >= 158)
  }

  @Test("padded pixels are black before normalization")
  func blackFrame() {
    let expected = [-2.42907, -2.41825, -2.22139]
    for k in 0..<3 {
      let value = PixelNormalization.cifar.table(of: Double.self)[k * 256]
      #expect(abs(value - expected[k]) <= 0.5e-5)
    }
  }

  @Test("an epoch's order is a permutation, a pure function of seed and epoch, and keeps the partial batch")
  func order() {
    let order = EpochOrder(count: 300, seed: 4)
    let batches = order.batches(epoch: 2, size: 128)
    #expect(batches.map(\.count) == [128, 128, 44])
    #expect(batches.flatMap { $0 }.sorted() == Array(0..<300))
    #expect(batches == EpochOrder(count: 300, seed: 4).batches(epoch: 2, size: 128))
    #expect(order.permutation(epoch: 2) != order.permutation(epoch: 3))
    #expect(order.permutation(epoch: 2) != EpochOrder(count: 300, seed: 5).permutation(epoch: 2))
  }

  @Test("a source gives the same bits in any range")
  func source() throws {
    let source: ImageSource<Double> = set.source([4, 2, 9, 9, 1])
    let whole = try source.batch(0..<5)
    #expect(source.labels == [4, 2, 9, 9, 1])
    for i in 0..<5 {
      #expect(try source.batch(i..<(i + 1)).images.elements == whole.batch(i..<(i + 1)).images.elements)
    }
  }
}
