/// The extents of a dense row-major tensor, outermost first; `[]` is a scalar of one element.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// Extents, outermost axis first.
  public let extents: [Int]

  /// A shape of the given extents. Passing a negative extent is a programming error.
  public init(_ extents: [Int]) {
    precondition(extents.allSatisfy { $0 >= 0 }, "extents must not be negative, got \(extents)")
    self.extents = extents
  }

  /// A shape written as a literal: `[n, h, w, c]`.
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The number of axes.
  public var rank: Int { extents.count }
  /// The number of elements.
  public var count: Int { extents.reduce(1, *) }
  /// The extent of one axis.
  public subscript(axis: Int) -> Int { extents[axis] }
  /// The extent of the innermost axis, 1 for a scalar.
  public var columns: Int { extents.last ?? 1 }
  /// The product of all extents but the innermost.
  public var rows: Int { extents.dropLast().reduce(1, *) }
  /// For `[n, …, c]`: the product of the axes between the first and the last (the pixels of an image).
  public var pixels: Int { rank < 3 ? 1 : extents[1..<(rank - 1)].reduce(1, *) }
  /// Extents joined by "×".
  public var description: String {
    extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: "×")
  }
}
