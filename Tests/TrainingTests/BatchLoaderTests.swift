import Foundation
import EscapementKernels
import EscapementLongTail
import Synchronization
import Testing

@testable import EscapementTraining

@Suite("Batches ahead")
struct BatchLoaderTests {
  /// Samples whose image is one number; counts what is asked of it, and can be slow or fail.
  private final class Source: EpochSource {
    struct Refused: Error {}
    let classes = 2
    let classCounts = [5, 5]
    let count = 10
    let failing: Int?
    private let made = Mutex<[[Int]]>([])
    private let gate = DispatchSemaphore(value: 0)
    private let isGated: Bool

    init(failing: Int? = nil, isGated: Bool = false) {
      self.failing = failing
      self.isGated = isGated
    }

    var calls: [[Int]] { made.withLock { $0 } }
    func open() { gate.signal() }
    func order(epoch: Int) -> [Int] { Array(0..<count) }

    func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Float> {
      if isGated { gate.wait() }
      made.withLock { $0.append(positions) }
      if let failing, positions.contains(failing) { throw Refused() }
      return LabeledBatch(
        images: Tensor<Float>(positions.map { Float($0 + 100 * epoch) }).reshaped([positions.count, 1]),
        labels: positions.map { $0 % 2 })
    }
  }

  @Test("a requested batch is the one that would have been made, and is made once")
  func sameBatch() throws {
    let source = Source()
    let loader = BatchLoader<Float>(source, depth: 2)
    loader.request(.init(epoch: 3, step: 1)) { [4, 5] }
    loader.request(.init(epoch: 3, step: 1)) { [4, 5] }
    let batch = try loader.batch(.init(epoch: 3, step: 1), positions: [4, 5])
    #expect(batch.images.elements == [304, 305] && batch.labels == [0, 1])
    #expect(source.calls == [[4, 5]])
    // Taken: asked for again, it is made anew.
    _ = try loader.batch(.init(epoch: 3, step: 1), positions: [4, 5])
    #expect(source.calls.count == 2)
  }

  @Test("no more than the depth is held, and what nobody fetched gives way")
  func bounded() throws {
    let source = Source(isGated: true)
    let loader = BatchLoader<Float>(source, depth: 1)
    loader.request(.init(epoch: 0, step: 1)) { [1] }
    loader.request(.init(epoch: 0, step: 2)) { [2] }  // refused: one is being made
    source.open()
    _ = try loader.batch(.init(epoch: 0, step: 1), positions: [1])
    #expect(source.calls == [[1]])
    // Made and never fetched: the run jumped to another epoch.
    loader.request(.init(epoch: 0, step: 2)) { [2] }
    source.open()
    while source.calls.count < 2 { sched_yield() }
    source.open()
    _ = try loader.batch(.init(epoch: 5, step: 0), positions: [7])
    var isTaken = false
    while !isTaken {
      // The worker counts its batch before it hands it over.
      loader.request(.init(epoch: 5, step: 1)) { [8] }
      source.open()
      isTaken = source.calls.contains([8])
      sched_yield()
    }
    #expect(try loader.batch(.init(epoch: 5, step: 1), positions: [8]).labels == [0])
  }

  @Test(
    "without depth every batch is made when it is asked for; an error is thrown where the batch is fetched")
  func errors() throws {
    let source = Source(failing: 6)
    let eager = BatchLoader<Float>(source, depth: 0)
    eager.request(.init(epoch: 0, step: 1)) { [1] }
    #expect(source.calls.isEmpty)
    _ = try eager.batch(.init(epoch: 0, step: 1), positions: [1])
    let loader = BatchLoader<Float>(source, depth: 1)
    loader.request(.init(epoch: 0, step: 3)) { [6] }
    #expect(throws: Source.Refused.self) { try loader.batch(.init(epoch: 0, step: 3), positions: [6]) }
    // And the loader goes on.
    loader.request(.init(epoch: 0, step: 4)) { [8] }
    #expect(try loader.batch(.init(epoch: 0, step: 4), positions: [8]).labels == [0])
  }

  @Test("where the system grants no thread a batch is made when it is asked for")
  func noThread() throws {
    let source = Source()
    let loader = BatchLoader<Float>(source, depth: 1) { _ in false }
    for step in 1...2 {
      loader.request(.init(epoch: 0, step: step)) { [step] }
      #expect(source.calls.count == step - 1)
      #expect(try loader.batch(.init(epoch: 0, step: step), positions: [step]).labels == [step % 2])
    }
    #expect(source.calls == [[1], [2]])
  }

  @Test("a run's bits do not depend on how far ahead its batches are made")
  func bits() throws {
    let digests = try [0, 1, 3].map { depth in
      var loop = try TinyRun().loop(loadAhead: depth)
      while !loop.isFinished {
        _ = try loop.step()
        if loop.isEpochComplete { _ = loop.endEpoch() }
      }
      return loop.state.digest
    }
    #expect(Set(digests).count == 1)
  }
}
