import LongTail
import Testing

@Suite("Imbalance")
struct ImbalanceTests {
  @Test("long-tailed CIFAR-10 counts are the published ones")
  func cifar10() {
    let expected: [Double: [Int]] = [
      10: [5000, 3871, 2997, 2320, 1796, 1391, 1077, 834, 645, 500],
      50: [5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100],
      100: [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50],
      200: [5000, 2775, 1540, 854, 474, 263, 146, 81, 45, 25],
    ]
    for (ratio, counts) in expected {
      #expect(ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: 10, perClass: 5000).counts == counts)
    }
  }

  @Test("long-tailed CIFAR-100 counts are the published ones")
  func cifar100() {
    let counts = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 100, perClass: 500).counts
    #expect(
      counts == [
        500, 477, 455, 434, 415, 396, 378, 361, 344, 328, 314, 299, 286, 273, 260, 248, 237, 226, 216, 206,
        197, 188, 179, 171, 163, 156, 149, 142, 135, 129, 123, 118, 112, 107, 102, 98, 93, 89, 85, 81,
        77, 74, 70, 67, 64, 61, 58, 56, 53, 51, 48, 46, 44, 42, 40, 38, 36, 35, 33, 32,
        30, 29, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 15, 14, 13, 13, 12,
        12, 11, 11, 10, 10, 9, 9, 8, 8, 7, 7, 7, 6, 6, 6, 6, 5, 5, 5, 5,
      ])
    for (ratio, total) in [(10.0, 19573), (50, 12608), (100, 10847), (200, 9502)] {
      #expect(ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: 100, perClass: 500).total == total)
    }
  }

  @Test("step counts: five classes of 5000 and five of 50; fifty of 500 and fifty of 5")
  func step() {
    #expect(
      ImbalanceProfile(kind: .step, ratio: 100, classes: 10, perClass: 5000).counts
        == Array(repeating: 5000, count: 5) + Array(repeating: 50, count: 5))
    #expect(
      ImbalanceProfile(kind: .step, ratio: 100, classes: 100, perClass: 500).counts
        == Array(repeating: 500, count: 50) + Array(repeating: 5, count: 50))
  }

  @Test("the published subset keeps NumPy's ranks of each class, class by class")
  func subset() {
    // Labels interleaved as in no published file: position p has label p mod 10, so rank r of class c is 10r + c.
    let labels = (0..<50_000).map { $0 % 10 }
    let profile = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 10, perClass: 5000)
    let subset = LongTailedSubset(labels: labels, profile: profile)
    #expect(subset.positions.count == 12_406)
    #expect(Array(subset.positions.prefix(5)) == [398, 3833, 4836, 4572, 636].map { $0 * 10 })
    let tail = Array(subset.positions.suffix(50))
    #expect(Array(tail.prefix(5)) == [2204, 3816, 2206, 2507, 1926].map { $0 * 10 + 9 })
    #expect(tail.reduce(0) { $0 + ($1 - 9) / 10 } == 129_276)
    #expect(Set(subset.positions).count == 12_406)
    let plain = LongTailedSubset(labels: labels, profile: profile, selection: .firstInOrder)
    #expect(Array(plain.positions.suffix(50)) == (0..<50).map { $0 * 10 + 9 })
  }

  @Test("groups: 3/4/3, 36/35/29, halves, and the count thresholds of SSE-SAM")
  func groups() {
    let ten = ClassGroups(byIndex: .longTailed, classes: 10)
    #expect([ten.head, ten.mid, ten.tail] == [[0, 1, 2], [3, 4, 5, 6], [7, 8, 9]])
    let hundred = ClassGroups(byIndex: .longTailed, classes: 100)
    #expect([hundred.head.count, hundred.mid.count, hundred.tail.count] == [36, 35, 29])
    #expect([hundred.mid.first, hundred.tail.first] == [36, 71])
    let step = ClassGroups(byIndex: .step, classes: 10)
    #expect([step.head, step.mid, step.tail] == [[0, 1, 2, 3, 4], [], [5, 6, 7, 8, 9]])
    let counts = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 100, perClass: 500).counts
    let sse = ClassGroups(byCount: counts, many: 100, few: 20)
    #expect([sse.head.count, sse.mid.count, sse.tail.count] == [35, 35, 30])
    let sse10 = ClassGroups(
      byCount: ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 10, perClass: 5000).counts,
      many: 1000, few: 200)
    #expect([sse10.head.count, sse10.mid.count, sse10.tail.count] == [4, 3, 3])
  }

  @Test("effective-number weights are the published ones")
  func weights() {
    func expectWeights(_ counts: [Int], _ expected: [(Int, Double)]) {
      let weights = ClassWeights.effectiveNumber(counts: counts)
      // The published numbers are rounded to six decimals.
      for (label, value) in expected {
        #expect(abs(weights[label] - value) <= 0.5e-6 + 1e-12, "class \(label)")
      }
      // A sum of at most a hundred terms, each with two roundings.
      let excess = weights.reduce(0, +) - Double(counts.count)
      #expect(abs(excess) <= 1e-12 * Double(counts.count))
    }
    func counts(_ kind: ImbalanceProfile.Kind, _ classes: Int, _ perClass: Int) -> [Int] {
      ImbalanceProfile(kind: kind, ratio: 100, classes: classes, perClass: perClass).counts
    }
    let ten = [
      0.050611, 0.076900, 0.121134, 0.195037, 0.318805, 0.524590, 0.868349, 1.442627, 2.409223, 3.992724,
    ]
    expectWeights(counts(.longTailed, 10, 5000), Array(ten.enumerated()).map { ($0.offset, $0.element) })
    expectWeights(counts(.step, 10, 5000), [(0, 0.025034), (4, 0.025034), (5, 1.974966), (9, 1.974966)])
    expectWeights(
      counts(.longTailed, 100, 500),
      [
        (0, 0.044876), (1, 0.046986), (35, 0.224424), (36, 0.236430), (70, 1.152994), (71, 1.216989),
        (98, 4.378313),
        (99, 4.378313),
      ])
    expectWeights(counts(.step, 100, 500), [(0, 0.020291), (99, 1.979709)])
    // The literal 1/n rule is another one: the largest ratio is 100, not 78.9.
    let inverse = ClassWeights.inverseFrequency(counts: counts(.longTailed, 10, 5000))
    #expect(abs(inverse[9] / inverse[0] - 100) <= 1e-12 * 100)
  }
}
