import Testing
import Training

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

  @Test func reweightingStartsAtItsEpoch() {
    let weights = [0.25, 1.75]
    let released = DeferredReweighting(weights: weights)
    for (epoch, expected) in [(0, [1, 1]), (159, [1, 1]), (160, weights), (161, weights), (500, weights)] {
      #expect(released.weights(epoch: epoch) == expected)
    }
    #expect(DeferredReweighting(start: nil, weights: weights).weights(epoch: 500) == [1, 1])
    #expect(DeferredReweighting(start: 0, weights: weights).weights(epoch: 0) == weights)
  }
}
