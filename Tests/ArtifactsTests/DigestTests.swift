import EscapementArtifacts
import Foundation
import Testing

@Suite struct DigestTests {
  // FIPS 180-4 examples published by NIST (CSRC, "SHA256.pdf") and the million-a vector of FIPS 180-2, B.3.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedVectors(_ text: String, _ expected: String) {
    #expect(Digest(of: text).hex == expected)
    #expect(Digest(hex: expected) == Digest(of: text))
  }

  @Test func millionTimesAInPieces() {
    let stream = DigestStream()
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 999)
    for _ in 0..<1001 { piece.withUnsafeBytes { stream.update($0) } }
    piece.withUnsafeBytes { stream.update(UnsafeRawBufferPointer(rebasing: $0[..<1])) }
    #expect(stream.finish().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func refusesOtherText() {
    #expect(Digest(hex: "") == nil)
    #expect(Digest(hex: String(repeating: "G", count: 64)) == nil)
    #expect(Digest(hex: String(repeating: "A", count: 64)) == nil)
  }

  @Test func tensorFramingSeparatesNameShapeAndBytes() {
    func digest(_ name: String, _ shape: [Int], _ bytes: [UInt8]) -> Digest {
      let stream = DigestStream()
      bytes.withUnsafeBytes { stream.update(name: name, dtype: "U8", shape: shape, elements: $0) }
      return stream.finish()
    }
    let base = digest("ab", [2, 3], [1, 2, 3, 4, 5, 6])
    #expect(base == digest("ab", [2, 3], [1, 2, 3, 4, 5, 6]))
    for other in [
      digest("a", [2, 3], [1, 2, 3, 4, 5, 6]), digest("ab", [3, 2], [1, 2, 3, 4, 5, 6]),
      digest("ab", [6], [1, 2, 3, 4, 5, 6]), digest("ab", [2, 3], [1, 2, 3, 4, 5, 7]),
    ] { #expect(other != base) }
  }

  @Test func hexFloats() {
    #expect(HexFloat.string(Float(1)) == "0x3f800000")
    #expect(HexFloat.string(-0.0) == "0x8000000000000000")
    #expect(HexFloat.string(Float.leastNonzeroMagnitude) == "0x00000001")
    #expect(HexFloat.float("0x3f800000") == 1)
    #expect(HexFloat.double("0x7ff8000000000000")?.isNaN == true)
    for bad in ["3f800000", "0x3f80000", "0x+f800000", "0x3f80000g", "0x3f8000000"] {
      #expect(HexFloat.float(bad) == nil)
    }
  }
}
