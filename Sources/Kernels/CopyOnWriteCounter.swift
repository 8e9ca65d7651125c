import Synchronization

/// Counts copies that writing to a shared block forced.
enum CopyOnWriteCounter {
  private static let copies = Atomic<Int>(0)
  static var value: Int { copies.load(ordering: .relaxed) }
  static func increment() { copies.add(1, ordering: .relaxed) }
}
