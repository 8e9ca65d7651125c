import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct ImagePreparationTests {
  /// Every crop, flipped and not, of images whose bytes all differ from their neighbors.
  private func images<E: Real>(_ type: E.Type) {
    for (side, pad) in [(1, 0), (4, 0), (4, 1), (5, 2), (8, 4)] {
      var numbers = TestNumbers(seed: UInt64(side))
      let table = FencedArray<E>(numbers.values(3 * 256))
      var places: [(dy: Int, dx: Int, flip: Bool)] = []
      for dy in 0...2 * pad {
        for dx in 0...2 * pad { places += [(dy, dx, false), (dy, dx, true)] }
      }
      let planes = places.map { _ in
        (0..<3 * side * side).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      }
      let storage = planes.map { image in
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: image.count)
        copy.initialize(from: image, count: image.count)
        return copy
      }
      defer { for copy in storage { copy.deallocate() } }
      let images = storage.map { UnsafePointer<UInt8>?($0) }
      let expected = zip(places, planes).flatMap {
        Reference.image(
          side: side, pad: pad, planes: $1, dy: $0.dy, dx: $0.dx, flip: $0.flip, table: table.elements)
      }
      let (dy, dx) = (places.map { UInt8($0.dy) }, places.map { UInt8($0.dx) })
      let flip = places.map { UInt8($0.flip ? 1 : 0) }
      check("\(places.count) crops of side \(side), pad \(pad)", expected: expected) {
        ek_images_prepare(E.kernelType, places.count, side, pad, images, dy, dx, flip, table.pointer, $0)
      }
    }
  }
  @Test func everyCropFloat() { images(Float.self) }
  @Test func everyCropDouble() { images(Double.self) }
}
