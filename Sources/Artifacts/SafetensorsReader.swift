import Foundation

extension Safetensors {
  /// The longest header that is read: a hostile length must not exhaust the memory.
  static let headerLimit = 16 << 20

  /// Parses a file's bytes strictly; `file` names it in errors.
  ///
  /// Throws a `DataError` for: a header length beyond the file or beyond 16 MiB, a header that is not a JSON object
  /// with the format's members, a key given twice, an unknown dtype, a negative or overflowing shape, offsets that do
  /// not match dtype and shape, overlaps, gaps, or bytes after the last tensor.
  public init(parsing data: Data, file: String) throws {
    guard data.count >= 8 else {
      throw DataError(file: file, found: "\(data.count) bytes", expected: "a safetensors file of at least 8")
    }
    let stated = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let limit = min(Self.headerLimit, data.count - 8)
    guard stated <= UInt64(limit) else {
      throw DataError(
        file: file, place: "byte 0", found: "a header of \(stated) bytes", expected: "at most \(limit)",
        advice: "the file is truncated or no safetensors file")
    }
    let headerEnd = data.startIndex + 8 + Int(stated)
    let header = try JSONCursor(
      JSON(parsing: data[(data.startIndex + 8)..<headerEnd], file: file + " (header)"), file: file)
    guard let members = header.value.object else { throw header.fault(expected: "an object as header") }
    self.init()
    if let texts = try header.optionalField(Self.metadataKey) {
      for key in (texts.value.object ?? [:]).keys { metadata[key] = try texts.field(key).string() }
      guard texts.value.object != nil else { throw texts.fault(expected: "an object") }
    }
    let payload = data[headerEnd...]
    var places: [(name: String, begin: Int, end: Int)] = []
    for name in members.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    where name != Self.metadataKey {
      let (entry, begin) = try Self.entry(header.field(name), payload: payload)
      tensors[name] = entry
      places.append((name, begin, begin + entry.data.count))
    }
    try Self.checkCoverage(places, payload: payload.count, file: file)
  }

  /// Reads the file at `url`.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: FileContents.read(url), file: url.path)
  }

  private static func entry(_ header: JSONCursor, payload: Data) throws -> (Entry, begin: Int) {
    let typeField = try header.field("dtype")
    guard let dtype = DType(rawValue: try typeField.string()) else {
      throw typeField.fault(
        found: try typeField.string(), expected: DType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let shapeField = try header.field("shape")
    let shape = try shapeField.elements().map { try $0.integer(atLeast: 0) }
    var bytes = dtype.size
    for extent in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw shapeField.fault(found: "\(shape)", expected: "a shape that fits memory") }
      bytes = product
    }
    let offsetsField = try header.field("data_offsets")
    let offsets = try offsetsField.elements().map { try $0.integer(atLeast: 0) }
    guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= payload.count else {
      throw offsetsField.fault(found: "\(offsets)", expected: "[begin, end] within \(payload.count) bytes")
    }
    guard offsets[1] - offsets[0] == bytes else {
      throw offsetsField.fault(
        found: "\(offsets[1] - offsets[0]) bytes",
        expected: "\(bytes) for \(dtype.rawValue) of shape \(shape)")
    }
    guard let keys = header.value.object, keys.count == 3 else {
      throw header.fault(
        found: "\(header.value.object?.count ?? 0) members", expected: "dtype, shape and data_offsets only")
    }
    let start = payload.startIndex + offsets[0]
    return (Entry(dtype: dtype, shape: shape, data: payload[start..<(start + bytes)]), offsets[0])
  }

  /// Checks that every byte belongs to exactly one tensor.
  private static func checkCoverage(
    _ places: [(name: String, begin: Int, end: Int)], payload: Int, file: String
  ) throws {
    var covered = 0
    for place in places.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard place.begin == covered else {
        throw DataError(
          file: file, place: "\(place.name).data_offsets", found: "a tensor that begins at \(place.begin)",
          expected: "\(covered), where the one before ends")
      }
      covered = place.end
    }
    guard covered == payload else {
      throw DataError(
        file: file, found: "\(payload - covered) bytes after the last tensor", expected: "none",
        advice: "the file is damaged: fetch or write it again")
    }
  }
}
