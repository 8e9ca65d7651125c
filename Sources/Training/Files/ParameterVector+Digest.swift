import EscapementArtifacts
import EscapementCalculus
import EscapementKernels

extension ParameterVector {
  /// SHA-256 over the segments sorted by name: name, dtype, shape and little-endian elements of each.
  public var digest: Digest {
    let stream = DigestStream()
    append(to: stream)
    return stream.finish()
  }

  /// Eight hexadecimal digits per segment, in layout order: the start of the SHA-256 of its little-endian elements.
  ///
  /// They show which tensors differ; only `digest` decides whether two vectors are equal.
  public var tensorChecksums: [String] {
    layout.segments.indices.map { index in
      self[index].withPointer {
        let stream = DigestStream()
        stream.update(
          UnsafeRawBufferPointer(
            start: $0, count: layout.segments[index].count * MemoryLayout<Element>.stride))
        return String(stream.finish().hex.prefix(8))
      }
    }
  }

  /// Appends the segments, sorted by the UTF-8 bytes of their names, with `prefix` before each name.
  func append(to stream: DigestStream, prefix: String = "") {
    let order = layout.segments.indices.sorted {
      layout.segments[$0].name.utf8.lexicographicallyPrecedes(layout.segments[$1].name.utf8)
    }
    for index in order {
      let segment = layout.segments[index]
      self[index].withPointer {
        stream.update(
          name: prefix + segment.name, dtype: Element.dtypeName, shape: segment.shape.extents,
          elements: UnsafeRawBufferPointer(start: $0, count: segment.count * MemoryLayout<Element>.stride))
      }
    }
  }
}
