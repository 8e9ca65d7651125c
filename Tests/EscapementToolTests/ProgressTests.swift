import Foundation
import Synchronization
import Testing

@testable import EscapementTool

@Suite("Progress without a terminal")
struct ProgressTests {
  @Test("a line is printed once in the interval, and none before it is over")
  func lines() {
    let written = Mutex<[String]>([])
    func meter(_ interval: Duration) -> ProgressMeter {
      ProgressMeter(isTerminal: false, interval: interval) { line in written.withLock { $0.append(line) } }
    }
    let slow = meter(.seconds(3600))
    for step in 0...9 { slow.show("T1", done: step, total: 9) }
    #expect(written.withLock { $0.isEmpty })
    let fast = meter(.zero)
    fast.show("F-DRW: runs of fixture/ce", done: 0, total: 27)
    fast.show("F-DRW: runs of fixture/ce", done: 9, total: 27)
    fast.clear()
    let lines = written.withLock { $0 }
    #expect(lines.count == 2 && lines[0] == "F-DRW: runs of fixture/ce  0% 0/27")
    #expect(lines[1].hasPrefix("F-DRW: runs of fixture/ce  33% 9/27, "))
    #expect(ProgressMeter.interval == .seconds(60))
  }

  @Test("the clock starts anew where another count begins")
  func anew() {
    let written = Mutex<[String]>([])
    let meter = ProgressMeter(isTerminal: false, interval: .zero) { line in
      written.withLock { $0.append(line) }
    }
    for step in [0, 9] { meter.show("spectrum of class 0", done: step, total: 9) }
    for step in [1, 2] { meter.show("spectrum of class 1", done: step, total: 4) }
    let lines = written.withLock { $0 }
    // Nothing of the second count is timed yet.
    #expect(lines.count == 4 && lines[2] == "spectrum of class 1  25% 1/4")
    #expect(lines[3].hasPrefix("spectrum of class 1  50% 2/4, "))
  }

  @Test("a sweep's line names the epoch of each running row")
  func sweeps() {
    let rows = [
      (index: 0, done: 10, epochs: 10), (index: 4, done: 11, epochs: 200), (index: 5, done: 0, epochs: 200),
      (index: 7, done: 3, epochs: 9),
    ]
    #expect(
      SweepProgress.note(rows, running: [4, 5]) == "1 of 4 rows done, row 4: epoch 12/200, row 5: epoch 1/200"
    )
    #expect(SweepProgress.note(rows, running: [0]) == "0 of 4 rows done, row 0: epoch 10/10")
  }
}
