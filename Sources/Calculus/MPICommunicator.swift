import EscapementArtifacts
import Synchronization

#if MPI
  import CEscapementMPI
#endif

/// The processes that mpirun started, through MPI. Available in builds with the package trait MPI.
///
/// MPI only moves bytes. All calls come from the thread that started MPI. A fault is reported in MPI's own words and
/// does not end the process; after a fault nothing more is exchanged.
public final class MPICommunicator: Communicator {
  public let rank: Int
  public let size: Int
  public let traffic = TrafficCounter()
  private let fault = Mutex<CommunicationError?>(nil)

  /// Whether this build can start MPI.
  public static var isAvailable: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  public var failure: CommunicationError? { fault.withLock { $0 } }

  #if MPI
    /// Starts MPI, at most once per process. Throws `CommunicationError` with MPI's message.
    public init() throws {
      var (rank, size): (Int32, Int32) = (0, 1)
      var message = Self.emptyMessage
      guard empi_start(&rank, &size, &message) == 0 else { throw Self.error(message) }
      (self.rank, self.size) = (Int(rank), Int(size))
    }

    public func allGather(
      _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer
    ) {
      call { message in
        empi_all_gather(own.baseAddress, lengths, all.baseAddress, &message)
      }
    }

    public func allToAll(
      _ own: UnsafeRawBufferPointer, lengths: [Int], into received: UnsafeMutableRawBufferPointer,
      receivedLengths: [Int]
    ) {
      call { message in
        empi_all_to_all(own.baseAddress, lengths, received.baseAddress, receivedLengths, &message)
      }
    }

    /// Waits for all ranks and ends MPI.
    public func finish() throws {
      var message = Self.emptyMessage
      guard empi_finish(&message) == 0 else { throw Self.error(message) }
    }

    /// Ends all ranks' processes with an exit code, at once.
    public func abort(code: Int32) { empi_abort(code) }

    private func call(_ body: (inout [CChar]) -> Int32) {
      guard failure == nil else { return }
      var message = Self.emptyMessage
      if body(&message) != 0 { fault.withLock { $0 = Self.error(message) } }
    }

    private static var emptyMessage: [CChar] { [CChar](repeating: 0, count: Int(EMPI_MESSAGE)) }

    private static func error(_ message: [CChar]) -> CommunicationError {
      CommunicationError(what: message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }
  #else
    /// Throws `MissingError`: this build has no MPI.
    public init() throws {
      (rank, size) = (0, 1)
      throw MissingError(
        what: "MPI",
        advice:
          "this was built without MPI: swift build --traits MPI (apt-get install libopenmpi-dev openmpi-bin)")
    }

    public func allGather(
      _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer
    ) { preconditionFailure("an exchange in a build without MPI") }

    public func allToAll(
      _ own: UnsafeRawBufferPointer, lengths: [Int], into received: UnsafeMutableRawBufferPointer,
      receivedLengths: [Int]
    ) { preconditionFailure("an exchange in a build without MPI") }

    /// Does nothing in a build without MPI.
    public func finish() throws {}
    /// Does nothing in a build without MPI.
    public func abort(code: Int32) {}
  #endif
}
