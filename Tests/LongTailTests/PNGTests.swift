#if Images
  import EscapementArtifacts
  import EscapementKernels
  import Foundation
  import EscapementLongTail
  import EscapementTestSupport
  import Testing

  @Suite("PNG files")
  struct PNGTests {
    /// What a file decodes to, and the error in place of an image.
    private func outcome(_ bytes: Data) -> (decoded: DecodedImage?, line: String) {
      do {
        let decoded = try ImageFile.decoded(bytes, file: "x.png")
        return (decoded, "an image, \(decoded.warnings) warnings: \(decoded.firstWarning ?? "none")")
      } catch {
        #expect((error as? DataError)?.exitCode == 65 && !"\(error)".contains("\n"), "\(error)")
        return (nil, "\(error)")
      }
    }

    @Test("every color type, depth and interlacing has Pillow's bytes", arguments: ImageSample.pngs)
    func decodes(sample: ImageSample) throws {
      let decoded = try ImageFile.decoded(sample.bytes, file: "x.png")
      #expect(decoded.image.width == 11 && decoded.image.height == 9)
      #expect(decoded.image.hex == sample.digest)
      // Gray above 255 and indices beyond the palette are in some samples on purpose.
      let doubtful = ["gray 16", "palette 4", "palette 8"].contains { sample.name.hasPrefix($0) }
      #expect((decoded.warnings == 1) == doubtful && (decoded.firstWarning != nil) == doubtful)
      #expect(decoded.warnings <= 1)
    }

    @Test("the package's own PNG files are read")
    func roundTrip() throws {
      let image = proceduralImage()
      let bytes = PNG.encode(width: image.width, height: image.height, pixels: image.bytes)
      let decoded = try ImageFile.decoded(bytes, file: "x")
      #expect(decoded.image == image && decoded.warnings == 0)
      // A slice of other data, whose indices do not begin at 0.
      #expect(try ImageFile.decode((Data([9, 9, 9]) + bytes).dropFirst(3), file: "x") == image)
    }

    @Test("a file that is cut is an error, unless all its rows are there", arguments: ImageSample.pngs)
    func truncated(sample: ImageSample) {
      let bytes = sample.bytes
      // The end, the checksums of two chunks and of the data, the head of a chunk, and the mark of the last block's end.
      let dispensable = PNGFile.end.count + 4 + 4 + 4 + 8 + 2
      for length in 0..<bytes.count {
        let (decoded, line) = outcome(bytes.prefix(length))
        if length < bytes.count - dispensable {
          #expect(decoded == nil, "cut to \(length) of \(bytes.count)")
        } else if length >= bytes.count - PNGFile.end.count || decoded != nil {
          #expect(decoded?.image.hex == sample.digest && decoded?.warnings != 0, "cut to \(length): \(line)")
        }
      }
    }

    @Test("a thousand corrupt bytes in each file: an image or one line", arguments: ImageSample.pngs)
    func corrupt(sample: ImageSample) {
      var numbers = TestNumbers(seed: 17)
      var noticed = 0
      for _ in 0..<1000 {
        var bytes = sample.bytes
        let offset = Int(numbers.next() % UInt64(bytes.count))
        bytes[offset] ^= UInt8(1 + numbers.next() % 255)
        let decoded = outcome(bytes).decoded
        // The size is under a checksum that has to hold.
        if let decoded { #expect(decoded.image.width == 11 && decoded.image.height == 9) }
        if decoded?.image.hex != sample.digest || decoded?.warnings != 0 { noticed += 1 }
      }
      #expect(noticed == 1000)
    }

    /// What is accepted, with the words of the warning, and what is not.
    @Test(
      "damage beside the pixels is a warning, damage to them is not",
      arguments: [
        ("text with a wrong checksum", true, "CRC error"),
        ("pixels with a wrong checksum of their chunk", true, "CRC error"),
        ("pixels with a wrong checksum of their own", false, "incorrect data check"),
        ("a header with a wrong checksum", false, "CRC error"),
        ("a palette with a wrong checksum", false, "CRC error"),
        ("an index beyond the palette", true, "beyond the palette"),
        ("no palette", false, "Missing PLTE"),
        ("too many rows", true, "Too much image data"), ("too few rows", false, "Not enough image data"),
        ("an unknown filter", false, "adaptive filter"),
        ("an unknown critical chunk", false, "critical chunk"),
        ("an unknown depth", false, "Invalid IHDR"), ("no columns", false, "Invalid IHDR"),
        ("no end", true, "the file ends"), ("junk behind the end", true, "none"),
        ("a second header", false, "out of place"), ("an animation", true, "none"),
        ("transparency of another kind", true, "none"),
      ])
    func damage(name: String, accepted: Bool, part: String) {
      let sound = PNGFile()
      var palette = PNGFile(kind: 3, rows: Data([0, 0, 1, 1, 0, 0, 1, 0, 0, 1]))
      let colors = Data([10, 20, 30, 40, 50, 60])
      var other = sound
      let bytes: Data
      switch name {
      case "text with a wrong checksum":
        bytes = sound.bytes(before: PNGFile.chunk("tEXt", Data("a\0b".utf8), damage: 1))
      case "pixels with a wrong checksum of their chunk":
        bytes =
          PNGFile.signature + sound.header + PNGFile.chunk("IDAT", PNGFile.deflated(sound.rows), damage: 1)
          + PNGFile.end
      case "pixels with a wrong checksum of their own":
        let data = PNGFile.deflated(sound.rows).dropLast(4) + Data(count: 4)
        bytes = PNGFile.signature + sound.header + PNGFile.chunk("IDAT", data) + PNGFile.end
      case "a header with a wrong checksum":
        bytes =
          PNGFile.signature + PNGFile.chunk("IHDR", sound.headerBody, damage: 1) + sound.pixels + PNGFile.end
      case "a palette with a wrong checksum":
        bytes = palette.bytes(before: PNGFile.chunk("PLTE", colors, damage: 1))
      case "an index beyond the palette":
        palette.rows[3] = 200
        bytes = palette.bytes(before: PNGFile.chunk("PLTE", colors))
      case "no palette": bytes = palette.bytes()
      case "too many rows":
        other.rows += other.rows
        bytes = other.bytes()
      case "too few rows":
        other.rows = other.rows.prefix(5)
        bytes = other.bytes()
      case "an unknown filter":
        other.rows[5] = 5
        bytes = other.bytes()
      case "an unknown critical chunk": bytes = sound.bytes(before: PNGFile.chunk("CgBI", Data(count: 4)))
      case "an unknown depth":
        other.depth = 3
        bytes = other.bytes()
      case "no columns":
        other.width = 0
        bytes = other.bytes()
      case "no end": bytes = sound.bytes().dropLast(PNGFile.end.count)
      case "junk behind the end": bytes = sound.bytes() + Data("junk".utf8)
      case "a second header": bytes = sound.bytes(before: sound.header)
      case "an animation":
        let control = PNGFile.chunk("acTL", PNGFile.number(2) + PNGFile.number(0))
        let frame = PNGFile.chunk("fdAT", PNGFile.number(1) + PNGFile.deflated(Data(repeating: 0, count: 10)))
        bytes = sound.bytes(before: control, behind: frame)
      default: bytes = sound.bytes(before: PNGFile.chunk("tRNS", Data([1, 2, 3, 4, 5, 6])))
      }
      let (decoded, line) = outcome(bytes)
      #expect((decoded != nil) == accepted, "\(line)")
      #expect(line.contains(part), "\(line)")
      guard let decoded else { return }
      #expect(decoded.warnings == 0 || part != "none")
      let (dark, light): ([UInt8], [UInt8]) = ([10, 20, 30], [40, 50, 60])
      let expected =
        name == "an index beyond the palette"
        ? [dark, light, [0, 0, 0], dark, light, dark, dark, light].flatMap { $0 }
        : (1...8).flatMap { [UInt8](repeating: $0, count: 3) }
      #expect(decoded.image.bytes == expected)
    }

    @Test("extents are checked before memory is asked for")
    func huge() {
      for (width, height, part) in [
        (65_500, 65_500, "x.png: header: found 65500 × 65500 pixels, expected at most 67108864"),
        (8193, 8192, "expected at most 67108864"), (0x7FFF_FFFF, 0x7FFF_FFFF, "expected at most 67108864"),
        (0xFFFF_FFFF, 0xFFFF_FFFF, "expected at most 67108864"), (8192, 8192, "Not enough image data"),
        (1 << 26, 1, "Invalid IHDR"), (1, 1 << 26, "Invalid IHDR"), (1_000_000, 1, "Not enough image data"),
      ] {
        #expect(
          outcome(PNGFile(width: width, height: height).bytes()).line.contains(part), "\(width) × \(height)")
      }
    }

    @Test("what inflates to much more than the image is not inflated")
    func bombs() throws {
      // 128 MiB of zeros in 130 KB, as text, as a color profile, and behind the rows of the image.
      let zeros = PNGFile.deflated(Data(count: 1 << 27))
      let sound = PNGFile()
      for name in ["zTXt", "iCCP"] {
        let bytes = sound.bytes(before: PNGFile.chunk(name, Data("a\0\0".utf8) + zeros))
        let (decoded, line) = outcome(bytes)
        #expect(decoded?.image.bytes.first == 1 && decoded?.warnings == 0, "\(line)")
      }
      let bytes = PNGFile.signature + sound.header + PNGFile.chunk("IDAT", zeros) + PNGFile.end
      let (decoded, line) = outcome(bytes)
      #expect(decoded?.image.bytes == [UInt8](repeating: 0, count: 24), "\(line)")
      #expect(decoded?.firstWarning?.contains("more data than the image takes") == true, "\(line)")
    }

    @Test("an orientation has Pillow's effect where it is asked for, and none where it is not")
    func orientations() throws {
      let image = proceduralImage()
      let plain = PNG.encode(width: image.width, height: image.height, pixels: image.bytes)
      let cut = PNGFile.signature.count + PNGFile().header.count
      for (index, digest) in PillowTests.orientations.enumerated() {
        let chunk = PNGFile.chunk("eXIf", PNGFile.exif(index + 1))
        let early: Data = plain.prefix(cut) + chunk + plain.dropFirst(cut)
        let late: Data = plain.dropLast(12) + chunk + plain.suffix(12)
        for bytes in [early, late] {
          let turned = try ImageFile.decoded(bytes, file: "x", orientation: .applied)
          #expect(turned.image.hex == digest && turned.warnings == 0, "orientation \(index + 1)")
          #expect(turned.image.width == (index < 4 ? image.width : image.height))
          #expect(try ImageFile.decode(bytes, file: "x") == image)
        }
      }
    }
  }
#endif
