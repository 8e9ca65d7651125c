import EscapementArtifacts
import CEscapementKernels
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing

@testable import EscapementTraining

/// A run states its numeric contract, and goes on under no other.
@Suite("The contract of a run")
struct RunContractTests {
  /// A run that was stopped after four steps.
  private func stopped(in parent: URL) throws -> RunDirectory {
    let run = RunDirectory(parent.appendingPathComponent("run"))
    var calls = 0
    #expect(throws: Interrupted.self) {
      try TinyRun().trainer.run(
        in: run,
        isCancelled: {
          calls += 1
          return calls == 4
        })
    }
    return run
  }

  /// Writes `run.json` anew with other members, under a seal of its own.
  private func rewrite(_ run: RunDirectory, _ change: (inout [String: JSON]) -> Void) throws {
    var fields = try #require(JSON(contentsOf: run.record).object)
    fields[SealedJSON.key] = nil
    change(&fields)
    try AtomicFile.write(SealedJSON.sealed(.object(fields)), to: run.record)
  }

  @Test("run.json names it; without the key it is contract 1, and another text is bad data")
  func record() throws {
    try inDirectory { parent in
      let run = try convolving(EK_CONVOLUTION_WINOGRAD) { try stopped(in: parent) }
      #expect(try run.readRecord().document.field("contract").string() == "2")
      #expect(try run.readRecord().contract.description == "2")
      try rewrite(run) { $0["contract"] = nil }
      #expect(try run.readRecord().contract == .first)
      try rewrite(run) { $0["contract"] = "2 indirect" }
      let error = try #require(throws: DataError.self) { try run.readRecord().contract }
      #expect(error.place == "contract" && error.found == "\"2 indirect\"" && error.exitCode == 65)
      #expect(error.file == run.record.path && error.advice != nil)
      let direct = parent.appendingPathComponent("direct")
      let other = try convolving(EK_CONVOLUTION_DIRECT) { try stopped(in: direct) }
      #expect(try other.readRecord().contract.description == "2 direct")
    }
  }

  @Test("a resume under another contract is refused in a line that names both, and changes nothing")
  func resume() throws {
    try inDirectory { parent in
      let run = try convolving(EK_CONVOLUTION_WINOGRAD) { try stopped(in: parent) }
      func refusal(_ way: ek_convolution) throws -> String {
        let before = try contents(of: run)
        let error = try #require(throws: DataError.self) {
          try convolving(way) { try TinyRun().trainer.run(in: run, resume: true) }
        }
        #expect(error.exitCode == 65 && error.place == "contract")
        #expect(try contents(of: run) == before)
        return error.description
      }
      let other = try refusal(EK_CONVOLUTION_DIRECT)
      #expect(
        other.hasSuffix(
          "found a run begun under contract 2, expected contract 2 direct, which is in force here; to go on under "
            + "contract 2, unset ESCAPEMENT_CONVOLUTION; or start the run again"), "\(other)")
      try rewrite(run) { $0["contract"] = "2 direct" }
      #expect(try refusal(EK_CONVOLUTION_WINOGRAD).contains("set ESCAPEMENT_CONVOLUTION=direct"))
      try rewrite(run) { $0["contract"] = nil }
      let old = try refusal(EK_CONVOLUTION_DIRECT)
      #expect(old.contains("under contract 1") && old.contains("an older release, one of contract 1"))
      // The same run goes on where nothing was changed.
      try rewrite(run) { $0["contract"] = "2" }
      try convolving(EK_CONVOLUTION_WINOGRAD) { _ = try TinyRun().trainer.run(in: run, resume: true) }
    }
  }

  @Test("ranks under different contracts do not begin: each adds its share to the same sums")
  func ranks() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let results = try LocalCommunicator.run(ranks: 3) { communicator in
        convolving(communicator.rank == 1 ? EK_CONVOLUTION_DIRECT : EK_CONVOLUTION_WINOGRAD) {
          Result { try TinyRun().trainer(ranks: RankAgreement(communicator)).run(in: run) }
        }
      }
      for result in results { #expect(throws: RankContract(rank: 1)) { try result.get() } }
      #expect(!FileManager.default.fileExists(atPath: run.url.path))
    }
  }
}
