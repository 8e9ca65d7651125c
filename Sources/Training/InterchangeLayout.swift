import Artifacts
import Calculus
import Foundation
import Kernels

/// Tensors in the arrangement of PyTorch's state dictionaries.
///
/// Convolutions `[kh][kw][in][out]` become `[out][in][kh][kw]`, dense weights `[in][out]` become
/// `[out][in]`; vectors stay. The elements themselves are copied bit for bit.
public enum InterchangeLayout {
  /// The segments of a vector as safetensors entries, each name behind `prefix`.
  public static func entries<Element: Real>(
    _ vector: ParameterVector<Element>, prefix: String = ""
  ) -> [(name: String, entry: Safetensors.Entry)] {
    vector.layout.segments.enumerated().map { index, segment in
      let exported = reversed(vector[index], role: segment.role, inward: false)
      let bytes = exported.count * MemoryLayout<Element>.stride
      let data = exported.withPointer { Data(bytes: $0, count: bytes) }
      let entry = Safetensors.Entry(
        dtype: Safetensors.DType(rawValue: Element.dtypeName)!, shape: exported.shape.extents, data: data)
      return (prefix + segment.name, entry)
    }
  }

  /// The vector of a layout from a file's tensors; a missing tensor, another dtype or shape is a
  /// `DataError` that names `file` and the tensor.
  static func vector<Element: Real>(
    of layout: ParameterLayout, from tensors: Safetensors, prefix: String = "", file: String,
    as type: Element.Type
  ) throws -> ParameterVector<Element> {
    var flat = Tensor<Element>.zeros([layout.count])
    for segment in layout.segments {
      let name = prefix + segment.name
      let shape = exportedShape(segment)
      let expected = "\(Element.dtypeName) of shape \(shape)"
      guard let entry = tensors.tensors[name] else {
        throw DataError(file: file, place: name, found: "no such tensor", expected: expected)
      }
      guard entry.dtype.rawValue == Element.dtypeName, entry.shape == shape.extents else {
        throw DataError(
          file: file, place: name, found: "\(entry.dtype.rawValue) of shape \(Shape(entry.shape))",
          expected: expected)
      }
      let stored = Tensor<Element>(shape: shape) { target in
        _ = entry.data.copyBytes(to: UnsafeMutableRawBufferPointer(start: target, count: entry.data.count))
      }
      let values = reversed(stored, role: segment.role, inward: true)
      flat.withMutablePointer { target in
        values.withPointer { (target + segment.offset).update(from: $0, count: segment.count) }
      }
    }
    return ParameterVector(layout: layout, flat: flat)
  }

  /// The extents of a segment in a file.
  static func exportedShape(_ segment: ParameterLayout.Segment) -> Shape {
    let extents = segment.shape.extents
    switch segment.role {
    case .convolution: return [extents[3], extents[2], extents[0], extents[1]]
    case .dense: return [extents[1], extents[0]]
    case .vector: return segment.shape
    }
  }

  /// Reverses the order of (taps, in, out) for convolutions and (in, out) for dense weights; the same
  /// permutation leads out and back.
  private static func reversed<Element: Real>(
    _ tensor: Tensor<Element>, role: ParameterLayout.Role, inward: Bool
  ) -> Tensor<Element> {
    switch role {
    case .vector: return tensor
    case .dense: return tensor.transposed()
    case .convolution:
      let e = tensor.shape.extents
      let (outer, middle, inner) = inward ? (e[0], e[1], e[2] * e[3]) : (e[0] * e[1], e[2], e[3])
      let shape: Shape = inward ? [e[2], e[3], e[1], e[0]] : [e[3], e[2], e[0], e[1]]
      // [outer][middle][inner] → [inner][outer][middle], then each plane [outer][middle] → [middle][outer].
      let moved = tensor.reshaped([outer * middle, inner]).transposed()
      return Tensor(shape: shape) { target in
        for plane in 0..<inner {
          let start = plane * outer * middle
          let turned = moved.view(at: start, shape: [outer, middle]).transposed()
          turned.withPointer { (target + start).update(from: $0, count: turned.count) }
        }
      }
    }
  }
}
