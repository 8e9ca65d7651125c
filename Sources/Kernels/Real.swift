import CEscapementKernels

/// An element type of tensors: `Float` trains, `Double` verifies.
///
/// Every kernel exists for both, with the same order of operations, so an algorithm is written once
/// and run at either precision.
public protocol Real: BinaryFloatingPoint, LosslessStringConvertible, Sendable {
  /// The tag by which the C leaves know the type.
  static var kernelType: ek_type { get }
  /// "F32" or "F64", the names that safetensors uses.
  static var dtypeName: String { get }
  /// The bits, widened to 64, for digests and exact goldens.
  var bits: UInt64 { get }
  /// The value whose `bits` these are.
  init(bits: UInt64)
  /// The value rounded once from double.
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
