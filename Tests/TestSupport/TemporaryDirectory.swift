import Foundation
import Synchronization

/// An empty directory of its own, told apart by the process and a counter, for its maker to remove.
public struct TemporaryDirectory {
  private static let made = Atomic<Int>(0)

  /// The directory.
  public let url: URL

  /// Makes the directory, or with `creating: false` only names it.
  public init(creating: Bool = true) throws {
    let number = Self.made.add(1, ordering: .relaxed).newValue
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(ProcessInfo.processInfo.processIdentifier)-\(number)")
    try? FileManager.default.removeItem(at: url)
    if creating { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  }

  /// Removes the directory and all in it.
  public func remove() { try? FileManager.default.removeItem(at: url) }
}
