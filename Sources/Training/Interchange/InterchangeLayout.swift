import CEscapementKernels
import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels

/// Tensors in the layout of PyTorch's state dictionaries.
///
/// Convolutions `[kh][kw][in][out]` become `[out][in][kh][kw]`, dense weights `[in][out]` become `[out][in]`; the
/// normalized classifier's `[in][out]` and vectors do not change. The elements are copied bit for bit.
public enum InterchangeLayout {
  /// The segments of a vector as safetensors entries, with `prefix` before each name.
  public static func entries<Element: Real>(
    _ vector: ParameterVector<Element>, prefix: String = ""
  ) -> [(name: String, entry: Safetensors.Entry)] {
    vector.layout.segments.enumerated().map { index, segment in
      (prefix + segment.name, entry(reversed(vector[index], role: segment.role, inward: false)))
    }
  }

  /// A tensor as a safetensors entry, without reordering.
  static func entry<Element: Real>(_ tensor: Tensor<Element>) -> Safetensors.Entry {
    let bytes = tensor.count * MemoryLayout<Element>.stride
    return Safetensors.Entry(
      dtype: Safetensors.DType(rawValue: Element.dtypeName)!, shape: tensor.shape.extents,
      data: tensor.withPointer { Data(bytes: $0, count: bytes) })
  }

  /// Whether an entry has the element type or, with `widening`, one that the element type holds exactly.
  static func holds<Element: Real>(
    _ entry: Safetensors.Entry, _ type: Element.Type, widening: Bool
  ) -> Bool {
    if entry.dtype.rawValue == Element.dtypeName { return true }
    switch entry.dtype {
    case .f16, .bf16: return widening
    case .f32: return widening && Element.self == Double.self
    default: return false
    }
  }

  /// An entry as a tensor; its type must satisfy `holds`.
  static func tensor<Element: Real>(_ entry: Safetensors.Entry) -> Tensor<Element> {
    func stored<E: Real>(_ type: E.Type) -> Tensor<E> {
      Tensor<E>(shape: Shape(entry.shape)) { target in
        _ = entry.data.copyBytes(to: UnsafeMutableRawBufferPointer(start: target, count: entry.data.count))
      }
    }
    if entry.dtype.rawValue == Element.dtypeName { return stored(Element.self) }
    switch entry.dtype {
    case .f32: return stored(Float.self).converted(to: Element.self)
    case .f16, .bf16:
      // Copied, because a file aligns nothing.
      let halves = [UInt16](unsafeUninitializedCapacity: entry.data.count / 2) { target, count in
        _ = entry.data.copyBytes(to: target)
        count = entry.data.count / 2
      }
      return Tensor<Float>(shape: Shape(entry.shape)) { target in
        ek_widen(entry.dtype == .bf16 ? EK_BFLOAT16 : EK_BINARY16, halves.count, halves, target)
      }.converted(to: Element.self)
    default: preconditionFailure("\(entry.dtype.rawValue) as \(Element.dtypeName)")
    }
  }

  /// The vector of a layout from a file's tensors. A missing tensor, or another dtype or shape, is a `DataError` that
  /// names `file` and the tensor. With `widening`, a type is accepted that the element type holds exactly.
  static func vector<Element: Real>(
    of layout: ParameterLayout, from tensors: Safetensors, prefix: String = "", file: String,
    as type: Element.Type, widening: Bool = false
  ) throws -> ParameterVector<Element> {
    func stored(_ segment: ParameterLayout.Segment) throws -> Safetensors.Entry {
      let name = prefix + segment.name
      let shape = exportedShape(segment)
      let expected = "\(Element.dtypeName) of shape \(shape)"
      guard let entry = tensors.tensors[name] else {
        throw DataError(file: file, place: name, found: "no such tensor", expected: expected)
      }
      guard entry.shape == shape.extents, holds(entry, Element.self, widening: widening) else {
        throw DataError(
          file: file, place: name, found: "\(entry.dtype.rawValue) of shape \(Shape(entry.shape))",
          expected: expected)
      }
      return entry
    }
    // All tensors are checked before any is copied, because a layout may be larger than the memory.
    let entries = try layout.segments.map(stored)
    var flat = Tensor<Element>.zeros([layout.count])
    for (segment, entry) in zip(layout.segments, entries) {
      let values: Tensor<Element> = reversed(tensor(entry), role: segment.role, inward: true)
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
    case .matrix, .vector: return segment.shape
    }
  }

  /// Reverses the order of (taps, in, out) for convolutions and (in, out) for dense weights; the same permutation
  /// converts in both directions.
  private static func reversed<Element: Real>(
    _ tensor: Tensor<Element>, role: ParameterLayout.Role, inward: Bool
  ) -> Tensor<Element> {
    switch role {
    case .matrix, .vector: return tensor
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
