import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing

@Suite("Image files")
struct ImageFileTests {
  private func line(_ bytes: Data) -> String {
    do {
      let image = try ImageFile.decode(bytes, file: "/p/x.jpg")
      return "\(image.width) × \(image.height)"
    } catch {
      return "\(error)"
    }
  }

  @Test("PPM files round trip, with comments and any white space in the header")
  func ppm() throws {
    let image = proceduralImage(width: 5, height: 4)
    #expect(try ImageFile.decode(PPM.encode(image), file: "x") == image)
    let pixels = Data(image.bytes)
    for header in ["P6 5 4 255 ", "P6\n# made by hand\n5\t4\r\n# again\n255\n", "P6#\n5 4 255\n"] {
      #expect(try ImageFile.decode(Data(header.utf8) + pixels + Data([1, 2]), file: "x") == image)
    }
    // A slice of other data, whose indices do not begin at 0.
    let slice = (Data([9, 9, 9]) + PPM.encode(image)).dropFirst(3)
    #expect(try ImageFile.decode(slice, file: "x") == image)
  }

  @Test(
    "faulty PPM files are refused",
    arguments: [
      ("P6\n5 4\n255\n", "0 bytes of pixels, expected 60"), ("P6\n5 4\n65535\n", "the maximum 65535"),
      ("P6\n0 4\n255\n", "no width"), ("P6\n5 -4\n255\n", "no height"), ("P6\n5 4\n255", "no maximum"),
      ("P65 4 255\n", "no width"), ("P6", "no width"), ("P6 #", "no width"), ("P6 5 4", "no height"),
      ("P6\n9999999999 1\n255\n", "no width"), ("P6\n67108864 67108864\n255\n", "67108864 × 67108864 pixels"),
      ("P6\n8193 8192\n255\n", "expected at most 67108864"), ("P6\n8192 8192\n255\n", "expected 201326592"),
    ])
  func faultyPPM(header: String, part: String) {
    #expect(line(Data(header.utf8)).contains(part), "\(line(Data(header.utf8)))")
  }

  @Test("contents decide and not names; other formats are named")
  func formats() throws {
    #expect(line(Data()).contains("/p/x.jpg: found an empty file, expected a JPEG, PNG or binary PPM image"))
    for (start, name) in [
      ("GIF89a", "a GIF image"), ("BM", "a BMP image"), ("II*\0", "a TIFF image"), ("MM\0*", "a TIFF image"),
      ("P5\n", "a PGM image"), ("RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
      ("RIFF\0\0\0\0WAVE", "bytes 52 49 46 46"),
    ] {
      #expect(line(Data(start.utf8)).contains("found \(name)"), "\(line(Data(start.utf8)))")
    }
    // The signature goes on behind the four bytes that a transfer as text leaves alone.
    #expect(line(Data([0x89, 0x50, 0x4E, 0x47, 10, 26, 10])).contains("found a damaged PNG image"))
    #expect(line(PPM.encode(proceduralImage(width: 3, height: 2))) == "3 × 2")
  }

  @Test("a directory, a file of another kind and one that is too large are refused before they are read")
  func files() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    #expect(throws: DataError.self) { try ImageFile.read(directory.url) }
    let path = directory.url.appendingPathComponent("large.ppm")
    #expect(throws: MissingError.self) { try ImageFile.read(path) }
    try PPM.encode(proceduralImage(width: 3, height: 2)).write(to: path)
    #expect(try ImageFile.read(path) == proceduralImage(width: 3, height: 2))
    #expect(truncate(path.path, Int(ImageFile.byteLimit) + 1) == 0)
    #expect(throws: DataError.self) { try ImageFile.read(path) }
    let pipe = directory.url.appendingPathComponent("pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect(throws: DataError.self) { try ImageFile.read(pipe) }
  }

  #if !Images
    @Test(
      "a JPEG or PNG image in a build without the trait is one line that says what to do",
      arguments: ImageSample.jpegs + ImageSample.pngs)
    func withoutTrait(sample: ImageSample) {
      #expect(!CompressedImage.isAvailable)
      let expected =
        "decoder that /p/x.jpg asks for is missing; "
        + "JPEG and PNG images need a build with --traits Images (apt-get install libjpeg-dev libpng-dev)"
      #expect(throws: MissingError.self) { try ImageFile.decode(sample.bytes, file: "/p/x.jpg") }
      #expect(line(sample.bytes).hasSuffix(expected))
    }
  #endif
}
