import CEscapementKernels

/// An element type of tensors: `Float` for training, `Double` for verification.
///
/// Every kernel exists for both types, with the same order of operations, so an algorithm is written once and runs at
/// either precision.
public protocol Real: BinaryFloatingPoint, LosslessStringConvertible, Sendable {
  /// The type's tag in the C kernels.
  static var kernelType: ek_type { get }
  /// "F32" or "F64", the names that safetensors uses.
  static var dtypeName: String { get }
  /// The bits, widened to 64, for digests and exact goldens.
  var bits: UInt64 { get }
  /// The value with these `bits`.
  init(bits: UInt64)
  /// The value, rounded once from Double.
  init(rounding value: Double)
}

extension Float: Real {
  public static var kernelType: ek_type { EK_F32 }
  public static var dtypeName: String { "F32" }
  public var bits: UInt64 { UInt64(bitPattern) }
  public init(bits: UInt64) { self.init(bitPattern: UInt32(truncatingIfNeeded: bits)) }
  public init(rounding value: Double) { self = Float(value) }
}

extension Double: Real {
  public static var kernelType: ek_type { EK_F64 }
  public static var dtypeName: String { "F64" }
  public var bits: UInt64 { bitPattern }
  public init(bits: UInt64) { self.init(bitPattern: bits) }
  public init(rounding value: Double) { self = value }
}
