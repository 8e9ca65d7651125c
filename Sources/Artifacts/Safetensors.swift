import Foundation

/// Named tensors in the safetensors file format (github.com/huggingface/safetensors).
///
/// A file is the header's length (8 little-endian bytes), the header (a JSON object: name → dtype,
/// shape, data_offsets; spaces may follow), and the tensors' little-endian elements without gaps.
/// Of the format's types the unsigned ones beyond U8 and the 8-bit floats are not supported.
public struct Safetensors: Sendable, Equatable {
  /// Element types.
  public enum DType: String, Sendable, Hashable, CaseIterable {
    case f32 = "F32"
    case f64 = "F64"
    /// IEEE binary16.
    case f16 = "F16"
    /// The upper half of a binary32.
    case bf16 = "BF16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u8 = "U8"
    case bool = "BOOL"

    /// The number of bytes in an element.
    public var size: Int {
      switch self {
      case .u8, .i8, .bool: 1
      case .f16, .bf16, .i16: 2
      case .f32, .i32: 4
      case .f64, .i64: 8
      }
    }
  }

  /// One tensor: its elements are dense, row-major and little-endian.
  public struct Entry: Sendable, Equatable {
    /// The element type.
    public let dtype: DType
    /// Extents, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The elements.
    public let data: Data

    /// A tensor; the bytes must fill the shape.
    public init(dtype: DType, shape: [Int], data: Data) {
      precondition(shape.allSatisfy { $0 >= 0 }, "extents must not be negative, got \(shape)")
      precondition(
        data.count == shape.reduce(1, *) * dtype.size,
        "\(data.count) bytes for \(dtype.rawValue) of shape \(shape)")
      self.dtype = dtype
      self.shape = shape
      self.data = data
    }
  }

  /// The tensors by name.
  public var tensors: [String: Entry]
  /// Free text by key: the header's `__metadata__`.
  public var metadata: [String: String]

  /// A file's content.
  public init(tensors: [String: Entry] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The names, sorted by UTF-8 bytes.
  public var names: [String] {
    tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static let metadataKey = "__metadata__"

  /// The bytes of the file.
  ///
  /// Tensors of wider elements come first, and tensors of equal width are sorted by name, which keeps every tensor
  /// aligned. The header is padded with spaces to a multiple of 8 bytes. Equal content gives equal bytes.
  public func encoded() -> Data {
    precondition(tensors[Self.metadataKey] == nil, "a tensor may not be named \(Self.metadataKey)")
    let order = names.enumerated().sorted {
      (-tensors[$0.element]!.dtype.size, $0.offset) < (-tensors[$1.element]!.dtype.size, $1.offset)
    }.map(\.element)
    var header: [String: JSON] = [:]
    if !metadata.isEmpty { header[Self.metadataKey] = .object(metadata.mapValues { .string($0) }) }
    var offset = 0
    for name in order {
      let entry = tensors[name]!
      header[name] = [
        "dtype": .string(entry.dtype.rawValue), "shape": .array(entry.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(offset + entry.data.count)],
      ]
      offset += entry.data.count
    }
    var text = Data(JSON.object(header).canonical().utf8)
    text.append(Data(repeating: 0x20, count: (8 - text.count % 8) % 8))
    var file = Data(capacity: 8 + text.count + offset)
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(text)
    for name in order { file.append(tensors[name]!.data) }
    return file
  }
}
