import CEscapementKernels

/// A block of memory from the C pool. It returns to the pool when the last tensor that views it is released.
///
/// Unchecked because the memory itself is not protected. A `Tensor` writes only while it is the sole owner of its
/// block, so shared blocks are immutable.
public final class Block: @unchecked Sendable {
  /// The memory, 64-byte aligned.
  public let memory: UnsafeMutableRawPointer
  /// Its size in bytes.
  public let bytes: Int

  /// Allocates at least one byte, uninitialized.
  public init(bytes: Int) {
    let size = max(bytes, 1)
    guard let memory = ek_pool_take(size) else { fatalError("out of memory: \(size) bytes for a tensor") }
    self.memory = memory
    self.bytes = size
  }

  deinit { ek_pool_give(memory, bytes) }
}
