import Synchronization

/// The number of exchanges that a rank took part in, and of bytes that it received from other ranks.
public final class TrafficCounter: Sendable {
  private let calls = Atomic<Int>(0)
  private let bytes = Atomic<Int>(0)

  /// A counter at zero.
  public init() {}

  /// The number of exchanges so far.
  public var exchanges: Int { calls.load(ordering: .relaxed) }
  /// The number of bytes received so far, counting payload only.
  public var received: Int { bytes.load(ordering: .relaxed) }

  /// Counts one exchange.
  func add(received count: Int) {
    calls.add(1, ordering: .relaxed)
    bytes.add(count, ordering: .relaxed)
  }
}
