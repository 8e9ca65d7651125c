import EscapementArtifacts

/// The ranks of a job as seen from one of them: their number, and exchanges of bytes in which all ranks take part.
///
/// Every rank makes the same calls in the same order. No exchange adds numbers: the numeric contract fixes the order of
/// additions, and each rank performs them itself. After a fault the exchanged bytes are undefined and `failure` stays
/// set. Most exchanges happen deep inside a pass that cannot throw, so the caller must call `check` before using a
/// result.
public protocol Communicator: Sendable {
  /// This process's or thread's number, from 0.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// The first fault; nil if there has been none.
  var failure: CommunicationError? { get }
  /// Counts of the exchanges so far.
  var traffic: TrafficCounter { get }

  /// The bytes of all ranks in rank order: rank r contributes `lengths[r]` bytes; the list is the same on all ranks.
  func allGather(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer)
  /// Sends the next `lengths[r]` bytes of `own` to rank r, and returns what each rank sent to this one, in rank order.
  func allToAll(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into received: UnsafeMutableRawBufferPointer,
    receivedLengths: [Int])
}

/// An exchange between ranks failed. Results of later exchanges are invalid.
///
/// Exit code 70.
public struct CommunicationError: ReportedError, Hashable {
  /// What happened, in the transport's words.
  public let what: String

  /// Describes the fault.
  public init(what: String) { self.what = what }

  /// 70.
  public var exitCode: Int32 { 70 }

  /// A one-line message.
  public var description: String { "the ranks lost each other: \(what)" }
}

extension Communicator {
  /// Throws the first fault, if there was one.
  public func check() throws {
    if let failure { throw failure }
  }

  /// The elements of all ranks in rank order; rank r contributes `counts[r]` elements.
  public func gathered<Element: BitwiseCopyable>(_ own: [Element], counts: [Int]) -> [Element] {
    precondition(own.count == counts[rank], "\(own.count) elements for \(counts[rank])")
    let stride = MemoryLayout<Element>.stride
    let lengths = counts.map { $0 * stride }
    traffic.add(received: lengths.reduce(0, +) - lengths[rank])
    return [Element](unsafeUninitializedCapacity: counts.reduce(0, +)) { buffer, count in
      count = buffer.count
      own.withUnsafeBytes {
        allGather($0, lengths: lengths, into: UnsafeMutableRawBufferPointer(buffer))
      }
    }
  }
}
