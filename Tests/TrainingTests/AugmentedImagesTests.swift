import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementTestSupport
import Testing
import EscapementTraining

@Suite("Listed images as training meets them")
struct AugmentedListedImagesTests {
  @Test("order and images are functions of seed, epoch and sample; a missing file is thrown")
  func epochs() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    for i in 0..<4 {
      let bytes = (0..<3 * 20 * 15).map { UInt8(($0 * 7 + i * 50) % 256) }
      try PPM.encode(RGBImage(width: 20, height: 15, bytes: bytes))
        .write(to: directory.url.appendingPathComponent("\(i).ppm"))
    }
    let list = try ImageList(
      Data("0.ppm 0\n1.ppm 2\n2.ppm 1\n3.ppm 0\ngone.ppm 1\n".utf8), file: "list.txt")
    let images = ListedImageSet(
      list, root: directory.url,
      preparation: ImagePreparation(shorterSide: 10, side: 8, normalization: .imageNet))
    let source = AugmentedImages<Float>(images, seed: 3)
    #expect(source.count == 5 && source.classes == 3)
    #expect(source.order(epoch: 4) == EpochOrder(count: 5, seed: 3).permutation(epoch: 4))
    let batch = try source.batch([2, 0, 1], epoch: 7)
    let expected: LabeledBatch<Float> = try images.batch(
      [2, 0, 1], transform: .augmented(seed: 3, epoch: 7))
    #expect(batch.images == expected.images && batch.labels == [1, 0, 2])
    #expect(try source.batch([2, 0, 1], epoch: 8).images != batch.images)
    #expect(
      try AugmentedImages<Float>(images, seed: 4).batch([2, 0, 1], epoch: 7).images != batch.images)
    #expect(throws: MissingError.self) { try source.batch([0, 4], epoch: 7) }
  }
}
