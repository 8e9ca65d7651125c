import CEscapementKernels

/// A dense row-major array of `Element`s with value semantics.
///
/// A tensor is a view (block, offset, shape). Copies share the block, and a write to a shared block copies it first.
/// Views of segments (`view(at:shape:)`) share the block in the same way.
public struct Tensor<Element: Real>: Sendable {
  /// The memory that holds the elements, possibly shared with other tensors.
  public private(set) var block: Block
  /// The number of elements before this view's first one.
  public private(set) var offset: Int
  /// Extents.
  public private(set) var shape: Shape

  /// The number of elements.
  public var count: Int { shape.count }

  /// Allocates uninitialized memory and calls `fill` with a pointer to `shape.count` elements, all of which it must
  /// write.
  public init(shape: Shape, writing fill: (UnsafeMutablePointer<Element>) throws -> Void) rethrows {
    self.shape = shape
    offset = 0
    block = Block(bytes: shape.count * MemoryLayout<Element>.stride)
    try fill(block.memory.assumingMemoryBound(to: Element.self))
  }

  /// A tensor with every element equal to one value.
  public init(repeating value: Element, shape: Shape) {
    self.init(shape: shape) { ek_fill(Element.kernelType, shape.count, Double(value), $0) }
  }

  /// A tensor of zeros (+0).
  public static func zeros(_ shape: Shape) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// A tensor of the given elements, in row-major order; the count must match the shape.
  public init(_ elements: [Element], shape: Shape) {
    precondition(elements.count == shape.count, "\(elements.count) elements for a shape of \(shape)")
    self.init(shape: shape) { target in
      elements.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { target.update(from: base, count: source.count) }
      }
    }
  }

  /// A vector of the given elements.
  public init(_ elements: [Element]) { self.init(elements, shape: [elements.count]) }

  /// The elements in row-major order.
  public var elements: [Element] {
    withPointer { Array(UnsafeBufferPointer(start: $0, count: count)) }
  }

  /// Reads one element by its row-major index. For tests and scalars; do not use it in a loop over a tensor.
  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "index \(index) outside 0..<\(count)")
    return withPointer { $0[index] }
  }

  /// Calls `body` with a pointer to the first element.
  @inlinable
  public func withPointer<R>(_ body: (UnsafePointer<Element>) throws -> R) rethrows -> R {
    try withExtendedLifetime(block) {
      try body(UnsafePointer(block.memory.assumingMemoryBound(to: Element.self) + offset))
    }
  }

  /// Calls `body` with a pointer for writing, after making this tensor the block's only owner.
  public mutating func withMutablePointer<R>(
    _ body: (UnsafeMutablePointer<Element>) throws -> R
  ) rethrows -> R {
    makeUnique()
    return try withExtendedLifetime(block) {
      try body(block.memory.assumingMemoryBound(to: Element.self) + offset)
    }
  }

  /// The same elements in the same order under another shape of the same count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "cannot view \(self.shape) as \(shape)")
    var view = self
    view.shape = shape
    return view
  }

  /// A view of `shape.count` elements starting at element `start`; it shares the block.
  public func view(at start: Int, shape: Shape) -> Tensor {
    precondition(
      start >= 0 && start + shape.count <= count, "view of \(shape) at \(start) leaves \(count) elements")
    var view = self
    view.offset += start
    view.shape = shape
    return view
  }

  /// The number of copies made by writes to shared blocks, over all tensors of every type, on the calling thread since
  /// it started. A training step in the steady state makes none.
  public static var copiesOnWrite: Int { Int(ek_copies()) }

  private mutating func makeUnique() {
    // A view that is smaller than its block is copied too, because the parent tensor holds the block.
    if isKnownUniquelyReferenced(&block) { return }
    ek_copy_count()
    let copy = withPointer { source in
      Tensor(shape: shape) { $0.update(from: source, count: shape.count) }
    }
    self = copy
  }
}

extension Tensor: Equatable {
  /// Equal shapes and equal bits: NaN equals an identical NaN, and -0 differs from +0.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape
      && a.withPointer { p in
        b.withPointer { q in
          UnsafeRawBufferPointer(start: p, count: a.count * MemoryLayout<Element>.stride).elementsEqual(
            UnsafeRawBufferPointer(start: q, count: b.count * MemoryLayout<Element>.stride))
        }
      }
  }
}
