import EscapementRandomness
import Testing

@Suite("NumPy's legacy generator")
struct NumPyLegacyRandomTests {
  /// Shuffles the ranks of every class in turn, as the released subset code does, and keeps the first n_c.
  private func kept(_ counts: [Int], perClass: Int) -> (ranks: [[Int]], next: UInt32) {
    var generator = NumPyLegacyRandom(seed: 0)
    let ranks = counts.map { count in
      var ranks = Array(0..<perClass)
      generator.shuffle(&ranks)
      return Array(ranks.prefix(count))
    }
    return (ranks, generator.next())
  }

  @Test("seed 5489 gives MT19937's reference output")
  func reference() {
    var generator = NumPyLegacyRandom(seed: 5489)
    #expect(generator.next() == 3_499_211_612)
    for _ in 1..<9999 { _ = generator.next() }
    // The C++ standard fixes the 10,000th output of mt19937.
    #expect(generator.next() == 4_123_659_995)
  }

  @Test("CIFAR-10 ranks are NumPy's")
  func cifar10() {
    let counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    let first = [
      [398, 3833, 4836, 4572, 636], [597, 332, 521, 3935, 4800], [3488, 1136, 3494, 2945, 4518],
      [3542, 3307, 4529, 1646, 2583], [2583, 3687, 4719, 980, 168], [4127, 1152, 4595, 4590, 2270],
      [1042, 3356, 441, 1554, 3543], [3860, 271, 757, 4394, 475], [1905, 4623, 1694, 4227, 2715],
      [2204, 3816, 2206, 2507, 1926],
    ]
    let sums = [
      12_497_500, 7_517_660, 4_449_736, 2_713_961, 1_570_041, 985_831, 558_345, 328_540, 202_341, 129_276,
    ]
    let (ranks, next) = kept(counts, perClass: 5000)
    #expect(ranks.map { Array($0.prefix(5)) } == first)
    #expect(ranks.map { $0.reduce(0, +) } == sums)
    #expect(next == 3_131_438_006)
  }

  @Test("CIFAR-100 ranks are NumPy's")
  func cifar100() {
    let counts = [
      500, 477, 455, 434, 415, 396, 378, 361, 344, 328, 314, 299, 286, 273, 260, 248, 237, 226, 216, 206,
      197, 188, 179, 171, 163, 156, 149, 142, 135, 129, 123, 118, 112, 107, 102, 98, 93, 89, 85, 81,
      77, 74, 70, 67, 64, 61, 58, 56, 53, 51, 48, 46, 44, 42, 40, 38, 36, 35, 33, 32,
      30, 29, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 15, 14, 13, 13, 12,
      12, 11, 11, 10, 10, 9, 9, 8, 8, 7, 7, 7, 6, 6, 6, 6, 5, 5, 5, 5,
    ]
    let (ranks, next) = kept(counts, perClass: 500)
    let vectors: [(Int, [Int], Int)] = [
      (0, [90, 254, 283, 445, 461], 124_750), (1, [277, 307, 436, 88, 261], 119_669),
      (35, [343, 394, 72, 121, 176], 24_584), (71, [266, 315, 276, 2, 477], 4281),
      (98, [290, 347, 167, 356, 272], 1432), (99, [348, 153, 363, 361, 299], 1524),
    ]
    for (label, first, sum) in vectors {
      #expect(Array(ranks[label].prefix(5)) == first, "class \(label)")
      #expect(ranks[label].reduce(0, +) == sum, "class \(label)")
    }
    #expect(ranks.joined().reduce(0, +) == 2_709_482)
    #expect(next == 339_816_527)
  }
}
