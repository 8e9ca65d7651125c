import Foundation

// Git (core.autocrlf, text=auto) and editors rewrite text files: LF becomes CR LF or the reverse, and a UTF-8 byte
// order mark appears. The formats of this package contain neither a mark nor a CR in their values, so the original
// bytes can be restored before a digest is compared.

extension Data {
  /// The bytes of a UTF-8 byte order mark.
  private static let byteOrderMark = Data([0xEF, 0xBB, 0xBF])

  /// These bytes without a leading UTF-8 byte order mark.
  package var withoutByteOrderMark: Data {
    starts(with: Self.byteOrderMark) ? Data(dropFirst(Self.byteOrderMark.count)) : self
  }

  /// These bytes without a leading byte order mark and with LF for every CR LF.
  package var withPlainLineEnds: Data {
    let text = withoutByteOrderMark
    return text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, memchr(start, 0x0D, bytes.count) != nil else { return text }
      var plain = Data(capacity: bytes.count)
      var begin = 0
      while begin < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[begin...])
        // The piece up to the next CR; the CR itself is left out if LF follows.
        let length = memchr(rest.baseAddress!, 0x0D, rest.count).map {
          UnsafeRawPointer($0) - rest.baseAddress!
        }
        guard let length else {
          plain.append(contentsOf: rest)
          break
        }
        let endsLine = length + 1 < rest.count && rest[length + 1] == 0x0A
        plain.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest[..<(endsLine ? length : length + 1)]))
        begin += length + 1
      }
      return plain
    }
  }
}
