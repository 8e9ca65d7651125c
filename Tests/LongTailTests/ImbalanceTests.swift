import EscapementOptimizers
import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementLongTail

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

  @Test("the formula gives the published tables, and non-published ratios are computed")
  func tables() {
    for (classes, perClass) in [(10, 5000), (100, 500)] {
      for ratio in [10.0, 50, 100, 200] {
        let formula = ImbalanceProfile(
          kind: .longTailed, ratio: ratio, classes: classes, perClass: perClass, usesTable: false)
        let table = ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: classes, perClass: perClass)
        #expect(formula.counts == table.counts && table.snapped.isEmpty, "\(classes) classes, \(ratio)")
      }
      #expect(
        ImbalanceProfile(kind: .longTailed, ratio: 1, classes: classes, perClass: perClass).counts
          == Array(repeating: perClass, count: classes))
    }
    // 5000/16^(c/4): 5000, 2500, 1250, 625, 312.5.
    let fifth = ImbalanceProfile(kind: .longTailed, ratio: 16, classes: 5, perClass: 5000)
    #expect(fifth.counts == [5000, 2500, 1250, 625, 312])
  }

  @Test("a value next to an integer is that integer and is reported")
  func snapping() {
    // Over many ratios r^(C−1) the exact counts are perClass/r^c: every class whose quotient is whole must be given it,
    // and those that exp and log miss by a last bit must be on the list.
    var reported = 0
    for root in 2...6 {
      let ratio = Double(root * root * root * root)
      let profile = ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: 5, perClass: 6480)
      var power = 1
      for label in 0..<5 {
        #expect(profile.counts[label] == 6480 / power, "\(ratio), class \(label)")
        if profile.snapped.contains(label) { #expect(6480 % power == 0, "\(ratio), class \(label)") }
        power *= root
      }
      reported += profile.snapped.count
    }
    #expect(reported > 0)
  }

  /// SHA-256 over the positions, one a line, that NumPy's generator keeps of labels p mod C.
  @Test(
    "the subsets of both data sets and all ratios are NumPy's, position by position",
    arguments: [
      (10, 10.0, "3da281c0e2bb19ff1569bcd33bd1f32c327482365d89aa5d40611b3834ca133f"),
      (10, 50, "b60d9d125dd61ee0873645aba1b27ddd1510e7ed2f631192ad28e63f3df9b648"),
      (10, 100, "d61b365360539537de02174d15c58510a4da223882cd51dff51d4f2178fd8b35"),
      (10, 200, "31d5411d40602fc878be6c2a21c6eb72aec10c2612acc6e56facee3aa00e5ce5"),
      (100, 10, "16443da2a0e45b57813490e8b8bc889b0128fe34d6f68f879c0fb781224d3d91"),
      (100, 50, "7ec5c6429b256c9ea64df2ae524ae2dac51ad48da0d237a99feacbe0719de2c4"),
      (100, 100, "1c28a5b89e91ef6cf9529e1ba9f6321322c245c8f65395a95583cb7fb63c52cb"),
      (100, 200, "23793c9ecc624573b1b2a267e296241a272ec674b1d3e9902c8e71aa6a8640c5"),
    ])
  func subsets(classes: Int, ratio: Double, digest: String) {
    let labels = (0..<50_000).map { $0 % classes }
    let perClass = 50_000 / classes
    let subset = LongTailedSubset(
      labels: labels,
      profile: ImbalanceProfile(kind: .longTailed, ratio: ratio, classes: classes, perClass: perClass))
    #expect(DataManifest.digest(of: subset.positions).hex == digest)
  }

  @Test("the subsets of the step profiles are NumPy's")
  func stepSubsets() {
    for (classes, digest) in [
      (10, "ebd06c59f7fc23797be4287274a9a044f8e7df127de1ad82f7ed5b0b66ea4b2e"),
      (100, "e25c5c2db29aea4eeb9797c800a56ff6111c163014330f010bbdcbbe2d650dfb"),
    ] {
      let labels = (0..<50_000).map { $0 % classes }
      let profile = ImbalanceProfile(kind: .step, ratio: 100, classes: classes, perClass: 50_000 / classes)
      let subset = LongTailedSubset(labels: labels, profile: profile)
      #expect(DataManifest.digest(of: subset.positions).hex == digest, "\(classes) classes")
    }
  }

  @Test("CIFAR-100 keeps the recorded ranks of each class")
  func hundredSubset() {
    let labels = (0..<50_000).map { $0 % 100 }
    let profile = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 100, perClass: 500)
    let subset = LongTailedSubset(labels: labels, profile: profile)
    let ranks = (0..<100).map { label in
      subset.positions.filter { $0 % 100 == label }.map { ($0 - label) / 100 }
    }
    for (label, first, sum) in [
      (0, [90, 254, 283, 445, 461], 124_750), (1, [277, 307, 436, 88, 261], 119_669),
      (35, [343, 394, 72, 121, 176], 24_584), (71, [266, 315, 276, 2, 477], 4_281),
      (98, [290, 347, 167, 356, 272], 1_432), (99, [348, 153, 363, 361, 299], 1_524),
    ] {
      #expect(Array(ranks[label].prefix(5)) == first && ranks[label].reduce(0, +) == sum, "class \(label)")
    }
    #expect(ranks.joined().reduce(0, +) == 2_709_482)
  }

  @Test("LDAM's margins, VS's divisors and offsets are the recorded ones")
  func adjustments() {
    func expect(_ values: [Double], _ recorded: [(Int, Double)], _ name: String) {
      // Recorded to six decimals.
      for (label, value) in recorded {
        #expect(abs(values[label] - value) <= 0.5e-6 + 1e-12, "\(name), class \(label)")
      }
    }
    func listed(_ values: [Double]) -> [(Int, Double)] {
      Array(values.enumerated()).map { ($0.offset, $0.element) }
    }
    let ten = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 10, perClass: 5000).counts
    expect(
      LogitAdjustment.margins(counts: ten),
      listed([0.158114, 0.179697, 0.204238, 0.232091, 0.263829, 0.299768, 0.340675, 0.387221, 0.440497, 0.5]),
      "margins")
    expect(
      LogitAdjustment.divisors(counts: ten),
      listed([1, 1.025922, 1.052527, 1.079786, 1.107823, 1.136483, 1.165934, 1.196183, 1.227424, 1.258925]),
      "divisors")
    expect(
      LogitAdjustment.offsets(counts: ten),
      listed([
        -0.681557, -1.065426, -1.449464, -1.833001, -2.217514, -2.600633, -2.984399, -3.368596, -3.755321,
        -4.135434,
      ]), "offsets")
    let hundred = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 100, perClass: 500).counts
    let shown = [0, 1, 35, 36, 70, 71, 98, 99]
    expect(
      LogitAdjustment.margins(counts: hundred),
      Array(zip(shown, [0.158114, 0.159986, 0.237633, 0.240764, 0.358116, 0.362990, 0.5, 0.5])), "margins")
    expect(
      LogitAdjustment.divisors(counts: hundred),
      Array(zip(shown, [1, 1.002357, 1.084894, 1.087738, 1.177635, 1.180823, 1.258925, 1.258925])), "divisors"
    )
    expect(
      LogitAdjustment.offsets(counts: hundred),
      Array(
        zip(
          shown,
          [-2.307777, -2.343095, -3.530007, -3.569283, -4.760404, -4.800954, -5.761654, -5.761654])),
      "offsets")
    #expect(LogitAdjustment.divisors(counts: ten, gamma: 0) == Array(repeating: 1, count: 10))
    #expect(LogitAdjustment.offsets(counts: ten, tau: 0).allSatisfy { $0 == 0 })
  }

  @Test("names stand for what they say, and only well-formed ones stand for anything")
  func names() throws {
    let plain = try #require(DataName("cifar10-lt100"))
    #expect(plain.profile.total == 12_406 && plain.selection == .published())
    #expect(plain.groups == ClassGroups(byIndex: .longTailed, classes: 10))
    let first = try #require(DataName("cifar100-lt100-first"))
    #expect(
      first.selection == .firstInOrder && first.groups.head.count == 35 && first.groups.tail.count == 30)
    let coarse = try #require(DataName("cifar100coarse-step12.5"))
    #expect(
      coarse.labels == .coarse
        && coarse.profile.counts == [2500, 200].flatMap { Array(repeating: $0, count: 10) })
    for name in ["cifar10-lt100", "cifar100-step50-first", "cifar100coarse-lt2.5", "cifar10-step5000"] {
      #expect(DataName(name)?.description == name)
    }
    // A set alone is balanced: all its images.
    for name in ["cifar10", "cifar100", "cifar100coarse"] {
      let whole = try #require(DataName(name))
      #expect(whole == DataName("\(name)-lt1") && whole.description == "\(name)-lt1")
      #expect(whole.profile.total == 50_000 && Set(whole.profile.counts).count == 1)
    }
    for name in [
      "", "cifar", "cifar10-first", "cifar10-", "cifar10-lt", "cifar10-lt0", "cifar10-lt-5", "cifar10-lt1e2",
      "cifar10-lt100-",
      "cifar10-lt100-last", "cifar10-lt0100", "cifar10-lt100.0", "cifar10coarse-lt10", "cifar10-xx10",
      "cifar10-ltnan",
      "cifar100-lt501", "cifar10-lt99999", "svhn-lt100", "cifar10-lt٣",
    ] {
      #expect(DataName(name) == nil, "\(name)")
    }
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
    #expect(ten.head == [0, 1, 2] && ten.mid == [3, 4, 5, 6] && ten.tail == [7, 8, 9])
    let hundred = ClassGroups(byIndex: .longTailed, classes: 100)
    #expect(hundred.head.count == 36 && hundred.mid.count == 35 && hundred.tail.count == 29)
    #expect([hundred.mid.first, hundred.tail.first] == [36, 71])
    let step = ClassGroups(byIndex: .step, classes: 10)
    #expect([step.head, step.mid, step.tail] == [[0, 1, 2, 3, 4], [], [5, 6, 7, 8, 9]])
    let counts = ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 100, perClass: 500).counts
    let sse = ClassGroups(byCount: counts, many: 100, few: 20)
    #expect(sse.head.count == 35 && sse.mid.count == 35 && sse.tail.count == 30)
    let sse10 = ClassGroups(
      byCount: ImbalanceProfile(kind: .longTailed, ratio: 100, classes: 10, perClass: 5000).counts,
      many: 1000, few: 200)
    #expect(sse10.head.count == 4 && sse10.mid.count == 3 && sse10.tail.count == 3)
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
