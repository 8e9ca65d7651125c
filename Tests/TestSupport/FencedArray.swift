import Foundation
import EscapementKernels

/// Elements that end exactly where an unmapped page begins, with canaries in front.
///
/// A kernel that reads or writes after the last element faults at once; one that writes before the first element
/// changes a canary or faults. Inputs are mapped read-only, so writing to one also faults. The elements are aligned
/// only to their own size, as a tensor's view may be.
public final class FencedArray<Element: Real> {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  private let slack: Int
  private static var page: Int { Int(sysconf(Int32(_SC_PAGESIZE))) }
  private static var canary: UInt8 { 0xC5 }

  /// Maps a copy of `elements`.
  public init(_ elements: [Element], writable: Bool = false) {
    let page = Self.page
    let bytes = elements.count * MemoryLayout<Element>.stride
    let body = max((bytes + page - 1) / page, 1) * page
    count = elements.count
    mappedBytes = body + 2 * page
    slack = body - bytes
    guard
      let base = mmap(nil, mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED,
      mprotect(base + page, body, PROT_READ | PROT_WRITE) == 0
    else { fatalError("cannot map \(mappedBytes) bytes") }
    mapping = base
    memset(base + page, Int32(Self.canary), slack)
    pointer = (base + page + slack).bindMemory(to: Element.self, capacity: count)
    write(elements)
    if !writable { mprotect(base + page, body, PROT_READ) }
  }

  deinit { munmap(mapping, mappedBytes) }

  /// Replaces the elements, which must be writable and of the same count.
  public func write(_ elements: [Element]) {
    precondition(elements.count == count, "\(elements.count) elements for \(count)")
    elements.withUnsafeBytes { source in
      if let base = source.baseAddress { memcpy(pointer, base, source.count) }
    }
  }

  /// A copy of the elements.
  public var elements: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Whether the bytes before the first element are unchanged.
  public var isIntact: Bool {
    let front = UnsafeRawBufferPointer(start: mapping + Self.page, count: slack)
    // Compare the canaries with themselves shifted by one byte, which is much faster than a loop in a debug build.
    return slack == 0
      || (front[0] == Self.canary && memcmp(front.baseAddress!, front.baseAddress! + 1, slack - 1) == 0)
  }
}
