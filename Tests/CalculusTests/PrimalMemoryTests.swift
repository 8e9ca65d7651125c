import Testing

@testable import Calculus

@Suite struct PrimalMemoryTests {
  /// Each place of the next pass finds its own value again; what the budget did not hold is made anew, at its place.
  @Test(arguments: [
    (32, [false, false, false, false]), (16, [false, false, true, true]),
    (0, Array(repeating: true, count: 4)),
  ])
  func everyPlaceFindsItsOwnValue(_ budget: Int, _ isMadeAnew: [Bool]) {
    var memory = PrimalMemory(budget: budget)
    var made: [Int] = []
    func pass() -> [Int] {
      made = []
      memory.rewind()
      return (0..<4).map { place in
        memory.recall(bytes: { _ in 8 }) {
          made.append(place)
          return 10 + place
        }
      }
    }
    #expect(pass() == [10, 11, 12, 13] && made == [0, 1, 2, 3])
    #expect(pass() == [10, 11, 12, 13])
    #expect(made == (0..<4).filter { isMadeAnew[$0] })
    #expect(memory.bytes == 8 * isMadeAnew.count { !$0 } && memory.budget == budget - memory.bytes)
  }
}
