import CEscapementKernels
import Foundation
import EscapementTestSupport
import Testing

/// Bytes that end where an unmapped page begins; counts are multiples of four.
private struct FencedBytes {
  private let words: FencedArray<Float>
  let count: Int
  var pointer: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(words.pointer).assumingMemoryBound(to: UInt8.self)
  }
  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
  var isIntact: Bool { words.isIntact }

  init(_ bytes: [UInt8], writable: Bool = false) {
    precondition(bytes.count % 4 == 0, "\(bytes.count) bytes are no whole number of words")
    count = bytes.count
    words = FencedArray(
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }, writable: writable)
  }
}

@Suite struct ImageKernelTests {
  private func bytes(_ count: Int) -> [UInt8] {
    var numbers = TestNumbers(seed: UInt64(count))
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
  }

  /// Runs `body` while this thread rounds toward zero.
  private func roundingTowardZero(_ body: () -> Void) {
    var saved = fenv_t()
    fegetenv(&saved)
    var foreign = saved
    #if arch(x86_64)
      foreign.__mxcsr |= 0x6000
    #elseif arch(arm64)
      foreign.__fpcr |= 3 << 22
    #endif
    fesetenv(&foreign)
    body()
    fesetenv(&saved)
  }

  @Test func resizeStaysInItsBuffersAndItsMode() {
    for (width, height, outWidth, outHeight) in [
      (28, 21, 12, 9), (12, 9, 28, 21), (4, 1, 8, 3), (100, 3, 4, 40),
    ] {
      let x = FencedBytes(bytes(3 * width * height))
      for margin in [0, 1] where outWidth > 4 * margin && outHeight > margin {
        var keep = ek_window(
          left: 4 * margin, top: margin, width: outWidth - 4 * margin, height: outHeight - margin)
        let empty = [UInt8](repeating: 0xAA, count: 3 * keep.width * keep.height)
        let (plain, foreign) = (FencedBytes(empty, writable: true), FencedBytes(empty, writable: true))
        ek_image_resize(width, height, x.pointer, 3 * width, outWidth, outHeight, &keep, plain.pointer)
        roundingTowardZero {
          ek_image_resize(width, height, x.pointer, 3 * width, outWidth, outHeight, &keep, foreign.pointer)
        }
        #expect(plain.bytes == foreign.bytes)
        #expect(plain.isIntact && foreign.isIntact)
      }
    }
  }

  @Test func enhancementsStayInTheirBuffersAndTheirMode() {
    let source = bytes(3 * 400)
    for kind in [EK_BRIGHTNESS, EK_CONTRAST, EK_SATURATION] {
      // 10 · 0.7 rounds to 7 in float, and toward zero to less: the byte that is cut from it differs.
      for factor: Float in [0.7, 1.3] {
        let x = FencedBytes(source)
        let apart = FencedBytes([UInt8](repeating: 0, count: source.count), writable: true)
        let inPlace = FencedBytes(source, writable: true)
        ek_image_enhance(kind, 400, factor, x.pointer, apart.pointer)
        roundingTowardZero { ek_image_enhance(kind, 400, factor, inPlace.pointer, inPlace.pointer) }
        #expect(apart.bytes == inPlace.bytes)
        #expect(apart.bytes != source && apart.isIntact)
      }
    }
  }

  @Test func normalizationLooksEveryByteUp() {
    var numbers = TestNumbers(seed: 9)
    let table = FencedArray<Double>(numbers.values(3 * 256))
    let source = bytes(3 * 8 * 5)
    let x = FencedBytes(source)
    for flip in [false, true] {
      let y = FencedArray([Double](repeating: .nan, count: source.count), writable: true)
      ek_image_normalize(EK_F64, 5, 8, x.pointer, flip, table.pointer, y.pointer)
      let expected = source.indices.map { i -> Double in
        let (pixel, channel) = (i / 3, i % 3)
        let column = flip ? 7 - pixel % 8 : pixel % 8
        return table.elements[256 * channel + Int(source[3 * (pixel / 8 * 8 + column) + channel])]
      }
      #expect(firstDifference(y.elements, expected) == nil)
      #expect(y.isIntact)
    }
  }
}
