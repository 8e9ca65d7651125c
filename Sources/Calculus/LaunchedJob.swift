/// The job in which a launcher such as mpirun started this process, read from the environment before MPI is started.
public struct LaunchedJob: Hashable, Sendable {
  /// This process's rank.
  public let rank: Int
  /// The number of ranks in the job; at least 2.
  public let size: Int

  /// Reads the variables of Open MPI (OMPI_COMM_WORLD_SIZE and _RANK), of MPICH's and Slurm's PMI (PMI_SIZE, PMI_RANK)
  /// and of PMIx under Slurm (PMIX_RANK with SLURM_STEP_NUM_TASKS); nil without a launcher, or for a job with one rank.
  public init?(environment: [String: String]) {
    let pairs = [
      ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK"),
      ("SLURM_STEP_NUM_TASKS", "PMIX_RANK"),
    ]
    for (sizeName, rankName) in pairs {
      guard let size = environment[sizeName].flatMap(Int.init), size > 1,
        let rank = environment[rankName].flatMap(Int.init), (0..<size).contains(rank)
      else { continue }
      (self.rank, self.size) = (rank, size)
      return
    }
    return nil
  }
}
