import EscapementKernels

/// All parameters of a model (or a gradient, or a direction) as one flat vector with named segments.
public struct ParameterVector<Element: Real>: Sendable, Equatable {
  /// Names and places of the segments.
  public let layout: ParameterLayout
  /// The entries of all segments, in layout order: a tensor of shape `[layout.count]`.
  public var flat: Tensor<Element>

  /// Wraps a flat vector of `layout.count` entries.
  public init(layout: ParameterLayout, flat: Tensor<Element>) {
    precondition(
      flat.count == layout.count, "\(flat.count) entries for a layout of \(layout.count)")
    self.layout = layout
    self.flat = flat.reshaped([flat.count])
  }

  /// A vector of zeros.
  public init(zeros layout: ParameterLayout) {
    self.init(layout: layout, flat: .zeros([layout.count]))
  }

  /// The number of entries.
  public var count: Int { layout.count }

  /// A view of one segment in its own shape.
  public subscript(segment: Int) -> Tensor<Element> {
    let place = layout.segments[segment]
    return flat.view(at: place.offset, shape: place.shape)
  }
}
