import CEscapementKernels

/// A stretch of memory from the C pool; it goes back when the last tensor that views it dies.
///
/// Unchecked because the memory itself is not protected: a `Tensor` writes only while it is the sole
/// owner of its block, so shared blocks are immutable.
public final class Block: @unchecked Sendable {
  /// The memory, 64-byte aligned.
  public let memory: UnsafeMutableRawPointer
  /// Its size.
  public let bytes: Int

  /// Takes at least one byte, uninitialized.
  public init(bytes: Int) {
    let size = max(bytes, 1)
    guard let memory = ek_pool_take(size) else { fatalError("out of memory: \(size) bytes for a tensor") }
    self.memory = memory
    self.bytes = size
  }

  deinit { ek_pool_give(memory, bytes) }
}
