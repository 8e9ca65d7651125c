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

  /// A device that a test may write to: `null` or `full` of Linux.
  ///
  /// It is made in this directory where the process may make devices, as root usually may: broken code that replaces a
  /// device by a file would otherwise take `/dev/null` from the whole machine. Other users cannot harm `/dev`, and get
  /// the device that is there.
  public func device(_ device: Device) -> URL {
    let made = url.appendingPathComponent("\(device)")
    let number = dev_t(1 << 8 | device.rawValue)
    return mknod(made.path, S_IFCHR | 0o600, number) == 0 ? made : URL(fileURLWithPath: "/dev/\(device)")
  }

  /// The devices of Linux' memory driver, by their minor number.
  public enum Device: dev_t {
    case null = 3
    case full = 7
  }

  /// Removes the directory and its contents.
  public func remove() { try? FileManager.default.removeItem(at: url) }
}
