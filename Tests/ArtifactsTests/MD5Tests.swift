import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing

@Suite struct MD5Tests {
  // The test suite of RFC 1321, A.5.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func publishedVectors(_ text: String, _ expected: String) {
    #expect(MD5(of: Data(text.utf8))?.hex == expected)
    #expect(MD5(hex: expected) == MD5(of: Data(text.utf8)))
  }

  @Test func refusesOtherText() {
    #expect(MD5(hex: "") == nil)
    #expect(MD5(hex: String(repeating: "a", count: 64)) == nil)
    #expect(MD5(hex: String(repeating: "A", count: 32)) == nil)
  }

  @Test func ofAFileInPieces() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let file = directory.url.appendingPathComponent("file")
    // Two whole pieces and a bit.
    let data = Data((0..<600_001).map { UInt8(truncatingIfNeeded: $0 / 7) })
    try data.write(to: file)
    let digests = try FileDigests(of: file)
    #expect(digests.byteCount == 600_001 && digests.sha256 == Digest(of: data))
    #expect(digests.md5 == MD5(of: data))
    #expect(throws: MissingError.self) { try FileDigests(of: directory.url.appendingPathComponent("none")) }
    #expect(throws: FileError.self) { try FileDigests(of: directory.url) }
  }
}
