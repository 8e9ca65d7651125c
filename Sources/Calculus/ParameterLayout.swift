import EscapementKernels

/// The named segments of a flat parameter buffer, in order.
///
/// The order is the one in which a network declares its layers (for ResNets the order of the published PyTorch models),
/// so that Hessian vectors can be compared entry by entry.
public struct ParameterLayout: Hashable, Sendable {
  /// How a segment's entries are arranged, and hence how they map to the interchange layout.
  public enum Role: String, Hashable, Sendable {
    /// `[kh][kw][in][out]` here, `[out][in][kh][kw]` in files.
    case convolution
    /// `[in][out]` here, `[out][in]` in files.
    case dense
    /// A matrix `[in][out]` in both, as the published normalized classifier stores its weight.
    case matrix
    /// The same in both: biases, batch-norm gains and shifts, running statistics.
    case vector
  }

  /// One named range of the buffer.
  public struct Segment: Hashable, Sendable {
    /// The name as PyTorch gives it, for example `layer1.0.conv1.weight`.
    public let name: String
    /// Extents as stored here.
    public let shape: Shape
    /// The arrangement of the entries.
    public let role: Role
    /// How the entries are drawn at the start.
    public let initialization: Initialization
    /// Index of the first entry in the flat buffer.
    public let offset: Int
    /// The number of entries.
    public var count: Int { shape.count }
  }

  /// The segments, in buffer order.
  public private(set) var segments: [Segment] = []
  /// The number of entries of the whole buffer.
  public private(set) var count = 0

  /// A layout without segments.
  public init() {}

  /// Appends a segment and returns its index. The default initialization is zero. Names must be unique.
  @discardableResult
  public mutating func append(
    name: String, shape: Shape, role: Role, initialization: Initialization = .constant(0)
  ) -> Int {
    precondition(!segments.contains { $0.name == name }, "a segment named \(name) exists already")
    segments.append(
      Segment(name: name, shape: shape, role: role, initialization: initialization, offset: count))
    count += shape.count
    return segments.count - 1
  }

  /// The index of the segment of that name.
  public func index(of name: String) -> Int? { segments.firstIndex { $0.name == name } }
}
