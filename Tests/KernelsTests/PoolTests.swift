import CEscapementKernels
import Foundation
import EscapementKernels
import Testing

// Other suites take from the same pool at the same time, so totals are compared as bounds; a block of an odd large
// size class is this suite's alone.
@Suite struct PoolTests {
  @Test func blocksAreAlignedWritableAndApart() {
    var blocks: [(memory: UnsafeMutableRawPointer, bytes: Int)] = []
    for bytes in [1, 2, 63, 64, 65, 127, 128, 1000, 4096, 4097, 65_536, 65_537, 1_000_000, 5_000_001] {
      for _ in 0..<3 {
        let memory = ek_pool_take(bytes)!
        let alignment: UInt = bytes < 2 << 20 ? 64 : 2 << 20
        #expect(UInt(bitPattern: memory) % alignment == 0, "\(bytes) bytes")
        memset(memory, Int32(blocks.count), bytes)
        blocks.append((memory, bytes))
      }
    }
    for (i, block) in blocks.enumerated() {
      let bytes = UnsafeRawBufferPointer(start: block.memory, count: block.bytes)
      #expect(
        bytes.first == UInt8(i) && bytes.last == UInt8(i),
        "block \(i) of \(block.bytes) bytes was overwritten")
    }
    for block in blocks { ek_pool_give(block.memory, block.bytes) }
  }

  @Test func aReturnedBlockIsHandedOutAgain() {
    let bytes = 77_000_003
    let first = ek_pool_take(bytes)!
    ek_pool_give(first, bytes)
    let second = ek_pool_take(bytes)!
    #expect(first == second)
    ek_pool_give(second, bytes)
  }

  @Test func statisticsCountBlocksAndBytes() {
    let bytes = 300_000_001
    let before = ek_pool_statistics()
    let block = ek_pool_take(bytes)!
    let held = ek_pool_statistics()
    #expect(held.taken > before.taken)
    #expect(held.fresh > before.fresh)
    #expect(held.fresh <= held.taken)
    // Nothing else in these tests holds a comparable size, so the live bytes must have grown by most of it.
    #expect(held.bytes_live >= UInt64(bytes))
    #expect(held.bytes_peak >= UInt64(bytes))
    ek_pool_give(block, bytes)
    let after = ek_pool_statistics()
    #expect(after.bytes_live < UInt64(bytes))
    #expect(after.bytes_peak >= held.bytes_live)
  }

  @Test func moreThanTheMachineHoldsIsRefused() {
    #expect(ek_pool_take(1 << 60) == nil)
    #expect(ek_pool_take(Int.max) == nil)
  }

  /// Each task stamps its blocks and finds its own stamps: no block has two holders.
  @Test func concurrentHoldersNeverShareABlock() async {
    let foreign = await withTaskGroup(of: Int.self) { group in
      for task in 1...8 {
        group.addTask {
          var foreign = 0
          for round in 0..<400 {
            let sizes = [64, 200, 5000, 70_000].map { $0 + round % 7 }
            let blocks = sizes.map { ek_pool_take($0)! }
            for (block, size) in zip(blocks, sizes) { memset(block, Int32(task), size) }
            for (block, size) in zip(blocks, sizes) {
              let bytes = UnsafeRawBufferPointer(start: block, count: size)
              if bytes.first != UInt8(task) || bytes[size / 2] != UInt8(task) || bytes.last != UInt8(task) {
                foreign += 1
              }
              ek_pool_give(block, size)
            }
          }
          return foreign
        }
      }
      return await group.reduce(0, +)
    }
    #expect(foreign == 0)
  }
}
