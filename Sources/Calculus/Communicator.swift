import EscapementArtifacts

/// The ranks of a job as one of them sees them: how many there are, and exchanges of bytes that all take part in.
///
/// Every rank makes the same calls in the same order. No exchange adds numbers: the order of additions is the numeric
/// contract's, and each rank does them itself. A fault leaves what was exchanged undefined and stands in `failure` from
/// then on, because most exchanges happen deep inside a pass that cannot throw; whoever uses the result asks for it
/// first (`check`).
public protocol Communicator: Sendable {
  /// This process's or thread's number, from 0.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// The first fault; nil: none so far.
  var failure: CommunicationError? { get }
  /// What was exchanged so far.
  var traffic: TrafficCounter { get }

  /// Everyone's bytes in rank order: rank r gives `lengths[r]`, the same list on all ranks.
  func allGather(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer)
  /// To rank r the next `lengths[r]` bytes of `own`; from each rank what it has for this one, in rank order.
  func allToAll(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into received: UnsafeMutableRawBufferPointer,
    receivedLengths: [Int])
}

/// An exchange between ranks that failed; nothing after it can be relied on.
///
/// Exit code 70.
public struct CommunicationError: ReportedError, Hashable {
  /// What happened, in the transport's words.
  public let what: String

  /// Names the fault.
  public init(what: String) { self.what = what }

  /// 70.
  public var exitCode: Int32 { 70 }

  /// One line.
  public var description: String { "the ranks lost each other: \(what)" }
}

extension Communicator {
  /// Throws the first fault.
  public func check() throws {
    if let failure { throw failure }
  }

  /// Everyone's elements in rank order; `counts` say how many each rank gives.
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
