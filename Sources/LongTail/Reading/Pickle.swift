import EscapementArtifacts
import Foundation

/// Data in a Python pickle. The reader implements only the opcodes for numbers, texts, lists, dictionaries and NumPy
/// byte arrays, and runs no code.
///
/// A pickle is a program. This reader cannot call anything: four names that such pickles mention (`numpy…_reconstruct`,
/// `numpy.ndarray`, `numpy.dtype`, `_codecs.encode`) are symbols with a fixed meaning here, and any other name or
/// opcode is an error at its byte. Values are in a table and refer to each other by index, so nesting needs no stack;
/// texts and bytes are ranges of the file.
struct Pickle {
  /// A value's index in the table.
  typealias Index = Int32

  /// A value.
  enum Value: Hashable {
    case none
    case bool(Bool)
    case integer(Int)
    /// Bytes of the file: a Python 2 string, or bytes.
    case bytes(Range<Int>)
    /// UTF-8 bytes of the file.
    case text(Range<Int>)
    /// Bytes that are not contained in the file: a text encoded as Latin-1.
    case encoded([UInt8])
    case list([Index])
    case tuple([Index])
    case dictionary([Index])  // alternating keys and values
    case symbol(Symbol)
    case element(String)  // a NumPy dtype
    case array(Array)
  }

  /// The names that have a meaning.
  enum Symbol: String, CaseIterable {
    case reconstruct
    case arrayType
    case elementType
    case encode

    /// The symbol for a module and name, in NumPy before and after 2.0.
    init?(module: String, name: String) {
      switch (module, name) {
      case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"):
        self = .reconstruct
      case ("numpy", "ndarray"): self = .arrayType
      case ("numpy", "dtype"): self = .elementType
      case ("_codecs", "encode"): self = .encode
      default: return nil
      }
    }
  }

  /// A NumPy array, empty until its state is known.
  struct Array: Hashable {
    var shape: [Int] = []
    var element = ""
    /// The value that contains the elements' bytes.
    var contents: Index?
  }

  /// The most opcodes that are executed; the published files need about 250,000.
  static let opcodeLimit = 1_000_000

  let file: String
  let data: Data
  private(set) var values: [Value] = []
  /// The value of the pickle.
  private(set) var root: Index = 0

  private var position = 0
  private var stack: [Index] = []
  private var marks: [Int] = []
  private var memo: [Int: Index] = [:]
  private var opcodeStart = 0
  private var encodedBytes = 0

  /// Reads a pickle of protocol 2, 3 or 4.
  /// - Throws: `DataError` naming the byte, for an invalid opcode, or an opcode or name that such data do not need.
  init(_ data: Data, file: String) throws {
    self.file = file
    self.data = data.startIndex == 0 ? data : Data(data)
    var opcodes = 0
    while true {
      opcodes += 1
      guard opcodes <= Self.opcodeLimit else {
        throw fault("more than \(Self.opcodeLimit) opcodes", "a data set's few hundred thousand")
      }
      opcodeStart = position
      let code = try byte()
      if code == UInt8(ascii: ".") { break }
      try execute(code)
    }
    root = try pop()
  }

  // ---- What readers ask ------------------------------------------------------------------------

  /// The value at an index.
  subscript(index: Index) -> Value { values[Int(index)] }

  /// The bytes of a text or byte string; nil for other values.
  func bytes(of index: Index) -> Data? {
    switch self[index] {
    case .bytes(let range), .text(let range): data[range]
    case .encoded(let bytes): Data(bytes)
    default: nil
    }
  }

  /// The value for a dictionary's key; nil if there is none or `index` is not a dictionary.
  func value(of key: String, in index: Index) -> Index? {
    guard case .dictionary(let entries) = self[index] else { return nil }
    let name = Data(key.utf8)
    // The last entry is used, as in Python.
    return stride(from: entries.count - 2, through: 0, by: -2).first { isText(entries[$0], name) }
      .map { entries[$0 + 1] }
  }

  private func isText(_ index: Index, _ name: Data) -> Bool {
    switch self[index] {
    case .bytes(let range), .text(let range): range.count == name.count && data[range] == name
    case .encoded(let bytes): bytes.count == name.count && bytes.elementsEqual(name)
    default: false
    }
  }

  /// An error at the last opcode read.
  func fault(_ found: String, _ expected: String) -> DataError {
    DataError(
      file: file, place: "byte \(opcodeStart)", found: found, expected: expected,
      advice: "the file is damaged or no data set's pickle; nothing of it was run")
  }

  // ---- The machine -----------------------------------------------------------------------------

  private mutating func execute(_ code: UInt8) throws {
    switch code {
    case 0x80:  // PROTO
      let version = try byte()
      guard (2...4).contains(version) else { throw fault("protocol \(version)", "protocol 2, 3 or 4") }
    case 0x95: _ = try take(8)  // FRAME: the following bytes are read in sequence
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.integer(Int(try byte())))
    case UInt8(ascii: "M"): push(.integer(try little(2)))
    case UInt8(ascii: "J"): push(.integer(Int(Int32(truncatingIfNeeded: try little(4)))))
    case 0x8a: push(.integer(try long()))
    case UInt8(ascii: "U"), UInt8(ascii: "C"): push(.bytes(try take(Int(try byte()))))
    case UInt8(ascii: "T"), UInt8(ascii: "B"): push(.bytes(try take(try little(4))))
    case 0x8c: push(.text(try take(Int(try byte()))))
    case UInt8(ascii: "X"): push(.text(try take(try little(4))))
    case UInt8(ascii: "]"): push(.list([]))
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: ")"): push(.tuple([]))
    case UInt8(ascii: "t"): push(.tuple(try popToMark()))
    case 0x85, 0x86, 0x87: push(.tuple(try pop(Int(code - 0x84))))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"): try set(try pop(2))
    case UInt8(ascii: "u"): try set(try popToMark())
    case UInt8(ascii: "q"): memo[Int(try byte())] = try top()
    case UInt8(ascii: "r"): memo[try little(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(Int(try byte()))
    case UInt8(ascii: "j"): try recall(try little(4))
    case UInt8(ascii: "c"): push(.symbol(try symbol(module: try line(), name: try line())))
    case 0x93:
      let names = try pop(2).map {
        bytes(of: $0).map { String(decoding: $0.prefix(80), as: UTF8.self) } ?? ""
      }
      push(.symbol(try symbol(module: names[0], name: names[1])))
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    default:
      let name = code.isGraphic ? "'\(Character(UnicodeScalar(code)))'" : "0x" + String(code, radix: 16)
      throw fault("opcode \(name)", "one that a data set's pickle needs")
    }
  }

  private mutating func push(_ value: Value) {
    stack.append(Index(values.count))
    values.append(value)
  }

  /// The lowest stack height to which values may be popped: values below a mark are not accessible.
  private var floor: Int { marks.last ?? 0 }

  private func top() throws -> Index {
    guard stack.count > floor, let last = stack.last else { throw fault("an empty stack", "a value") }
    return last
  }

  private mutating func pop() throws -> Index {
    let last = try top()
    stack.removeLast()
    return last
  }

  private mutating func pop(_ count: Int) throws -> [Index] {
    guard stack.count - floor >= count else {
      throw fault("\(stack.count - floor) values", "\(count)")
    }
    let taken = Swift.Array(stack.suffix(count))
    stack.removeLast(count)
    return taken
  }

  private mutating func popToMark() throws -> [Index] {
    guard let mark = marks.popLast() else { throw fault("no mark on the stack", "one") }
    let taken = Swift.Array(stack[mark...])
    stack.removeLast(taken.count)
    return taken
  }

  private mutating func recall(_ key: Int) throws {
    guard let index = memo[key] else { throw fault("a reference to entry \(key)", "one that was stored") }
    stack.append(index)
  }

  private mutating func append(_ items: [Index]) throws {
    let target = Int(try top())
    guard case .list(var list) = values[target] else { throw fault("no list to append to", "one") }
    values[target] = .none  // so that the list has one owner while it grows
    list += items
    values[target] = .list(list)
  }

  private mutating func set(_ items: [Index]) throws {
    let target = Int(try top())
    guard case .dictionary(var entries) = values[target], items.count % 2 == 0 else {
      throw fault("no dictionary to fill, or a key without a value", "both")
    }
    values[target] = .none
    entries += items
    values[target] = .dictionary(entries)
  }

  private func symbol(module: String, name: String) throws -> Symbol {
    guard let symbol = Symbol(module: module, name: name) else {
      throw fault("the name \(module).\(name)", "none but NumPy's arrays need")
    }
    return symbol
  }

  /// A call of one of the four names. The result is computed here; nothing is called.
  private mutating func reduce() throws {
    let parts = try pop(2)
    guard case .symbol(let callee) = self[parts[0]], case .tuple(let arguments) = self[parts[1]] else {
      throw fault("a call of a value", "NumPy's own")
    }
    switch callee {
    case .reconstruct: push(.array(Array()))
    case .elementType:
      guard let first = arguments.first, let name = bytes(of: first) else {
        throw fault("a dtype without a name", "a name")
      }
      push(.element(String(decoding: name.prefix(16), as: UTF8.self)))
    case .encode:
      guard let first = arguments.first, case .text(let range) = self[first],
        let bytes = Self.latin1(data[range])
      else { throw fault("a text that is not Latin-1", "bytes written as Latin-1 text") }
      encodedBytes += bytes.count
      guard encodedBytes <= data.count else {
        throw fault("more encoded bytes than the file has", "each text encoded once")
      }
      push(.encoded(bytes))
    case .arrayType: throw fault("a call of numpy.ndarray", "the forms that NumPy writes")
    }
  }

  /// Sets the state of an array or dtype.
  private mutating func build() throws {
    let state = try pop()
    let target = Int(try top())
    guard case .tuple(let fields) = self[state] else { throw fault("a state that is no tuple", "a tuple") }
    switch values[target] {
    case .element: break  // byte order and alignment: the name already determines what is needed
    case .array(var array):
      guard fields.count == 5, case .tuple(let extents) = self[fields[1]],
        case .element(let name) = self[fields[2]],
        case .bool(false) = self[fields[3]]
      else { throw fault("an array's state of another form", "(version, shape, dtype, False, bytes)") }
      array.shape = try extents.map {
        guard case .integer(let extent) = self[$0], extent >= 0 else { throw fault("a shape", "integers") }
        return extent
      }
      array.element = name
      array.contents = fields[4]
      values[target] = .array(array)
    default: throw fault("a state for a value that takes none", "an array or a dtype")
    }
  }

  // ---- Bytes -----------------------------------------------------------------------------------

  private mutating func take(_ count: Int) throws -> Range<Int> {
    guard count <= data.count - position else {
      throw fault("\(data.count - position) more bytes", "\(count)")
    }
    defer { position += count }
    return position..<(position + count)
  }

  private mutating func byte() throws -> UInt8 { data[try take(1).lowerBound] }

  /// Reads an unsigned little-endian number of up to four bytes.
  private mutating func little(_ count: Int) throws -> Int {
    data[try take(count)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// LONG1: a little-endian two's complement number whose first byte is the number of its bytes.
  private mutating func long() throws -> Int {
    let count = Int(try byte())
    guard count <= 8 else { throw fault("an integer of \(count) bytes", "at most 8") }
    let bytes = data[try take(count)]
    let start = (bytes.last ?? 0) & 0x80 == 0 ? 0 : -1
    return bytes.reversed().reduce(start) { $0 << 8 | Int($1) }
  }

  /// Text up to a line feed, the form of GLOBAL's arguments.
  private mutating func line() throws -> String {
    let limit = min(data.count, position + 80)
    guard let end = data[position..<limit].firstIndex(of: 10) else {
      throw fault("a name without an end", "at most 80 bytes and a line feed")
    }
    defer { position = end + 1 }
    return String(decoding: data[position..<end], as: UTF8.self)
  }

  /// The bytes of a UTF-8 text in which each character is one byte; nil if a character is larger.
  private static func latin1(_ text: Data) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var high: UInt8?
    for byte in text {
      switch (high, byte) {
      case (nil, 0..<0x80): bytes.append(byte)
      case (nil, 0xC2), (nil, 0xC3): high = byte
      case (let lead?, 0x80..<0xC0):
        bytes.append((lead & 3) << 6 | byte & 0x3F)
        high = nil
      default: return nil
      }
    }
    return high == nil ? bytes : nil
  }
}

extension UInt8 {
  fileprivate var isGraphic: Bool { (0x21...0x7e).contains(self) }
}
