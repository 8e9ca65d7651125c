import EscapementOptimizers
import Foundation
import EscapementLongTail
import Testing
import EscapementTraining

@Suite struct ScheduleTests {
  // The published table: rate by 0-based epoch, product, quotient and the literals round once each.
  @Test(arguments: [
    (0, 0.02), (1, 0.04), (2, 0.06), (3, 0.08), (4, 0.1), (5, 0.1), (6, 0.1), (100, 0.1), (159, 0.1),
    (160, 1e-3), (179, 1e-3), (180, 1e-5), (199, 1e-5), (299, 1e-5), (1000, 1e-5),
  ])
  func releasedTable(_ epoch: Int, _ rate: Double) {
    let distance = abs(LearningRateSchedule.released().rate(epoch: epoch) - rate)
    #expect(distance <= 4 * rate.ulp)
  }

  @Test func printedFactorsDifferOnlyInTheFirstDrop() {
    let released = LearningRateSchedule.released()
    let printed = LearningRateSchedule.asPrinted()
    for epoch in 0..<200 {
      let expected: Double = (160..<180).contains(epoch) ? 0.1 : 1
      let ratio = printed.rate(epoch: epoch) / released.rate(epoch: epoch)
      let distance = abs(ratio - expected)
      #expect(distance <= 3 * expected.ulp)
    }
  }

  @Test func withoutWarmupTheFirstEpochHasTheBaseRate() {
    let schedule = LearningRateSchedule(
      base: 0.3, warmupEpochs: 0, milestones: [.init(epoch: 1, factor: 0.5)])
    #expect(schedule.rate(epoch: 0) == 0.3)
    #expect(schedule.rate(epoch: 1) == 0.15)
  }

  /// Against the published formulas in Double, with the C library's cosine.
  @Test(arguments: [(0.2, 90, 0), (0.01, 200, 1)]) func halfACosine(
    _ base: Double, _ epochs: Int, _ ahead: Int
  ) {
    let schedule = LearningRateSchedule.cosine(base: base, epochs: epochs, ahead: ahead)
    for epoch in 0..<epochs {
      let angle = Double.pi * Double(epoch + ahead) / Double(epochs)
      let exact = base * (1 + cos(angle)) / 2
      // Four roundings of the sum near its size of at most 2, and the angle's 3 ulp of π.
      #expect(abs(schedule.rate(epoch: epoch) - exact) <= base * 8 * Double.ulpOfOne)
    }
    #expect(schedule.rate(epoch: epochs - 1) == 0 || ahead == 0)
    #expect((schedule.rate(epoch: 0) == base) == (ahead == 0))
    #expect(throws: HyperparameterError.self) { try schedule.validate(epochs: epochs + 1) }
  }

  /// The tables of the two comparisons' code, by 0-based epoch.
  @Test func otherPublishedTables() {
    let ib: [(Int, Double)] = [
      (0, 0.02), (4, 0.1), (99, 0.1), (100, 1e-3), (159, 1e-3), (160, 1e-5), (179, 1e-5), (180, 1e-7),
      (199, 1e-7),
    ]
    for (epoch, rate) in ib {
      #expect(abs(LearningRateSchedule.influenceBalanced().rate(epoch: epoch) - rate) <= 4 * rate.ulp)
    }
    let paco: [(Int, Double)] = [
      (0, 0.005), (9, 0.05), (10, 0.055), (11, 0.05), (320, 0.05), (321, 5e-3), (360, 5e-3), (361, 5e-4),
      (399, 5e-4),
    ]
    for (epoch, rate) in paco {
      #expect(abs(LearningRateSchedule.parametricContrastive().rate(epoch: epoch) - rate) <= 4 * rate.ulp)
    }
  }

  @Test func reweightingStartsAtItsEpoch() {
    let counts = [5000, 50]
    let balancing = ClassWeights.effectiveNumber(counts: counts)
    let released = ClassWeighting.deferred()
    for (epoch, expected) in [(0, nil), (159, nil), (160, balancing), (161, balancing), (500, balancing)] {
      #expect(released.weights(counts: counts, epoch: epoch) == expected)
    }
    #expect(ClassWeighting.deferred(start: 0).weights(counts: counts, epoch: 0) == balancing)
    #expect(ClassWeighting.asPrinted(start: 3).weights(counts: counts, epoch: 3) == [1 / 5000.0, 1 / 50.0])
    // n_c·w_c are equal: w = C·(1/n)/Σ(1/n), four roundings each.
    let inverse = ClassWeighting(.inverseFrequency, start: 0).weights(counts: counts, epoch: 0) ?? []
    #expect(inverse.count == 2 && abs(inverse[0] * 5000 - inverse[1] * 50) <= 8 * Double.ulpOfOne * 100)
  }
}
