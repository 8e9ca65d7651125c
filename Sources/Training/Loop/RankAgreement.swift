import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import Synchronization

/// What the ranks of a run exchange besides numbers: faults, requests to stop, and a check that they hold the same
/// state.
///
/// Operations that may fail on one rank alone (reading images, writing files) run inside `all`, after which every rank
/// knows whether any rank failed. A rank that failed outside of `all` reports the fault at the next call of `all` in
/// which the others take part. Once all ranks know a fault, nothing more is exchanged: each rank throws, and one of
/// them throws the fault itself.
public final class RankAgreement: Sendable {
  /// The ranks.
  public let communicator: any Communicator
  private let closed = Atomic<Bool>(false)

  /// The agreement between a run's ranks; one instance is used for the whole run.
  public init(_ communicator: any Communicator) { self.communicator = communicator }

  /// Whether this rank writes files and prints: rank 0.
  public var leads: Bool { communicator.rank == 0 }
  /// Whether all ranks know a fault.
  public var isClosed: Bool { closed.load(ordering: .relaxed) }

  private struct Word: BitwiseCopyable, Sendable {
    // 0, or the exit code of this rank's fault.
    var code: Int64 = 0
    var stops: Int64 = 0
    // The digest of the state or of the contract, when ranks compare these.
    var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  }

  /// The result of `body`, after it has returned on all ranks.
  ///
  /// If it threw on some ranks, the lowest of them rethrows the error, and the others throw `RankFailed`.
  public func all<R>(_ body: () throws -> R) throws -> R {
    let result = Result { try body() }
    _ = try settle(Word(), fault: result)
    return try result.get()
  }

  /// Whether any rank requests a stop. Throws `RankDifference` unless all ranks hold the state with this `digest`.
  public func stops(_ wish: Bool, digest: Digest, step: Int) throws -> Bool {
    try compare(digest, wish: wish) { RankDifference(rank: $0, step: step) }
  }

  /// Throws `RankContract` unless all ranks compute under the same numeric contract, because each contributes to the
  /// same sums.
  public func checkContract() throws {
    let contract = NumericContract.current
    _ = try compare(Digest(of: contract.description), wish: false) { RankContract(rank: $0) }
  }

  /// Whether any rank requests a stop. Throws `fault` of the first rank whose digest differs from that of rank 0.
  private func compare(_ digest: Digest, wish: Bool, or fault: (Int) -> any ReportedError) throws -> Bool {
    var own = Word()
    own.stops = wish ? 1 : 0
    digest.bytes.withUnsafeBytes { bytes in
      withUnsafeMutableBytes(of: &own.digest) { $0.copyBytes(from: bytes) }
    }
    let words = try settle(own, fault: Result<Void, any Error>.success(()))
    if let other = words.firstIndex(where: { $0.digest != words[0].digest }) {
      closed.store(true, ordering: .relaxed)
      throw fault(other)
    }
    return words.contains { $0.stops != 0 }
  }

  /// Whether any rank requests a stop.
  public func stops(_ wish: Bool) throws -> Bool { try stops(wish, digest: .zero, step: 0) }

  private func settle<R>(_ own: Word, fault: Result<R, any Error>) throws -> [Word] {
    var own = own
    if case .failure(let error) = fault {
      // All ranks know the fault already, or no exchange is possible.
      if isClosed || communicator.failure != nil { throw error }
      own.code = Int64((error as? any ReportedError)?.exitCode ?? 70)
    }
    let words = communicator.gathered([own], counts: Array(repeating: 1, count: communicator.size))
    try communicator.check()
    guard let first = words.firstIndex(where: { $0.code != 0 }) else { return words }
    closed.store(true, ordering: .relaxed)
    if first == communicator.rank, case .failure(let error) = fault { throw error }
    throw RankFailed(rank: first, exitCode: Int32(truncatingIfNeeded: words[first].code))
  }
}

/// Another rank of the job failed; that rank reports the reason.
public struct RankFailed: ReportedError, Hashable {
  /// The rank.
  public let rank: Int
  /// The exit code of its fault.
  public let exitCode: Int32

  /// A one-line message.
  public var description: String { "rank \(rank) ended the job" }
}

/// A rank computes under another numeric contract than rank 0, because the environments of the ranks differ.
///
/// Exit code 64.
public struct RankContract: ReportedError, Hashable {
  /// The first rank that differs.
  public let rank: Int

  /// 64.
  public var exitCode: Int32 { 64 }

  /// A one-line message.
  public var description: String {
    "rank \(rank) computes under another numeric contract than rank 0: set ESCAPEMENT_CONVOLUTION alike for all ranks, "
      + "or for none"
  }
}

/// A rank's state differs from that of rank 0 although every rank computes the same. The cause is a memory fault or an
/// error in this package.
///
/// Exit code 70.
public struct RankDifference: ReportedError, Hashable {
  /// The first rank that differs.
  public let rank: Int
  /// The number of steps taken.
  public let step: Int

  /// 70.
  public var exitCode: Int32 { 70 }

  /// A one-line message.
  public var description: String {
    "after step \(step) the state of rank \(rank) is not that of rank 0: a machine computes wrongly, or the ranks run "
      + "different builds"
  }
}
