import EscapementArtifacts
import EscapementKernels
import EscapementRandomness
import EscapementTestSupport
import Testing

@testable import EscapementLongTail

@Suite("Two views of an image")
struct ContrastiveViewsTests {
  private static let set = SyntheticImages(seed: 4).images(
    .train, counts: Array(repeating: 1, count: 10), name: "test")

  private func views(epoch: Int, key: Int = 5) -> ContrastiveViews {
    var stream = RandomStream(
      seed: 9, purpose: .augmentation, index: UInt64(epoch) << 36 | UInt64(key))
    return ContrastiveViews(&stream)
  }

  private func batch(_ positions: [Int], epoch: Int, keys: [Int]? = nil) -> LabeledBatch<Float> {
    Self.set.contrastiveBatch(positions, seed: 9, epoch: epoch, keyedBy: keys ?? positions)
  }

  @Test("without an operation of the policy the first view is cropped and flipped, with a square of zeros")
  func first() {
    let table = PixelNormalization.cifar.table(of: Float.self)
    var checked = 0
    for epoch in 0..<60 {
      let views = views(epoch: epoch)
      guard views.first.count == 1, case .erase(let window) = views.first[0] else { continue }
      checked += 1
      let cropped: LabeledBatch<Float> = Self.set.batch(
        [5], transform: .augmented(seed: 9, epoch: epoch))
      var expected = cropped.images.elements
      for row in window.top..<window.top + window.height {
        for column in window.left..<window.left + window.width {
          for channel in 0..<3 { expected[3 * (32 * row + column) + channel] = table[256 * channel] }
        }
      }
      #expect(batch([5], epoch: epoch).images.elements == expected, "epoch \(epoch)")
    }
    #expect(checked >= 5)
  }

  @Test("without a change the second view is a window resized, flipped or not")
  func second() throws {
    let table = PixelNormalization.cifar.table(of: Float.self)
    let planes = Self.set.images[5 * ImageSet.imageBytes..<6 * ImageSet.imageBytes]
    var pixels: [UInt8] = []
    for pixel in 0..<1024 {
      for channel in 0..<3 { pixels.append(planes[planes.startIndex + 1024 * channel + pixel]) }
    }
    let image = RGBImage(width: 32, height: 32, bytes: pixels)
    var flips: [Bool: Int] = [:]
    for epoch in 0..<200 {
      let views = views(epoch: epoch)
      guard views.second.isEmpty else { continue }
      flips[views.flipsSecond, default: 0] += 1
      let bytes = image.resampled(views.window, width: 32, height: 32).bytes
      var expected: [Float] = []
      for pixel in 0..<1024 {
        let column = views.flipsSecond ? 31 - pixel % 32 : pixel % 32
        let place = 3 * (pixel / 32 * 32 + column)
        for channel in 0..<3 { expected.append(table[256 * channel + Int(bytes[place + channel])]) }
      }
      #expect(try #require(batch([5], epoch: epoch).secondView).elements == expected, "epoch \(epoch)")
    }
    // Of 200 a share of 0.2 · 0.8 · 0.5, each flip half of them.
    #expect(flips[true, default: 0] >= 2 && flips[false, default: 0] >= 2)
  }

  @Test("views depend on the key and the epoch alone, not on threads or instruction sets")
  func keys() throws {
    let whole = batch([3, 5, 7, 5], epoch: 2)
    #expect(whole.labels == [3, 5, 7, 5].map { Self.set.labels[$0] })
    for path in ExecutionPath.all {
      let here = path.run { batch([3, 5, 7, 5], epoch: 2) }
      #expect(here.images == whole.images && here.secondView == whole.secondView, "\(path)")
    }
    let (one, again) = (batch([5], epoch: 2), batch([5], epoch: 2, keys: [7]))
    #expect(one.images == whole.images.samples(1..<2) && one.images == whole.images.samples(3..<4))
    let other = try #require(one.secondView)
    #expect(try #require(whole.secondView).samples(1..<2) == other)
    #expect(again.images != one.images && again.secondView != one.secondView)
    #expect(batch([5], epoch: 3).images != one.images && one.images != one.secondView)
    #expect(try #require(whole.batch(1..<3).secondView) == #require(whole.secondView).samples(1..<3))
  }

  @Test("operations occur as often as the policy and the second view ask for")
  func frequencies() {
    let count = 4000
    var drawn: [String: Int] = [:]
    for epoch in 0..<count {
      let views = views(epoch: epoch)
      #expect(views.window.fits(width: 32, height: 32))
      let area = Double(views.window.width * views.window.height)
      // Extents are rounded by at most half a pixel.
      #expect(area >= 0.2 * 1024 - 32)
      for operation in views.first.dropLast() { drawn[name(operation), default: 0] += 1 }
      let second = views.second.map(name)
      for kind in Set(second) { drawn["second " + kind, default: 0] += 1 }
    }
    var expected: [String: Double] = [:]
    for pair in AutoAugment.cifar10.pairs {
      for step in [pair.0, pair.1] {
        let operation = step.kind.operation(level: step.level, sign: 1, width: 32, height: 32)
        expected[name(operation), default: 0] += step.probability / 25
      }
    }
    expected["second hue"] = 0.8
    expected["second brightness"] = 0.8
    // The jitter changes the saturation, and gray removes it.
    expected["second saturation"] = 1 - 0.2 * 0.8
    expected["second blur"] = 0.5
    for (kind, share) in expected where share > 0 {
      // Both steps of a pair may be of one kind, so a variance is at most twice that of a single step.
      let bound = 5 * (2 * share * Double(count)).squareRoot()
      #expect(abs(Double(drawn[kind, default: 0]) - share * Double(count)) <= bound, "\(kind)")
    }
    #expect(AutoAugment.cifar10.pairs.count == 25)
  }

  private func name(_ operation: ImageOperation) -> String {
    switch operation {
    case .color(let change): "\(change.kind)"
    default: String("\(operation)".prefix { $0 != "(" })
    }
  }
}
