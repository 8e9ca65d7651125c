#if Images
  import EscapementArtifacts
  import Foundation
  import EscapementLongTail
  import EscapementTestSupport
  import Testing

  @Suite("JPEG files")
  struct JPEGTests {
    private func fault(_ bytes: Data) -> DataError? {
      do {
        _ = try ImageFile.decoded(bytes, file: "x.jpg")
        return nil
      } catch {
        if !(error is DataError) { Issue.record("another error: \(error)") }
        return error as? DataError
      }
    }

    @Test(
      "gray, sampled, progressive, restarted, RGB, CMYK and YCCK files have Pillow's bytes",
      arguments: ImageSample.jpegs)
    func decodes(sample: ImageSample) throws {
      let decoded = try ImageFile.decoded(sample.bytes, file: "x.jpg")
      #expect(decoded.image.width == 24 && decoded.image.height == 17)
      #expect(decoded.image.hex == sample.digest)
      #expect(decoded.warnings == 0 && decoded.firstWarning == nil)
    }

    @Test("bytes behind the end marker are not read")
    func trailing() throws {
      let sample = ImageSample.jpeg("sampled 4:2:0")
      let decoded = try ImageFile.decoded(sample.bytes + Data([0xFF, 0xD8, 1, 2, 3]), file: "x.jpg")
      #expect(decoded.image.hex == sample.digest && decoded.warnings == 0)
    }

    @Test(
      "damage that Pillow passes over has Pillow's bytes and is counted, what it refuses is an error",
      arguments: ImageSample.damagedJPEGs)
    func damaged(sample: ImageSample) throws {
      guard let digest = sample.digest else {
        #expect(fault(sample.bytes)?.place == "JPEG data")
        return
      }
      let decoded = try ImageFile.decoded(sample.bytes, file: "x.jpg")
      #expect(decoded.image.hex == digest)
      // The one scan that ends between two bands has all that libjpeg looks for.
      let silent = sample.name == "progressive, scan ended early"
      #expect((decoded.warnings == 0) == silent)
      #expect(decoded.firstWarning.map { $0.hasPrefix("Corrupt JPEG data") } == (silent ? nil : true))
    }

    @Test("a file cut anywhere is an error", arguments: ImageSample.jpegs)
    func truncated(sample: ImageSample) {
      let bytes = sample.bytes
      for length in 0..<bytes.count {
        let error = fault(bytes.prefix(length))
        #expect(error != nil, "cut to \(length) of \(bytes.count) bytes")
        if let error { #expect(!error.description.contains("\n") && error.exitCode == 65) }
      }
    }

    @Test("a thousand corrupt bytes in each file: an image or one line", arguments: ImageSample.jpegs)
    func corrupt(sample: ImageSample) {
      var numbers = TestNumbers(seed: 17)
      let whole = sample.bytes
      var (refused, warned) = (0, 0)
      for _ in 0..<1000 {
        var bytes = whole
        let offset = Int(numbers.next() % UInt64(bytes.count))
        bytes[offset] ^= UInt8(1 + numbers.next() % 255)
        do {
          let decoded = try ImageFile.decoded(bytes, file: "x.jpg")
          #expect(decoded.image.width * decoded.image.height <= RGBImage.pixelLimit)
          if decoded.warnings > 0 { warned += 1 }
        } catch let error as DataError {
          #expect(!error.description.contains("\n"))
          refused += 1
        } catch {
          Issue.record("offset \(offset): \(error)")
        }
      }
      // Tables and entropy-coded bytes carry no redundancy, so many changes give another valid image.
      #expect(refused > 50 && warned > 20, "\(refused) of 1000 refused, \(warned) with warnings")
    }

    /// A sample whose frame header claims other extents.
    private func resized(_ name: String, width: Int, height: Int) -> Data {
      var bytes = ImageSample.jpeg(name).bytes
      let frame = bytes.indices.first {
        bytes[$0] == 0xFF && (bytes[$0 + 1] == 0xC0 || bytes[$0 + 1] == 0xC2)
      }!
      for (i, value) in [height >> 8, height & 255, width >> 8, width & 255].enumerated() {
        bytes[frame + 5 + i] = UInt8(value)
      }
      return bytes
    }

    @Test("extents are checked before memory is asked for")
    func huge() {
      for name in ["gray", "sampled 4:2:0", "progressive", "CMYK"] {
        let error = fault(resized(name, width: 65_500, height: 65_500))
        #expect(
          error?.description.contains("x.jpg: header: found 65500 × 65500 pixels, expected at most 67108864")
            == true)
        #expect(fault(resized(name, width: 8193, height: 8192))?.place == "header")
        // As many as are allowed: refused only because the file ends.
        let largest = fault(resized(name, width: 8192, height: 8192).dropLast(2))
        #expect(largest?.found == "“the file ends before the image does”")
        #expect(fault(resized(name, width: 0, height: 17))?.place == "JPEG data")
        #expect(fault(resized(name, width: 24, height: 0))?.place == "JPEG data")
      }
    }

    @Test("with an end marker, what a size claims beyond its data is gray and a warning, as in Pillow")
    func claimed() throws {
      let decoded = try ImageFile.decoded(resized("gray", width: 24, height: 8192), file: "x.jpg")
      #expect(decoded.image.width == 24 && decoded.image.height == 8192 && decoded.warnings > 0)
      #expect(Set(decoded.image.bytes.suffix(72 * 8000)).count == 1)
    }

    @Test("coefficients that need more than the memory limit are refused")
    func memory() {
      // A progressive frame of 8192 × 8192 pixels and four full components: 512 MiB and a little.
      let frame = Data([0xFF, 0xC2, 0, 20, 8, 32, 0, 32, 0, 4]) + (1...4).flatMap { [UInt8($0), 0x11, 0] }
      let scan = Data([0xFF, 0xDA, 0, 14, 4]) + (1...4).flatMap { [UInt8($0), 0] } + [0, 0, 0]
      let error = fault(Data([0xFF, 0xD8]) + frame + scan)
      #expect(error?.found.contains("Backing store") == true, "\(String(describing: error))")
    }

    /// A gray progressive image of 8 × 8 pixels whose 63 coefficients each take `levels` scans of no content.
    private func scans(levels: Int) -> Data {
      let tables =
        Data([0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64))
        + [0, 0x10].flatMap { [0xFF, 0xC4, 0, 20, $0, 1] + [UInt8](repeating: 0, count: 16) }
      func scan(_ first: Int, _ high: Int, _ low: Int) -> [UInt8] {
        [0xFF, 0xDA, 0, 8, 1, 1, 0, UInt8(first), UInt8(first), UInt8(high << 4 | low), 0x7F]
      }
      var bytes =
        Data([0xFF, 0xD8]) + tables + [0xFF, 0xC2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0] + scan(0, 0, 0)
      for coefficient in 1...63 {
        for low in (0..<levels).reversed() {
          bytes += scan(coefficient, low == levels - 1 ? 0 : low + 1, low)
        }
      }
      return bytes + [0xFF, 0xD9]
    }

    @Test("a file of hundreds of scans is refused: each costs the time of an image")
    func scanLimit() throws {
      let image = try ImageFile.decode(scans(levels: 3), file: "x.jpg")
      #expect(image.bytes == [UInt8](repeating: 128, count: 192))
      #expect(fault(scans(levels: 4))?.found.contains("more than 200 scans") == true)
    }

    /// A sample with an Exif segment behind its start marker.
    private func file(exif: Data) -> Data {
      let body = Data("Exif\0\0".utf8) + exif
      let length = [UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)]
      let whole = ImageSample.jpeg("sampled 4:2:0").bytes
      return whole.prefix(2) + Data([0xFF, 0xE1] + length) + body + whole.dropFirst(2)
    }

    @Test("an orientation is applied where it is asked for, as to a PNG file with the same pixels")
    func orientations() throws {
      let image = try ImageFile.decode(ImageSample.jpeg("sampled 4:2:0").bytes, file: "x.jpg")
      let png = PNG.encode(width: image.width, height: image.height, pixels: image.bytes)
      let cut = PNGFile.signature.count + PNGFile().header.count
      for orientation in 1...8 {
        let chunk = PNGFile.chunk("eXIf", PNGFile.exif(orientation))
        let expected = try ImageFile.decode(
          png.prefix(cut) + chunk + png.dropFirst(cut), file: "x.png", orientation: .applied)
        for big in [true, false] {
          let bytes = file(exif: PNGFile.exif(orientation, big: big))
          #expect(try ImageFile.decode(bytes, file: "x.jpg", orientation: .applied) == expected)
          #expect(try ImageFile.decode(bytes, file: "x.jpg") == image)
        }
      }
    }

    @Test("Exif data that state no orientation leave an image as it is")
    func otherExif() throws {
      let image = try ImageFile.decode(ImageSample.jpeg("sampled 4:2:0").bytes, file: "x.jpg")
      func isTurned(_ exif: Data) throws -> Bool {
        try ImageFile.decode(file(exif: exif), file: "x.jpg", orientation: .applied) != image
      }
      // As in Pillow: whole numbers of two and four bytes and signed ones count, bytes and unknown types do not.
      for (type, counts) in [
        3: true, 4: true, 6: true, 8: true, 9: true, 13: true, 1: false, 7: false, 99: false,
      ] {
        #expect(try isTurned(PNGFile.exif(6, type: UInt8(type))) == counts, "type \(type)")
      }
      for other in [0, 1, 9, 65535] { #expect(try !isTurned(PNGFile.exif(other)), "orientation \(other)") }
      #expect(try !isTurned(PNGFile.exif(6, count: 0)))
      // Three values lie elsewhere: at the offset 6 << 16, beyond the end.
      #expect(try !isTurned(PNGFile.exif(6, count: 3)))
      #expect(try !isTurned(PNGFile.exif(6, type: 4, count: 0x7FFF_FFFF)))
      let whole = PNGFile.exif(6)
      for length in 0..<whole.count {
        // The next directory's offset, at the end, is not read.
        #expect(try isTurned(whole.prefix(length)) == (length >= whole.count - 4), "cut to \(length) bytes")
      }
      for (offset, value) in [(0, 0x58), (2, 1), (4, 0x80), (8, 0xFF)] as [(Int, UInt8)] {
        var bytes = whole
        bytes[bytes.startIndex + offset] = value
        #expect(try isTurned(bytes) == (offset == 8), "byte \(offset)")
      }
    }

    @Test("components that are neither gray, color nor four inks are refused")
    func components() {
      let frame = Data([0xFF, 0xC0, 0, 14, 8, 0, 8, 0, 8, 2, 1, 0x11, 0, 2, 0x11, 0])
      let scan = Data([0xFF, 0xDA, 0, 10, 2, 1, 0, 2, 0, 0, 63, 0])
      #expect(fault(Data([0xFF, 0xD8]) + frame + scan)?.place == "JPEG data")
    }
  }
#endif
