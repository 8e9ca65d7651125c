import EscapementCalculus
import Testing

/// The tool inside a job of several ranks, as the launcher's variables say; MPI itself is not started here.
@Suite struct RankedCommandTests {
  @Test func aVerbOfOneProcessRefusesSeveralRanks() throws {
    let result = try ToolProcess.run(
      ["presets"], environment: ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"])
    #expect(result.output.isEmpty)
    #expect(result.errorLines.count == 1, "\(result.errors)")
    if MPICommunicator.isAvailable {
      #expect(result.status == 64)
      #expect(result.errors.contains("presets runs in one process, not on 4 ranks"))
    } else {
      #expect(result.status == 69)
      #expect(result.errors.contains("built without MPI: swift build --traits MPI"))
    }
  }

  @Test func aJobOfOneRankIsNoJob() throws {
    let result = try ToolProcess.run(
      ["presets"], environment: ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"])
    #expect(result.status == 0 && result.errors.isEmpty && !result.output.isEmpty)
  }
}
