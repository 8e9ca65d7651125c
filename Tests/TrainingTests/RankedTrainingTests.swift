import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing

@testable import EscapementTraining

/// Runs on several ranks, as threads of this process.
@Suite("Training on ranks")
struct RankedTrainingTests {
  /// Five units of samples a batch, four in an epoch's last: eight ranks do not all have some.
  private func tiny(_ optimizer: OptimizerChoice = .sgd, epochs: Int = 2) -> TinyRun {
    var tiny = TinyRun(optimizer: optimizer, epochs: epochs)
    tiny.recipe.batchSize = 40
    return tiny
  }

  private func train(
    _ tiny: TinyRun, ranks: Int, in run: RunDirectory, resume: Bool = false,
    isCancelled: @escaping @Sendable (_ rank: Int, _ calls: Int) -> Bool = { _, _ in false }
  ) throws -> [Result<TrainingState<Float>, any Error>] {
    try LocalCommunicator.run(ranks: ranks) { communicator in
      let agreement = RankAgreement(communicator)
      var calls = 0
      let result = Result {
        try tiny.trainer(ranks: agreement).run(
          in: run, resume: resume,
          isCancelled: {
            calls += 1
            return isCancelled(communicator.rank, calls)
          })
      }
      try communicator.check()
      return result
    }
  }

  private func expectSame(_ run: RunDirectory, as whole: RunDirectory, _ what: String) throws {
    let (ours, theirs) = (try contents(of: run), try contents(of: whole))
    #expect(ours.keys.sorted() == theirs.keys.sorted(), "\(what)")
    for (name, data) in theirs where ours[name] != data { Issue.record("\(name) differs: \(what)") }
  }

  /// Rules that run on more ranks and for longer, and each time; the others run at night.
  private static let main = ["sgd", "sam", "lpf-sgd"]

  @Test(
    "every update rule leaves the files of one process",
    arguments: Nightly.cases(OptimizerChoice.byName.map(\.name)) { main.contains($0) })
  func everyRule(name: String) throws {
    let optimizer = try #require(OptimizerChoice.byName.first { $0.name == name }?.optimizer)
    // Head and tail of 36, 24 and 12 images; radii that move something.
    let isMain = Self.main.contains(name)
    let tiny = tiny(optimizer.with(eta: 30) ?? optimizer, epochs: isMain ? 2 : 1)
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("one"))
      let final = try tiny.trainer.run(in: whole)
      for ranks in isMain ? [1, 2, 3, 4, 8] : [3] {
        let run = RunDirectory(parent.appendingPathComponent("\(ranks)"))
        for result in try train(tiny, ranks: ranks, in: run) { #expect(try result.get() == final) }
        try expectSame(run, as: whole, "\(name) on \(ranks) ranks")
      }
    }
  }

  @Test("a run goes on with another number of ranks, to the same files")
  func resumption() throws {
    let tiny = tiny(epochs: 3)
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("one"))
      let final = try tiny.trainer.run(in: whole)
      let run = RunDirectory(parent.appendingPathComponent("several"))
      // The last rank alone is asked to stop, after the third step, in the middle of an epoch; then the first.
      for (ranks, asked, calls) in [(3, 2, 3), (2, 0, 1)] {
        let results = try train(tiny, ranks: ranks, in: run, resume: asked == 0) {
          $0 == asked && $1 == calls
        }
        for (rank, result) in results.enumerated() {
          let error = #expect(throws: (any Error).self) { try result.get() } as? any ReportedError
          #expect(error?.exitCode == 75)
          #expect(rank == 0 ? error is Interrupted : error is RankFailed, "\(String(describing: error))")
        }
      }
      #expect(run.checkpointedSteps().last == 4)
      for result in try train(tiny, ranks: 4, in: run, resume: true) { #expect(try result.get() == final) }
      try expectSame(run, as: whole, "3, 2 and 4 ranks")
    }
  }

  @Test("a fault on one rank ends all, and that rank alone says what it was")
  func faults() throws {
    struct Refused: ReportedError {
      let exitCode: Int32 = 65
      let description = "refused"
    }
    struct Source: EpochSource {
      let base: AugmentedImages<Float>
      let refused: Int
      var classes: Int { base.classes }
      var classCounts: [Int] { base.classCounts }
      var count: Int { base.count }
      func order(epoch: Int) -> [Int] { base.order(epoch: epoch) }
      func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Float> {
        if positions.contains(refused) { throw Refused() }
        return try base.batch(positions, epoch: epoch)
      }
    }
    let tiny = tiny()
    // In the second step's second half: rank 1 of two reads it.
    let refused = tiny.source.order(epoch: 0)[65]
    let test = TinyRun.images(count: 30, index: 1)
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let results = try LocalCommunicator.run(ranks: 2) { communicator in
        let trainer = Trainer(
          recipe: tiny.recipe, source: Source(base: tiny.source, refused: refused),
          test: test.source(Array(0..<30)), groups: ClassGroups(byCount: [36, 24, 12], many: 30, few: 30),
          provenance: "noise", ranks: RankAgreement(communicator))
        return Result { try trainer.run(in: run) }
      }
      #expect(throws: RankFailed(rank: 1, exitCode: 65)) { try results[0].get() }
      #expect(throws: Refused.self) { try results[1].get() }
      #expect(run.checkpointedSteps() == [0])

      // Only rank 0 knows that the directory is taken.
      let taken = try train(tiny, ranks: 3, in: run)
      #expect(throws: FileError.self) { try taken[0].get() }
      for other in taken[1...] { #expect(throws: RankFailed(rank: 0, exitCode: 69)) { try other.get() } }
    }
  }

  @Test("ranks that do not hold the same state are told apart")
  func difference() throws {
    let results = try LocalCommunicator.run(ranks: 3) { communicator in
      let agreement = RankAgreement(communicator)
      let stops = try agreement.stops(false, digest: Digest(of: "a"), step: 6)
      #expect(!stops)
      return Result {
        try agreement.stops(false, digest: Digest(of: communicator.rank == 2 ? "b" : "a"), step: 7)
      }
    }
    for result in results { #expect(throws: RankDifference(rank: 2, step: 7)) { try result.get() } }
  }

  @Test("a rank reads only its own samples, of every shard where a rule has shards")
  func division() {
    let nominal = OptimizerChoice.lpfSGD(radius: 0.001, shards: 8, holding: .nominal)
    #expect(OptimizerChoice.sgd.oracle.batchParts(count: 100, batchSize: 128) == [0..<100])
    #expect(
      nominal.oracle.batchParts(count: 36, batchSize: 128) == [0..<16, 16..<32, 32..<36])
    let even = OptimizerChoice.lpfSGD(radius: 0.001, shards: 3, holding: .even)
    #expect(even.oracle.batchParts(count: 10, batchSize: 128) == [0..<4, 4..<8, 8..<10])
    let division = BatchDivision(parts: [0..<16, 16..<32, 32..<36], ranks: 2)
    #expect(division.positions(of: 0) == Array(0..<8) + Array(16..<24))
    #expect(division.positions(of: 1) == Array(8..<16) + Array(24..<32) + Array(32..<36))
  }
}
