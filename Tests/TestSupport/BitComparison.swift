import Foundation
import EscapementKernels

/// Describes the first place where two arrays differ in bits; nil if they agree.
///
/// Any NaN equals any other (payloads are outside the numeric contract); −0 differs from +0.
public func firstDifference<E: Real>(_ got: [E], _ expected: [E]) -> String? {
  guard got.count == expected.count else { return "\(got.count) elements, expected \(expected.count)" }
  let equal = got.withUnsafeBytes { a in
    expected.withUnsafeBytes { b in a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }
  }
  if equal { return nil }
  for i in got.indices {
    let (a, b) = (got[i], expected[i])
    if a.bits != b.bits && !(a.isNaN && b.isNaN) {
      return "element \(i) of \(got.count): got \(a) (\(hex(a.bits))), expected \(b) (\(hex(b.bits)))"
    }
  }
  return nil
}

private func hex(_ bits: UInt64) -> String { "0x" + String(bits, radix: 16) }
