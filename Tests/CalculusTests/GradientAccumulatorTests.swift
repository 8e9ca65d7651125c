import EscapementCalculus
import EscapementKernels
import EscapementRandomness
import Testing

@Suite("Blocks and accumulation")
struct GradientAccumulatorTests {
  /// The adjacent-pairs tree of rule 2, spelt out.
  private func tree(_ leaves: [Float]) -> Float {
    var sums = leaves
    var step = 1
    while step < sums.count {
      for i in stride(from: 0, to: sums.count - step, by: 2 * step) { sums[i] = sums[i] + sums[i + step] }
      step *= 2
    }
    return sums[0]
  }

  @Test("blocks are aligned, cover everything once and respect the part size")
  func blocks() {
    for count in [0, 1, 7, 8, 9, 45, 64, 100, 129, 1000] {
      for partSize in [1, 8, 24, 64, 4096] {
        var position = 0
        for (range, level) in BlockPartition(count: count, partSize: partSize) {
          #expect(range.lowerBound == position)
          #expect(range.count <= max(8, partSize) && !range.isEmpty)
          #expect(range.lowerBound % (8 << level) == 0)
          #expect(range.count == 8 << level || range.upperBound == count)
          position = range.upperBound
        }
        #expect(position == count)
      }
    }
  }

  @Test("any parts give the bits of the tree over all groups")
  func wholeEqualsParts() {
    var layout = ParameterLayout()
    layout.append(name: "w", shape: [1], role: .dense)
    for count in [1, 8, 13, 45, 64, 100, 203] {
      // One leaf per group of eight samples; leaves of mixed sizes, so that another order gives other bits.
      let groups = (count + 7) / 8
      let leaves = Tensor<Float>.standardNormal(
        seed: 1, purpose: .probe, index: UInt64(count), shape: [groups]
      ).elements
        .enumerated().map { $1 * Float(1 << ($0 % 12)) }
      for partSize in [8, 16, 40, 1024] {
        var accumulator = GradientAccumulator<Float>(layout: layout)
        for (range, level) in BlockPartition(count: count, partSize: partSize) {
          accumulator.level = level
          let part = leaves[(range.lowerBound / 8)..<((range.upperBound + 7) / 8)]
          accumulator.add([Tensor([tree(Array(part))])], to: 0)
        }
        #expect(
          accumulator.total().flat.elements == [tree(leaves)], "\(count) samples in parts of \(partSize)")
      }
    }
    // The check can fail: left-to-right summation of the same leaves differs.
    let leaves: [Float] = [1, 0x1p-24, 0x1p-24, 0x1p-24]
    #expect(tree(leaves) != leaves.reduce(0, +))
  }

  @Test("a pullback sees the total of all parts, once, as a value or as a moving value")
  func pullback() {
    var layout = ParameterLayout()
    layout.append(name: "w", shape: [1], role: .matrix)
    layout.append(name: "v", shape: [1], role: .vector)
    // f(s) = s·w for a w that moves by 10 along the direction: the derivative is ṡ·w + s·ẇ.
    let (w, direction) = (Tensor<Float>([3]), Tensor<Float>([10]))
    var values = GradientAccumulator<Float>(layout: layout)
    var moving = GradientAccumulator<Float>(layout: layout)
    for (sum, tangent) in [(1 as Float, 0x1p-24 as Float), (0x1p-24, 1), (0x1p-24, 2)] {
      values.add([Tensor([sum])], primal: nil, to: 0)
      values.pullBack(0) { (s: Tensor<Float>) in s * w }
      moving.add([Tensor([tangent]), Tensor([tangent])], primal: Tensor([sum]), to: 0)
      moving.pullBack(0) { (s: Dual<Tensor<Float>>) in s * Dual(w, tangent: direction) }
    }
    // The tree is (1 + 2⁻²⁴) + 2⁻²⁴ = 1 in Float; per part the second and third product would not vanish.
    #expect(values.total().flat.elements == [3, 0])
    // The tree of a term is (2⁻²⁴ + 1) + 2 = 3; the terms add up to 6.
    #expect(moving.total().flat.elements == [6 * 3 + 1 * 10, 0])

    // Where only the function moves, the sum's own derivative is zero.
    var still = GradientAccumulator<Float>(layout: layout)
    still.add([], primal: Tensor([2]), to: 0)
    still.pullBack(0) { (s: Dual<Tensor<Float>>) in s * Dual(w, tangent: direction) }
    #expect(still.total().flat.elements == [20, 0])
  }

  @Test("axis sums stay in Double and are rounded once")
  func axisSums() {
    var layout = ParameterLayout()
    layout.append(name: "b", shape: [1], role: .vector)
    var accumulator = GradientAccumulator<Float>(layout: layout)
    accumulator.add(wide: [Tensor([1.0])], to: 0)
    for _ in 0..<3 { accumulator.add(wide: [Tensor([0x1p-25])], to: 0) }
    // In Float each 2⁻²⁵ would vanish against 1; their sum of 3·2⁻²⁵ rounds up to one ulp (2⁻²³).
    #expect(accumulator.total().flat.elements == [1 + 0x1p-23])
  }
}
