import Foundation
import Synchronization

/// A new empty directory with a name from the process and a counter. The creator must remove it.
public struct TemporaryDirectory {
  private static let made = Atomic<Int>(0)

  /// The directory.
  public let url: URL

  /// Creates the directory, or with `creating: false` only its name.
  public init(creating: Bool = true) throws {
    let number = Self.made.add(1, ordering: .relaxed).newValue
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(ProcessInfo.processInfo.processIdentifier)-\(number)")
    try? FileManager.default.removeItem(at: url)
    if creating { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  }

  /// Removes the directory and its contents.
  public func remove() { try? FileManager.default.removeItem(at: url) }
}
