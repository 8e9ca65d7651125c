import EscapementArtifacts
import Testing

@testable import EscapementLongTail

/// SHA-256 of what Pillow 12.2.0 makes of an image, as Benchmarks/peers/images.py printed it.
@Suite("Augmentation as Pillow makes it")
struct AugmentationOperationTests {
  /// 32 × 32 pixels of bytes 16 to 191.
  private static let image = RGBImage(
    width: 32, height: 32,
    bytes: proceduralImage().resampled(
      PixelWindow(left: 0, top: 0, width: 32, height: 32), width: 32, height: 32
    )
    .bytes.map { UInt8(16 + Int($0) * 11 / 16) })

  @Test("the image is the script's")
  func source() {
    #expect(Self.image.hex == "901bf0e696ef06408939d45ed9a226e89745d0b75409450c5ce0c71744093d62")
  }

  private func changed(_ operation: ImageOperation, _ image: RGBImage = image) -> RGBImage {
    var image = image
    image.apply(operation)
    return image
  }

  private func digest(_ images: [RGBImage]) -> String { Digest(of: images.flatMap(\.bytes)).hex }

  private static let kinds: [(AutoAugment.Kind, String)] = [
    (.shearX, "1697d322228026c124f611c6a5c202c4747ed3d97def34aba4aa27fb94bcb722"),
    (.shearY, "092b0a51a95943d1e6b43bc9e5487e2ee9b6ee0c797102c2407d5315d5fc46bd"),
    (.translateX, "b95b19410bfcf209a8ee5bd5c90b30cfdea92c80464001007a2b52c1eca3a46b"),
    (.translateY, "0376c2777292a022d6787c6802cb64378d66034a58494f9b0df19b35fbf8a228"),
    (.rotate, "566a9f0538392e23358c691175a165c835eee6829d10732fb189b775057e6eae"),
    (.color, "76acd9f74215cbdbd0cebf29c91071cc268975143e0870779a72dd2b47fa75b0"),
    (.brightness, "20896e3bd923a5830fcdb017bb7ca53f68507bc46f62c1bffe89011009a5ef53"),
    (.contrast, "58a808bbe1638733f22c3adc3af7f95ac047ba8aa874d13690618592a3ed15b8"),
    (.sharpness, "d4d6516b9cb8c3009af295d70b1c8f9a41bc4e8a8e3bfe4d59ca50add1b08eb2"),
    (.posterize, "763adaca6a88f8ac05ea797c94f39e8fe5b87b6288647b2cfea778671b29a239"),
    (.solarize, "07669aa3962a1912c7a00f510ac6891f20553a456e3175613b75bb18a9d63040"),
    (.autoContrast, "4a7c2a7cd30fedbbf45dc0b2e257a577f85f69b27076535b86d78129ac150395"),
    (.equalize, "b25dbdacd0f026ab74376ece7b521c4ed503df243625e0864e2d49cd62e8e427"),
    (.invert, "997b95b176d0e2ca4c6b4125cd4e3815f23a62ae919f1007cc75e771125e8c4a"),
  ]

  @Test("every operation of AutoAugment, at ten levels with both signs", arguments: kinds)
  func autoAugment(kind: AutoAugment.Kind, expected: String) {
    let results = (0...9).flatMap { level in
      [1.0, -1].map { sign in
        changed(kind.operation(level: level, sign: sign, width: 32, height: 32))
      }
    }
    #expect(digest(results) == expected)
    #expect(Set(Self.kinds.map(\.0)) == Set(AutoAugment.Kind.allCases))
  }

  @Test("the hue of every color whose channels are multiples of 3")
  func hue() {
    let steps: [UInt8] = stride(from: 0, to: 256, by: 3).map { UInt8($0) }
    var bytes: [UInt8] = []
    for r in steps { for g in steps { for b in steps { bytes += [r, g, b] } } }
    let colors = RGBImage(width: steps.count * steps.count, height: steps.count, bytes: bytes)
    let turns = [-0.5, -0.1, -0.003, 0, 0.04, 0.1, 0.5]
    #expect(
      digest(turns.map { changed(.color(ColorChange(.hue, factor: $0)), colors) })
        == "16e2d1a15d703cd14842b457fc36bbc866343251aa27818cfe4c445078642e4c")
  }

  @Test("gray is no saturation")
  func gray() {
    #expect(
      changed(.color(ColorChange(.saturation, factor: 0))).hex
        == "0568cb53ce33c33b087160527452bc68ce1450a201567f660c4ad2eaa6fe613e")
  }

  private static let blurs: [(Double, String)] = [
    (0.1, "901bf0e696ef06408939d45ed9a226e89745d0b75409450c5ce0c71744093d62"),
    (0.7, "020f5eedb9d9f799743e9b8bfb10e9488db0330f787f8d4c16dfecf9e2a8c5f8"),
    (1.3, "17ee45b2c55be5fe20cc344742b64234a2756795f5c56efa73a39813c348281d"),
    (2.0, "d97eb1f4c95f7884f780f14a7c581961d492a5f0d7e62e1e21abf2d9b409223d"),
    (9.0, "184c09e245e44b0080dca61f2a230b4546a366c7a15173dbf5dc4f6aa38953a9"),
  ]

  @Test("blur", arguments: blurs)
  func blur(deviation: Double, expected: String) {
    #expect(changed(.blur(deviation: deviation)).hex == expected)
  }

  @Test("a channel of one byte is not stretched, and few pixels are not equalized")
  func flat() {
    let flat = RGBImage(width: 4, height: 3, bytes: (0..<12).flatMap { _ in [UInt8(7), 0, 255] })
    for operation in [ImageOperation.autoContrast, .equalize] { #expect(changed(operation, flat) == flat) }
    let small = RGBImage(width: 2, height: 1, bytes: [1, 2, 3, 4, 5, 6])
    #expect(changed(.equalize, small) == small)
  }

  @Test("a window is erased, and nothing else")
  func erased() {
    let window = PixelWindow(left: 3, top: 30, width: 9, height: 2)
    let result = changed(.erase(window))
    for row in 0..<32 {
      for column in 0..<32 {
        let isInside = (3..<12).contains(column) && row >= 30
        for channel in 0..<3 {
          let place = 3 * (32 * row + column) + channel
          #expect(result.bytes[place] == (isInside ? 0 : Self.image.bytes[place]))
        }
      }
    }
  }
}
