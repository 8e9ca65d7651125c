import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementRandomness
import EscapementTestSupport
import Testing

/// Five small images in a directory of their own, with their list.
struct ListedDirectory {
  private let directory: TemporaryDirectory
  var root: URL { directory.url }
  static let sizes = [(40, 30), (17, 60), (21, 21), (90, 14), (33, 25)]
  static let preparation = ImagePreparation(shorterSide: 16, side: 12, normalization: .imageNet)

  init() throws {
    directory = try TemporaryDirectory()
    for (i, (width, height)) in Self.sizes.enumerated() {
      try write(PPM.encode(proceduralImage(width: width, height: height)), image: i)
    }
  }
  func remove() { directory.remove() }

  func write(_ data: Data, image: Int) throws {
    try data.write(to: root.appendingPathComponent("\(image).jpg"))
  }

  func images() throws -> ListedImageSet {
    let text = Self.sizes.indices.map { "\($0).jpg \($0 % 3)\n" }.joined()
    return ListedImageSet(
      try ImageList(Data(text.utf8), file: "list.txt"), root: root, preparation: Self.preparation)
  }
}

@Suite("Listed images to batches")
struct ListedImageSetTests {
  private func values(_ image: RGBImage, flipped: Bool = false) -> [Float] {
    let table = PixelNormalization.imageNet.table(of: Float.self)
    return (0..<image.height).flatMap { r in
      (0..<image.width).flatMap { c in
        (0..<3).map { k in
          let column = flipped ? image.width - 1 - c : c
          return table[256 * k + Int(image.bytes[3 * (r * image.width + column) + k])]
        }
      }
    }
  }

  @Test("digests: of the lines and of the decoded pixels, whatever the list's line ends")
  func digests() throws {
    let directory = try ListedDirectory()
    defer { directory.remove() }
    let images = try directory.images()
    var done: [Int] = []
    let scan = ImageScan(images) { done.append($0) }
    #expect(done == [5] && scan.faults.isEmpty)
    let pixels = try scan.pixelsDigest()
    #expect(images.list.digest == Digest(of: "0.jpg 0\n1.jpg 1\n2.jpg 2\n3.jpg 0\n4.jpg 1\n"))
    let stream = DigestStream()
    for (width, height) in ListedDirectory.sizes {
      let one = DigestStream()
      one.update(width)
      one.update(height)
      proceduralImage(width: width, height: height).bytes.withUnsafeBytes { one.update($0) }
      stream.update(one.finish())
    }
    #expect(pixels == stream.finish())
    let text = "0.jpg 0\r\n\r\n1.jpg 1\r\n2.jpg 2\n3.jpg 0\n4.jpg 1"
    let same = ListedImageSet(
      try ImageList(Data(text.utf8), file: "x"), root: directory.root, preparation: .imageNetLT)
    #expect(same.list.digest == images.list.digest)
    #expect(try ImageScan(same).pixelsDigest() == pixels)
    // Another file of the same pixels is the same; another pixel is not.
    let (width, height) = ListedDirectory.sizes[1]
    let image = proceduralImage(width: width, height: height)
    try directory.write(Data("P6 # again\n\(width) \(height) 255\n".utf8) + image.bytes, image: 1)
    #expect(try ImageScan(images).pixelsDigest() == pixels)
    var bytes = image.bytes
    bytes[7] ^= 1
    try directory.write(PPM.encode(RGBImage(width: width, height: height, bytes: bytes)), image: 1)
    #expect(try ImageScan(images).pixelsDigest() != pixels)
    try directory.write(Data("GIF".utf8), image: 3)
    let broken = try ImageScan(images)
    #expect(broken.faults.map(\.position) == [3])
    #expect(throws: DataError.self) { try broken.pixelsDigest() }
    // Without the broken image the digest is that of the others.
    #expect(try broken.pixelsDigest([0, 1]) == ImageScan(images.selecting([0, 1])).pixelsDigest())
  }

  @Test("miniatures: the first images of the classes asked for, plane by plane")
  func miniatures() throws {
    let directory = try ListedDirectory()
    defer { directory.remove() }
    let set = try directory.images().miniatures(classes: [0, 1], perClass: 1)
    #expect(set.labels == [0, 1] && set.classes == 3)
    let (width, height) = ListedDirectory.sizes[1]
    let small = proceduralImage(width: width, height: height).resampled(shorterSide: 32, center: 32)
    for (channel, pixel) in [(0, 0), (1, 500), (2, 1023)] {
      #expect(set.images[3072 + 1024 * channel + pixel] == small.bytes[3 * pixel + channel])
    }
  }

  @Test("evaluation: the shorter side resized, the middle cropped, the constants of each data set")
  func evaluation() throws {
    let directory = try ListedDirectory()
    defer { directory.remove() }
    let source: ImageSource<Float> = try directory.images().source([4, 0, 1])
    #expect(source.labels == [1, 0, 1])
    let batch = try source.batch(0..<3)
    #expect(batch.images.shape == [3, 12, 12, 3] && batch.labels == [1, 0, 1])
    let expected = [4, 0, 1].flatMap { i -> [Float] in
      let (width, height) = ListedDirectory.sizes[i]
      return values(proceduralImage(width: width, height: height).resampled(shorterSide: 16, center: 12))
    }
    #expect(batch.images.elements == expected)
    #expect(try source.batch(1..<2).images.elements == Array(expected[432..<864]))
  }

  @Test("the published preparations")
  func published() {
    for preparation in [ImagePreparation.imageNetLT, .iNaturalist2018] {
      #expect(preparation.shorterSide == 256 && preparation.side == 224)
      #expect(preparation.crop.scale == 0.08...1 && preparation.crop.ratio == 0.75...(4.0 / 3))
      #expect(preparation.jitter.strength == 0.4)
    }
    let imageNet = PixelNormalization.imageNet.table(of: Double.self)
    // (1 − 0.485) / 0.229 and −0.406 / 0.225; (1 − 0.471) / 0.194 and −0.380 / 0.192: exact to five decimals.
    #expect(abs(imageNet[255] - 2.24891) <= 0.5e-5 && abs(imageNet[512] + 1.80444) <= 0.5e-5)
    let iNaturalist = ImagePreparation.iNaturalist2018.normalization.table(of: Double.self)
    #expect(abs(iNaturalist[511] - 2.72680) <= 0.5e-5 && abs(iNaturalist[512] + 1.97917) <= 0.5e-5)
  }

  @Test("training: window, flip and colors from the sample's own stream")
  func training() throws {
    let directory = try ListedDirectory()
    defer { directory.remove() }
    let images = try directory.images()
    var flips: Set<Bool> = []
    for epoch in 0..<20 {
      let positions = [3, 1, 0, 4, 2]
      let batch: LabeledBatch<Float> = try images.batch(
        positions, transform: .augmented(seed: 6, epoch: epoch))
      let expected = positions.flatMap { i -> [Float] in
        let (width, height) = ListedDirectory.sizes[i]
        var stream = RandomStream(
          seed: 6, purpose: .augmentation, index: UInt64(epoch) << 36 | UInt64(i))
        let window = RandomResizedCrop.published.window(width: width, height: height, &stream)
        let flip = stream.nextWord() & 1 == 1
        flips.insert(flip)
        var image = proceduralImage(width: width, height: height).resampled(window, width: 12, height: 12)
        for change in ColorJitter.published.draw(&stream) { image.apply(change) }
        return values(image, flipped: flip)
      }
      #expect(batch.images.elements == expected, "epoch \(epoch)")
      #expect(batch.labels == [0, 1, 0, 1, 2])
    }
    #expect(flips.count == 2)
  }

  @Test("a sample's bits depend on seed, epoch and sample, not on batches, threads or instruction sets")
  func keyed() throws {
    let directory = try ListedDirectory()
    defer { directory.remove() }
    let images = try directory.images()
    func batch(_ positions: [Int], seed: UInt64 = 1, epoch: Int = 5) throws -> [Double] {
      let batch: LabeledBatch<Double> = try images.batch(
        positions, transform: .augmented(seed: seed, epoch: epoch))
      return batch.images.elements
    }
    let whole = try batch([0, 1, 2, 3, 4])
    for i in 0..<5 { #expect(try batch([i]) == Array(whole[(432 * i)..<(432 * (i + 1))])) }
    #expect(try batch([4, 0]) == Array(whole[1728...] + whole[..<432]))
    for path in ExecutionPath.all {
      #expect(try path.run { try batch([0, 1, 2, 3, 4]) } == whole, "\(path)")
    }
    #expect(try batch([0]) != batch([0], epoch: 6))
    #expect(try batch([0]) != batch([0], seed: 2))
  }

  @Test("the first image that fails is thrown, with its line where it is missing")
  func faults() throws {
    let directory = try ListedDirectory()
    defer { directory.remove() }
    let images = try directory.images()
    func line(_ positions: [Int]) -> String {
      do {
        let batch: LabeledBatch<Float> = try images.batch(positions, transform: .plain)
        return "\(batch.count) images"
      } catch {
        return "\(error)"
      }
    }
    try FileManager.default.removeItem(at: directory.root.appendingPathComponent("3.jpg"))
    try directory.write(Data("P6 1 1 255 ".utf8), image: 1)
    #expect(line([0, 2, 4]) == "3 images" && line([]) == "0 images")
    for _ in 0..<20 {
      #expect(line([0, 3, 1]).contains("3.jpg (line 4 of list.txt) is missing"))
      #expect(line([1, 3, 0]).contains("1.jpg (line 2 of list.txt): found 0 bytes of pixels, expected 3"))
    }
  }

  #if Images
    @Test("JPEG images are decoded on the way")
    func decodes() throws {
      let directory = try ListedDirectory()
      defer { directory.remove() }
      for (i, name) in ["gray", "sampled 4:2:0", "progressive", "CMYK", "restarts"].enumerated() {
        try directory.write(ImageSample.jpeg(name).bytes, image: i)
      }
      let images = try directory.images()
      let batch: LabeledBatch<Float> = try images.batch([3, 0], transform: .plain)
      let expected = try ["CMYK", "gray"].flatMap {
        values(
          try ImageFile.decode(ImageSample.jpeg($0).bytes, file: $0).resampled(shorterSide: 16, center: 12))
      }
      #expect(batch.images.elements == expected)
    }
  #else
    @Test("a JPEG image asks for the trait")
    func decodes() throws {
      let directory = try ListedDirectory()
      defer { directory.remove() }
      try directory.write(ImageSample.jpeg("gray").bytes, image: 2)
      let source: ImageSource<Float> = try directory.images().source(Array(0..<5))
      #expect(throws: MissingError.self) { try source.batch(0..<5) }
      #expect(try source.batch(0..<2).count == 2)
    }
  #endif
}
