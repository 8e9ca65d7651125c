import Synchronization

/// How many exchanges a rank took part in, and how many bytes came to it from others.
public final class TrafficCounter: Sendable {
  private let calls = Atomic<Int>(0)
  private let bytes = Atomic<Int>(0)

  /// A counter at zero.
  public init() {}

  /// Exchanges so far.
  public var exchanges: Int { calls.load(ordering: .relaxed) }
  /// Bytes received so far, payload alone.
  public var received: Int { bytes.load(ordering: .relaxed) }

  /// Counts one exchange.
  func add(received count: Int) {
    calls.add(1, ordering: .relaxed)
    bytes.add(count, ordering: .relaxed)
  }
}
