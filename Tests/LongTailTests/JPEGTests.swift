#if JPEG
  import EscapementArtifacts
  import Foundation
  import EscapementLongTail
  import EscapementTestSupport
  import Testing

  @Suite("JPEG files")
  struct JPEGTests {
    private func fault(_ bytes: Data) -> DataError? {
      do {
        _ = try JPEG.decode(bytes, file: "x.jpg")
        return nil
      } catch {
        if !(error is DataError) { Issue.record("another error: \(error)") }
        return error as? DataError
      }
    }

    @Test(
      "gray, sampled, progressive, restarted, RGB and CMYK files have Pillow's bytes",
      arguments: JPEGSample.all)
    func decodes(sample: JPEGSample) throws {
      #expect(JPEG.isAvailable)
      let image = try ImageFile.decode(sample.bytes, file: "x.jpg")
      #expect(image.width == 24 && image.height == 17)
      #expect(image.hex == sample.digest)
    }

    @Test("bytes behind the end marker are not read")
    func trailing() throws {
      let sample = JPEGSample.named("sampled 4:2:0")
      #expect(
        try JPEG.decode(sample.bytes + Data([0xFF, 0xD8, 1, 2, 3]), file: "x.jpg").hex == sample.digest)
    }

    @Test("a file cut anywhere is an error", arguments: JPEGSample.all)
    func truncated(sample: JPEGSample) {
      let bytes = sample.bytes
      for length in 0..<bytes.count {
        let error = fault(bytes.prefix(length))
        #expect(error != nil, "cut to \(length) of \(bytes.count) bytes")
        if let error { #expect(!error.description.contains("\n") && error.exitCode == 65) }
      }
    }

    @Test("a thousand corrupt bytes in each file: an image or one line", arguments: JPEGSample.all)
    func corrupt(sample: JPEGSample) {
      var numbers = TestNumbers(seed: 17)
      let whole = sample.bytes
      var refused = 0
      for _ in 0..<1000 {
        var bytes = whole
        let offset = Int(numbers.next() % UInt64(bytes.count))
        bytes[offset] ^= UInt8(1 + numbers.next() % 255)
        do {
          let image = try JPEG.decode(bytes, file: "x.jpg")
          #expect(image.width * image.height <= RGBImage.pixelLimit)
        } catch let error as DataError {
          #expect(!error.description.contains("\n"))
          refused += 1
        } catch {
          Issue.record("offset \(offset): \(error)")
        }
      }
      // Tables and entropy-coded bytes carry no redundancy, so many changes give another valid image.
      #expect(refused > 100, "\(refused) of 1000 refused")
    }

    /// A sample whose frame header claims other extents.
    private func resized(_ name: String, width: Int, height: Int) -> Data {
      var bytes = JPEGSample.named(name).bytes
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
        #expect(fault(resized(name, width: 8192, height: 8192))?.place == "JPEG data")
        #expect(fault(resized(name, width: 0, height: 17))?.place == "JPEG data")
        #expect(fault(resized(name, width: 24, height: 0))?.place == "JPEG data")
      }
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
      #expect(try JPEG.decode(scans(levels: 3), file: "x.jpg").bytes == [UInt8](repeating: 128, count: 192))
      #expect(fault(scans(levels: 4))?.found.contains("more than 200 scans") == true)
    }

    @Test("components that are neither gray, color nor four inks are refused")
    func components() {
      let frame = Data([0xFF, 0xC0, 0, 14, 8, 0, 8, 0, 8, 2, 1, 0x11, 0, 2, 0x11, 0])
      let scan = Data([0xFF, 0xDA, 0, 10, 2, 1, 0, 2, 0, 0, 63, 0])
      #expect(fault(Data([0xFF, 0xD8]) + frame + scan)?.place == "JPEG data")
    }
  }
#endif
