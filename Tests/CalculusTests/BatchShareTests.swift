import EscapementKernels
import EscapementRandomness
import Testing

@testable import EscapementCalculus

@Suite("Shares of a batch")
struct BatchShareTests {
  static let counts = [1, 7, 8, 9, 24, 45, 64, 100, 203, 1000]

  @Test("every sample has one owner, and an owner's runs are aligned and whole")
  func ranges() {
    for count in Self.counts {
      for size in 1...9 {
        var position = 0
        for rank in 0..<size {
          let range = BatchShare.range(of: rank, of: size, in: count)
          #expect(range.lowerBound == position && (range.isEmpty || range.lowerBound % 8 == 0))
          position = range.upperBound
          var next = range.lowerBound
          for (run, level) in BlockPartition(of: range, in: count) {
            #expect(run.lowerBound == next && run.lowerBound.isMultiple(of: 8))
            // A whole subtree, or the batch's end.
            #expect(run.count == 8 << level && next.isMultiple(of: 8 << level) || run.upperBound == count)
            next = run.upperBound
          }
          #expect(next == range.upperBound)
        }
        #expect(position == count)
      }
    }
  }

  /// Leaves of mixed sizes, so that another order gives other bits.
  private func leaves(_ groups: Int) -> [Float] {
    Tensor<Float>.standardNormal(seed: 1, purpose: .probe, index: UInt64(groups), shape: [groups]).elements
      .enumerated().map { $1 * Float(1 << ($0 % 12)) }
  }

  /// What one rank's accumulator gives for one leaf a unit, in parts of at most `partSize`.
  private func total(_ leaves: [Float], count: Int, partSize: Int, share: BatchShare?) -> [Float] {
    var layout = ParameterLayout()
    layout.append(name: "unused", shape: [3], role: .vector)
    layout.append(name: "w", shape: [2], role: .dense)
    layout.append(name: "b", shape: [1], role: .vector)
    layout.append(name: "n", shape: [1], role: .vector)
    layout.append(name: "p", shape: [1], role: .matrix)
    var accumulator = GradientAccumulator<Float>(layout: layout)
    accumulator.pullBack(4) { (s: Dual<Tensor<Float>>) in
      s * Dual(Tensor([3]), tangent: Tensor([10]))
    }
    // Over the whole batch already, on every rank.
    accumulator.add(whole: [Tensor([Double(count)])], to: 3)
    let own = share?.range ?? 0..<count
    for (range, level) in BlockPartition(of: own, in: count, partSize: partSize) {
      (accumulator.start, accumulator.level) = (range.lowerBound, level)
      var counter = TreeCounter<Float>()
      var wide = TreeCounter<Double>()
      for unit in (range.lowerBound / 8)..<((range.upperBound + 7) / 8) {
        counter.push(Tensor([leaves[unit]]), start: 8 * unit, level: 0)
        wide.push(Tensor([Double(leaves[unit]) / 3]), start: 8 * unit, level: 0)
      }
      // Multiples by powers of two, which round nothing, so that parts of any size sum alike.
      let sum = counter.total!
      let pair = Tensor([sum[0], -4 * sum[0]])
      accumulator.add([pair, pair.scaled(by: 0.125)], to: 1)
      accumulator.add(wide: [wide.total!], to: 2)
      accumulator.add([sum, sum.scaled(by: 0.5)], primal: sum.scaled(by: 0.25), to: 4)
    }
    return accumulator.total(over: share).flat.elements
  }

  @Test("ranks finish one tree: contractions, axis sums, whole sums and pullbacks", arguments: 1...9)
  func totals(ranks: Int) throws {
    for count in Self.counts {
      let leaves = leaves((count + 7) / 8)
      let alone = total(leaves, count: count, partSize: 64, share: nil)
      #expect(alone[3] != 0)
      for partSize in [8, 64, 4096] {
        let all = try LocalCommunicator.run(ranks: ranks) { communicator in
          total(leaves, count: count, partSize: partSize, share: BatchShare(communicator, of: count))
        }
        #expect(
          all.allSatisfy { $0 == alone }, "\(count) samples on \(ranks) ranks in parts of \(partSize)")
      }
    }
  }

  @Test("a sum over ranks that was added up rank by rank would have other bits")
  func orderMatters() {
    let leaves = leaves(13)
    let alone = total(leaves, count: 100, partSize: 4096, share: nil)[3]
    let byRank = [leaves[..<4], leaves[4..<8], leaves[8...]].map { $0.reduce(0, +) }.reduce(0, +)
    #expect(alone != byRank)
  }

  @Test("gathered rows come in the batch's order, whatever the ranks own")
  func gatheredRows() throws {
    let rows = Tensor<Double>((0..<60).map(Double.init), shape: [20, 3])
    for ranks in 1...5 {
      let all = try LocalCommunicator.run(ranks: ranks) { communicator in
        let share = BatchShare(communicator, of: 20)
        return (share.gatheredSamples(rows.samples(share.range)), communicator.traffic)
      }
      for (rank, result) in all.enumerated() {
        #expect(result.0 == rows)
        let own = BatchShare.range(of: rank, of: ranks, in: 20).count
        #expect(result.1.exchanges == 1 && result.1.received == (20 - own) * 3 * 8)
      }
    }
  }
}

@Suite("Ranks as threads")
struct LocalCommunicatorTests {
  @Test("each rank gets from each what is meant for it")
  func allToAll() throws {
    let all = try LocalCommunicator.run(ranks: 3) { communicator in
      // Rank r sends r + 1 bytes of value 10·r + s to rank s.
      let rank = communicator.rank
      let own = (0..<3).flatMap { [UInt8](repeating: UInt8(10 * rank + $0), count: rank + 1) }
      var received = [UInt8](repeating: 255, count: 6)
      own.withUnsafeBytes { own in
        received.withUnsafeMutableBytes {
          communicator.allToAll(
            own, lengths: [rank + 1, rank + 1, rank + 1], into: $0, receivedLengths: [1, 2, 3])
        }
      }
      return received
    }
    #expect(all == [[0, 10, 10, 20, 20, 20], [1, 11, 11, 21, 21, 21], [2, 12, 12, 22, 22, 22]])
  }

  @Test("a rank that leaves ends the others, with the reason")
  func leaving() throws {
    struct Gone: Error {}
    #expect(throws: Gone.self) {
      _ = try LocalCommunicator.run(ranks: 3) { communicator in
        if communicator.rank == 1 { throw Gone() }
        _ = communicator.gathered([communicator.rank], counts: [1, 1, 1])
        #expect(communicator.failure == CommunicationError(what: "rank 1 left"))
        try communicator.check()
      }
    }
  }

  @Test("a job is what the launcher's variables say")
  func launchedJob() {
    #expect(LaunchedJob(environment: [:]) == nil)
    #expect(
      LaunchedJob(environment: ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"]) == nil)
    let open = LaunchedJob(environment: ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"])
    #expect(open?.rank == 3 && open?.size == 4)
    let pmi = LaunchedJob(environment: ["PMI_SIZE": "2", "PMI_RANK": "1"])
    #expect(pmi?.rank == 1 && pmi?.size == 2)
    let pmix = LaunchedJob(environment: ["PMIX_RANK": "5", "SLURM_STEP_NUM_TASKS": "8"])
    #expect(pmix?.rank == 5 && pmix?.size == 8)
    #expect(LaunchedJob(environment: ["PMI_SIZE": "2", "PMI_RANK": "2"]) == nil)
  }
}
