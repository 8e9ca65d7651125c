import EscapementOptimizers
import Testing

@Suite struct RhoScheduleTests {
  /// The first and last epoch of each stretch of one radius.
  func stretches(_ schedule: RhoSchedule, epochs: Int) -> [[Double]] {
    var result: [[Double]] = []
    for epoch in 0..<epochs {
      let rho = schedule.rho(epoch: epoch)
      if result.last?[0] == rho {
        result[result.count - 1][2] = Double(epoch)
      } else {
        result.append([rho, Double(epoch), Double(epoch)])
      }
    }
    return result
  }

  @Test func everyBoundary() {
    #expect(stretches(.constant(0.8), epochs: 200) == [[0.8, 0, 199]])
    #expect(
      stretches(.releasedSteps, epochs: 200) == [
        [0.05, 0, 4], [0.1, 5, 159], [0.5, 160, 179], [0.6, 180, 199],
      ])
    #expect(
      stretches(.largeScale(0.05, 0.1, 0.5, 0.6), epochs: 90) == [
        [0.05, 0, 4], [0.1, 5, 59], [0.5, 60, 74], [0.6, 75, 89],
      ])
    // Equal neighbors, as in the released iNaturalist 2018 command, are one stretch.
    #expect(
      stretches(.largeScale(0.05, 0.1, 0.1, 0.2), epochs: 90) == [
        [0.05, 0, 4], [0.1, 5, 74], [0.2, 75, 89],
      ])
    #expect(stretches(.steps(first: 0.3, then: []), epochs: 3) == [[0.3, 0, 2]])
  }

  @Test func theLineHasElevenBits() {
    let schedule = RhoSchedule.releasedLinear()
    // The neighbors of 0.05 and 0.8 with eleven significant bits: 1638/32768 and 1638/2048.
    #expect(schedule.rho(epoch: 0) == 1638.0 / 32768)
    #expect(schedule.rho(epoch: 199) == 1638.0 / 2048)
    for epoch in 0..<200 {
      let exact = 0.05 + 0.75 * Double(epoch) / 199
      let rho = schedule.rho(epoch: epoch)
      // Half a unit in the eleventh bit, and the roundings of the line in Double.
      #expect(abs(rho - exact) <= 0x1p-11 * exact + 4 * Double.ulpOfOne)
      #expect(rho == Double(Float16(rho)))
    }
    #expect(RhoSchedule.linear(first: 0.5, last: 0.75, epochs: 1).rho(epoch: 0) == 0.5)
    #expect(
      (0..<3).map { RhoSchedule.linear(first: 0.5, last: 0.75, epochs: 3).rho(epoch: $0) } == [
        0.5, 0.625, 0.75,
      ])
  }

  @Test func refusesWhatIsNoSchedule() throws {
    for schedule: RhoSchedule in [.constant(0), .releasedSteps, .releasedLinear(epochs: 1)] {
      try schedule.validate()
    }
    let wrong: [RhoSchedule] = [
      .constant(-1), .constant(.nan), .steps(first: .infinity, then: []),
      .steps(first: 0.1, then: [.init(epoch: 5, rho: -0.1)]),
      .steps(first: 0.1, then: [.init(epoch: 0, rho: 0.1)]),
      .steps(first: 0.1, then: [.init(epoch: 5, rho: 0.1), .init(epoch: 5, rho: 0.2)]),
      .linear(first: -1, last: 1, epochs: 5), .linear(first: 0, last: .nan, epochs: 5),
      .linear(first: 0, last: 1, epochs: 0),
    ]
    for schedule in wrong {
      #expect(throws: HyperparameterError.self, "\(schedule)") { try schedule.validate() }
    }
  }
}
