import Foundation
import Synchronization

/// Ranks that are threads of this process: the same exchanges as between MPI's ranks, without MPI.
public final class LocalCommunicator: Communicator {
  public let rank: Int
  public let size: Int
  public let traffic = TrafficCounter()
  private let meeting: Meeting

  private init(rank: Int, size: Int, _ meeting: Meeting) {
    (self.rank, self.size, self.meeting) = (rank, size, meeting)
  }

  /// Runs `body` on `ranks` threads at once, each with its communicator, and returns their results in rank order.
  ///
  /// A rank that throws leaves the job: later exchanges of the others fail. This function rethrows the error of the
  /// lowest rank whose error is not such a failed exchange.
  public static func run<R: Sendable>(
    ranks: Int, _ body: @escaping @Sendable (LocalCommunicator) throws -> R
  ) throws -> [R] {
    precondition(ranks >= 1, "\(ranks) ranks")
    let meeting = Meeting(size: ranks)
    let results = Mutex([Result<R, any Error>?](repeating: nil, count: ranks))
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<ranks {
      let thread = Thread {
        let result = Result { try body(LocalCommunicator(rank: rank, size: ranks, meeting)) }
        if case .failure = result { meeting.leave(rank: rank) }
        results.withLock { $0[rank] = result }
        done.signal()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in 0..<ranks { done.wait() }
    let all = results.withLock { $0.compactMap(\.self) }
    for case .failure(let error) in all where !(error is CommunicationError) { throw error }
    return try all.map { try $0.get() }
  }

  public var failure: CommunicationError? { meeting.failure }

  public func allGather(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer
  ) {
    exchange([UInt8](own), into: all) { sender, bytes in
      precondition(bytes.count == lengths[sender], "rank \(sender) gave \(bytes.count) bytes of \(lengths)")
      return bytes[...]
    }
  }

  public func allToAll(
    _ own: UnsafeRawBufferPointer, lengths: [Int], into received: UnsafeMutableRawBufferPointer,
    receivedLengths: [Int]
  ) {
    // Each rank's pieces, preceded by a list of their ends, so that the receiver need not know the sender's list.
    var ends: [Int] = []
    for length in lengths { ends.append((ends.last ?? 0) + length) }
    let rank = rank
    exchange(ends.withUnsafeBytes { [UInt8]($0) } + [UInt8](own), into: received) { sender, bytes in
      let ends = bytes.withUnsafeBytes { Array($0.bindMemory(to: Int.self).prefix(lengths.count)) }
      let head = ends.count * MemoryLayout<Int>.stride
      let piece = bytes[(head + (rank == 0 ? 0 : ends[rank - 1]))..<(head + ends[rank])]
      precondition(
        piece.count == receivedLengths[sender],
        "rank \(sender) gave \(piece.count) bytes of \(receivedLengths)")
      return piece
    }
  }

  private func exchange(
    _ own: [UInt8], into target: UnsafeMutableRawBufferPointer, _ piece: (Int, [UInt8]) -> ArraySlice<UInt8>
  ) {
    guard let all = meeting.exchange(own, rank: rank) else { return }
    var place = 0
    for (sender, bytes) in all.enumerated() {
      let piece = piece(sender, bytes)
      UnsafeMutableRawBufferPointer(rebasing: target[place..<(place + piece.count)]).copyBytes(from: piece)
      place += piece.count
    }
  }
}

/// The point where the threads wait for each other.
private final class Meeting: @unchecked Sendable {
  // All properties below are read and written under the condition's lock.
  private let condition = NSCondition()
  private let size: Int
  private var brought: [[UInt8]]
  private var taken: [[UInt8]] = []
  private var arrived = 0
  private var round = 0
  private var fault: CommunicationError?

  init(size: Int) {
    self.size = size
    brought = Array(repeating: [], count: size)
  }

  var failure: CommunicationError? {
    condition.lock()
    defer { condition.unlock() }
    return fault
  }

  func leave(rank: Int) {
    condition.lock()
    fault = fault ?? CommunicationError(what: "rank \(rank) left")
    condition.broadcast()
    condition.unlock()
  }

  /// What all ranks contributed to this round; nil after a fault.
  func exchange(_ own: [UInt8], rank: Int) -> [[UInt8]]? {
    condition.lock()
    defer { condition.unlock() }
    guard fault == nil else { return nil }
    brought[rank] = own
    arrived += 1
    let mine = round
    if arrived == size {
      // The next round cannot end before all threads have read this one, because it needs all of them to arrive again.
      (taken, arrived, round) = (brought, 0, round + 1)
      condition.broadcast()
    } else {
      while round == mine && fault == nil { condition.wait() }
    }
    return round > mine ? taken : nil
  }
}
