import EscapementArtifacts
import EscapementLongTail
import Foundation

/// The tensors of a file that `torch.save` wrote: a ZIP archive, or the stream that PyTorch wrote before 1.6.
///
/// Nothing of the file is executed (`Pickle`).
struct TorchFile {
  /// A dictionary of the file whose values are tensors, at least one of them.
  struct Group {
    /// The keys that lead to it, joined by dots; empty for the file's own dictionary.
    let path: String
    /// Its tensors, dense and row-major.
    let tensors: [String: Safetensors.Entry]
  }

  /// "PyTorch ZIP archive" or "PyTorch stream".
  let format: String
  /// The dictionaries of tensors, outermost first.
  let groups: [Group]

  /// How deep dictionaries are searched: `{"state": {"model": {...}}}` is 2.
  private static let depthLimit = 4
  /// How often its own size a file's names and the copies of its strided tensors may take together.
  private static let copyLimit = 8
  /// All names and opcodes: only a state dictionary is looked for, and what else a file holds is ignored.
  static let dialect = PickleDialect(
    protocols: 2...5, opcodeLimit: 10_000_000, owner: "a pickle of torch.save",
    advice: "save the state dictionary alone: torch.save(model.state_dict(), FILE)")
  private static let streamMagic = Data([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19])

  /// Whether bytes begin as such a file.
  static func begins(_ data: Data) -> Bool {
    data.starts(with: [0x50, 0x4B, 0x03, 0x04]) || data.starts(with: [0x80, 0x02, 0x8A, 0x0A])
  }

  /// Reads a file's bytes; `file` names it in errors. A `DataError` where they are damaged or hold no tensors.
  init(parsing data: Data, file: String) throws {
    if data.starts(with: [0x50, 0x4B]) {
      format = "PyTorch ZIP archive"
      groups = try Self.archive(data, file: file)
    } else {
      format = "PyTorch stream"
      groups = try Self.stream(data, file: file)
    }
    guard !groups.isEmpty else {
      throw DataError(
        file: file, found: "no dictionary of tensors", expected: "a state dictionary",
        advice: "save the state dictionary alone: torch.save(model.state_dict(), FILE)")
    }
  }

  private static func archive(_ data: Data, file: String) throws -> [Group] {
    let archive = try ZipArchive(data, file: file)
    let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }
    guard pickles.count == 1, let pickle = try archive.bytes(of: pickles[0]) else {
      throw DataError(
        file: file, found: "\(pickles.count) entries data.pkl", expected: "one, as torch.save writes",
        advice: "TorchScript files hold code: save the state dictionary instead")
    }
    let folder = pickles[0].dropLast("data.pkl".count)
    if let order = try archive.bytes(of: folder + "byteorder"), order != Data("little".utf8) {
      throw DataError(
        file: file, place: "byteorder", found: String(decoding: order.prefix(20), as: UTF8.self),
        expected: "little")
    }
    let contents = try Pickle(pickle, file: "\(file), \(pickles[0])", dialect: dialect)
    // Each entry's checksum is computed once.
    var storages: [String: Data] = [:]
    var size = 0
    return try groups(of: contents, file: file, size: data.count) { storage in
      if let bytes = storages[storage.key] { return bytes }
      let place = "data/\(storage.key)"
      guard let bytes = try archive.bytes(of: folder + place) else {
        throw DataError(file: file, place: place, found: "no such entry", expected: "a storage")
      }
      size += bytes.count
      guard size <= data.count else {
        throw DataError(file: file, place: place, found: "entries that overlap", expected: "separate ones")
      }
      storages[storage.key] = bytes
      return bytes
    }
  }

  private static func stream(_ whole: Data, file: String) throws -> [Group] {
    let data = whole.startIndex == 0 ? whole : Data(whole)
    var place = 0
    func fault(_ found: String, _ expected: String) -> DataError {
      DataError(
        file: file, place: "byte \(place)", found: found, expected: expected,
        advice: "the file is damaged, or no file of torch.save")
    }
    func next() throws -> Pickle {
      let pickle = try Pickle(data, from: place, file: file, dialect: dialect)
      place = pickle.end
      return pickle
    }
    let magic = try next()
    guard case .long(let number) = magic[magic.root], data[number] == streamMagic else {
      throw fault("no magic number", "PyTorch's")
    }
    let version = try next()
    guard version[version.root] == .integer(1001) else { throw fault("another version", "version 1001") }
    let system = try next()
    guard case .dictionary = system[system.root] else { throw fault("no system", "a dictionary") }
    if let order = system.value(of: "little_endian", in: system.root), system[order] != .bool(true) {
      throw fault("big-endian numbers", "little-endian ones")
    }
    let contents = try next()
    let keys = try next()
    guard let names = keys.members(of: keys.root) else { throw fault("no storages", "a list of their keys") }
    var stored: [String: Storage] = [:]
    for (index, value) in contents.values.enumerated() {
      guard case .persistent = value,
        let storage = try Storage(Pickle.Index(index), in: contents, place: "storages"),
        stored[storage.key] == nil
      else { continue }
      stored[storage.key] = storage
    }
    var storages: [String: Data] = [:]
    for key in names {
      guard let name = keys.text(of: key), place <= data.count - 8 else {
        throw fault("the end", "a storage")
      }
      let stated = data[place..<(place + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      place += 8
      // A storage of a type that is not read has an unknown width: what follows it cannot be found.
      guard let storage = stored[name] else { throw fault("a storage of another type", "numbers") }
      guard stated == UInt64(storage.count), storage.count <= (data.count - place) / storage.type.size else {
        throw fault("a storage of \(stated) elements", "\(storage.count), within the file")
      }
      let size = storage.count * storage.type.size
      storages[name] = data[place..<(place + size)]
      place += size
    }
    return try groups(of: contents, file: file, size: data.count) { storage in
      guard let bytes = storages[storage.key] else { throw fault("no storage \(storage.key)", "one") }
      return bytes
    }
  }

  /// The dictionaries of tensors in the pickle of a file of `size` bytes, each once.
  ///
  /// References of a few bytes could ask for the same long name or tensor again and again. A `DataError` beyond
  /// `copyLimit`.
  static func groups(
    of pickle: Pickle, file: String, size: Int, bytes: (Storage) throws -> Data
  ) throws -> [Group] {
    var copied = 0
    func copy(_ bytes: Int, _ place: String) throws {
      copied += bytes
      guard copied <= copyLimit * size else {
        throw DataError(
          file: file, place: place, found: "copies of more than \(copyLimit) times the file",
          expected: "each name and tensor once",
          advice: "save the state dictionary alone: torch.save(model.state_dict(), FILE)")
      }
    }
    var groups: [Group] = []
    var seen: Set<Pickle.Index> = []
    var level: [(path: [String], index: Pickle.Index)] = [([], pickle.root)]
    for _ in 0...depthLimit {
      var next: [(path: [String], index: Pickle.Index)] = []
      for (path, index) in level where seen.insert(index).inserted {
        var tensors: [String: Safetensors.Entry] = [:]
        for (key, value) in pickle.pairs(of: index) ?? [] {
          guard let name = pickle.text(of: key) else { continue }
          let whole = (path + [name]).joined(separator: ".")
          let place = String(whole.prefix(200))
          try copy(whole.utf8.count, place)
          if case .dictionary = pickle[value] {
            next.append((path + [name], value))
          } else if let view = try View(value, in: pickle, place: place) {
            tensors[name] = try dense(view, place: place, file: file, copy: copy, bytes: bytes)
          }
        }
        if !tensors.isEmpty { groups.append(Group(path: path.joined(separator: "."), tensors: tensors)) }
      }
      level = next
    }
    return groups
  }

  /// The elements of a view, row by row; `copy` hears of those that are copied. A `DataError` where the view leaves its
  /// storage, or has more elements.
  private static func dense(
    _ view: View, place: String, file: String, copy: (Int, String) throws -> Void,
    bytes: (Storage) throws -> Data
  ) throws -> Safetensors.Entry {
    let storage = view.storage
    let width = storage.type.size
    func fault(_ found: String, _ expected: String) -> DataError {
      DataError(file: file, place: place, found: found, expected: expected)
    }
    var count = 1
    var last = view.offset
    for (extent, stride) in zip(view.shape, view.strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      let (reach, tooFar) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
      let (sum, beyond) = last.addingReportingOverflow(reach)
      guard !overflow, !tooFar, !beyond else { throw fault("shape \(view.shape)", "one that fits memory") }
      (count, last) = (product, sum)
    }
    // An expanded tensor has more elements than its storage: of a few bytes it could ask for all memory.
    guard count <= storage.count, count == 0 || last < storage.count else {
      throw fault(
        "shape \(view.shape), strides \(view.strides) from element \(view.offset) on",
        "elements of a storage of \(storage.count)")
    }
    // A tensor without elements may have any offset and any other extents.
    guard count > 0 else { return Safetensors.Entry(dtype: storage.type, shape: view.shape, data: Data()) }
    let all = try bytes(storage)
    guard storage.count <= all.count / width, all.count == storage.count * width else {
      throw fault("a storage of \(all.count) bytes", "\(storage.count) elements of \(width) bytes")
    }
    var dense = 1
    var isDense = true
    for (extent, stride) in zip(view.shape, view.strides).reversed() {
      if extent != 1, stride != dense { isDense = false }
      dense *= extent
    }
    let start = all.startIndex + view.offset * width
    guard !isDense else {
      return Safetensors.Entry(
        dtype: storage.type, shape: view.shape, data: all[start..<(start + count * width)])
    }
    try copy(count * width, place)
    var data = Data(capacity: count * width)
    var index = [Int](repeating: 0, count: view.shape.count)
    for _ in 0..<count {
      let element = start + zip(index, view.strides).reduce(0) { $0 + $1.0 * $1.1 } * width
      data.append(all[element..<(element + width)])
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < view.shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return Safetensors.Entry(dtype: storage.type, shape: view.shape, data: data)
  }
}
