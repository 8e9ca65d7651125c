import Testing

@testable import EscapementCalculus

@Suite("What products keep of a point")
struct PrimalMemoryTests {
  /// Asks for numbers of 10, 20, 30 … bytes and returns which were made anew.
  func ask(_ memory: inout PrimalMemory, _ count: Int) -> [Int] {
    var made: [Int] = []
    for i in 1...count {
      let value = memory.recall(bytes: { 10 * $0 }) {
        made.append(i)
        return i
      }
      #expect(value == i)
    }
    memory.rewind()
    return made
  }

  @Test("a first pass makes everything, later ones what the budget did not hold")
  func budget() {
    var memory = PrimalMemory(budget: 45)
    #expect(ask(&memory, 4) == [1, 2, 3, 4])
    // 10 and 20 fit; 30 and 40 exceed the 15 that are left.
    #expect(memory.bytes == 30 && memory.budget == 15)
    #expect(ask(&memory, 4) == [3, 4])
    var nothing = PrimalMemory()
    for _ in 0..<2 { #expect(ask(&nothing, 3) == [1, 2, 3]) }
    #expect(nothing.bytes == 0)
  }

  @Test("parts share one budget, and a part that is lent out serves nobody else")
  func parts() {
    let memories = PartMemories(budget: 70)
    #expect(memories.withMemory(ofPartAt: 0) { ask(&$0, 3) } == [1, 2, 3])
    #expect(memories.bytes == 60)
    #expect(memories.withMemory(ofPartAt: 64) { ask(&$0, 2) } == [1, 2])
    #expect(memories.bytes == 70)
    #expect(memories.withMemory(ofPartAt: 0) { ask(&$0, 3) } == [])
    #expect(memories.withMemory(ofPartAt: 64) { ask(&$0, 2) } == [2])
    memories.withMemory(ofPartAt: 0) { outer in
      #expect(memories.withMemory(ofPartAt: 0) { ask(&$0, 3) } == [1, 2, 3])
      #expect(ask(&outer, 3) == [])
    }
    #expect(memories.bytes == 70)
  }
}
