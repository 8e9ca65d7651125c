import EscapementArtifacts
import Foundation

/// A reader of the pickles in which PyTorch keeps what its tensors are called. It executes nothing.
///
/// It knows the instructions that `torch.save` writes with the pickle protocols 2 to 5, and of names only those that
/// a state dictionary needs: `collections.OrderedDict`, the storage types, and the functions that make a tensor of a
/// storage. Any other name, and what would be made with it, becomes a value that stands for nothing (`.other`).
struct PickleMachine {
  /// A value. Containers are numbers of places in the machine, so that a pickle that contains itself is harmless.
  enum Value {
    case none, mark, other
    case bool(Bool)
    case integer(Int)
    /// An integer of more than 64 bits, as its little-endian bytes.
    case long(Data)
    case text(String)
    case sequence(Int)
    case dictionary(Int)
    case name(String)
    case storage(Int)
    case tensor(Int)
  }

  /// A storage as the pickle names it.
  struct Storage {
    let type: Safetensors.DType
    let key: String
    let count: Int
  }

  /// A view of a storage.
  struct View {
    let storage: Int
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  private let data: Data
  private let file: String
  private var position: Int
  private var stack: [Value] = []
  private var memo: [Int: Value] = [:]
  private(set) var sequences: [[Value]] = []
  private(set) var dictionaries: [[(key: Value, value: Value)]] = []
  private(set) var storages: [Storage] = []
  private(set) var views: [View] = []

  /// A machine at the beginning of some bytes; `file` names them in errors.
  init(_ data: Data, file: String) {
    (self.data, self.file) = (data, file)
    position = data.startIndex
  }

  /// Bytes read so far.
  var consumed: Int { position - data.startIndex }

  private func fault(_ found: String, expected: String = "a pickle of torch.save") -> DataError {
    DataError(
      file: file, place: "byte \(consumed)", found: found, expected: expected,
      advice: "save the state dictionary alone: torch.save(model.state_dict(), FILE)")
  }

  private mutating func bytes(_ count: Int) throws -> Data {
    guard count >= 0, count <= data.endIndex - position else { throw fault("the end of the file") }
    defer { position += count }
    return data[position..<(position + count)]
  }

  private mutating func number(_ count: Int) throws -> Int {
    let value = try bytes(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let integer = Int(exactly: value) else { throw fault("a length of \(value)") }
    return integer
  }

  private mutating func text(_ count: Int) throws -> Value {
    guard let text = String(bytes: try bytes(count), encoding: .utf8) else {
      throw fault("a text that is no UTF-8")
    }
    return .text(text)
  }

  /// A text up to the end of its line.
  private mutating func line() throws -> String {
    guard let end = data[position...].firstIndex(of: 0x0A), end - position <= 4096,
      let line = String(bytes: data[position..<end], encoding: .utf8)
    else { throw fault("a name without an end") }
    position = end + 1
    return line
  }

  private mutating func pop() throws -> Value {
    guard let value = stack.popLast() else { throw fault("an instruction without its operand") }
    return value
  }

  /// The values above the last mark.
  private mutating func popToMark() throws -> [Value] {
    var index = stack.count - 1
    while index >= 0 {
      if case .mark = stack[index] { break }
      index -= 1
    }
    guard index >= 0 else { throw fault("no mark") }
    defer { stack.removeSubrange(index...) }
    return Array(stack[(index + 1)...])
  }

  private mutating func sequence(_ values: [Value]) -> Value {
    sequences.append(values)
    return .sequence(sequences.count - 1)
  }

  private mutating func dictionary() -> Value {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  /// Adds pairs to the dictionary on top; what stands for nothing takes and forgets them.
  private mutating func set(_ pairs: [Value]) throws {
    guard pairs.count.isMultiple(of: 2) else { throw fault("a key without a value") }
    guard let top = stack.last else { throw fault("pairs without a dictionary") }
    guard case .dictionary(let index) = top else { return }
    for pair in stride(from: 0, to: pairs.count, by: 2) {
      dictionaries[index].append((pairs[pair], pairs[pair + 1]))
    }
  }

  private mutating func append(_ values: [Value]) throws {
    guard let top = stack.last else { throw fault("values without a list") }
    if case .sequence(let index) = top { sequences[index] += values }
  }

  /// Reads one pickle and returns what it makes.
  mutating func run() throws -> Value {
    stack = []
    memo = [:]
    while true {
      let instruction = try number(1)
      switch instruction {
      case 0x80: _ = try number(1)  // PROTO
      case 0x95: _ = try bytes(8)  // FRAME
      case 0x2E: return try pop()  // STOP
      case 0x28: stack.append(.mark)
      case 0x30: _ = try pop()  // POP
      case 0x31: _ = try popToMark()  // POP_MARK
      case 0x32:  // DUP
        guard let top = stack.last else { throw fault("nothing to repeat") }
        stack.append(top)
      case 0x4E: stack.append(.none)
      case 0x88: stack.append(.bool(true))
      case 0x89: stack.append(.bool(false))
      case 0x4A: stack.append(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))  // BININT
      case 0x4B: stack.append(.integer(try number(1)))  // BININT1
      case 0x4D: stack.append(.integer(try number(2)))  // BININT2
      case 0x8A: stack.append(Self.integer(try bytes(try number(1))))  // LONG1
      case 0x47:  // BINFLOAT
        _ = try bytes(8)
        stack.append(.other)
      case 0x58: stack.append(try text(try number(4)))  // BINUNICODE
      case 0x8C: stack.append(try text(try number(1)))  // SHORT_BINUNICODE
      case 0x8D: stack.append(try text(try number(8)))  // BINUNICODE8
      case 0x55, 0x43:  // SHORT_BINSTRING, SHORT_BINBYTES
        _ = try bytes(try number(1))
        stack.append(.other)
      case 0x54, 0x42:  // BINSTRING, BINBYTES
        _ = try bytes(try number(4))
        stack.append(.other)
      case 0x8E:  // BINBYTES8
        _ = try bytes(try number(8))
        stack.append(.other)
      case 0x29: stack.append(sequence([]))  // EMPTY_TUPLE
      case 0x5D: stack.append(sequence([]))  // EMPTY_LIST
      case 0x7D: stack.append(dictionary())  // EMPTY_DICT
      case 0x8F: stack.append(.other)  // EMPTY_SET
      case 0x74: stack.append(sequence(try popToMark()))  // TUPLE
      case 0x6C: stack.append(sequence(try popToMark()))  // LIST
      case 0x64:  // DICT
        let pairs = try popToMark()
        stack.append(dictionary())
        try set(pairs)
      case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
        let count = instruction - 0x84
        guard stack.count >= count else { throw fault("a tuple without its members") }
        let members = Array(stack.suffix(count))
        stack.removeLast(count)
        stack.append(sequence(members))
      case 0x61: try append([try pop()])  // APPEND
      case 0x65: try append(try popToMark())  // APPENDS
      case 0x73:  // SETITEM
        let (value, key) = (try pop(), try pop())
        try set([key, value])
      case 0x75: try set(try popToMark())  // SETITEMS
      case 0x90: _ = try popToMark()  // ADDITEMS of a set
      case 0x71: memo[try number(1)] = stack.last  // BINPUT
      case 0x72: memo[try number(4)] = stack.last  // LONG_BINPUT
      case 0x94: memo[memo.count] = stack.last  // MEMOIZE
      case 0x68: stack.append(try recalled(try number(1)))  // BINGET
      case 0x6A: stack.append(try recalled(try number(4)))  // LONG_BINGET
      case 0x63:  // GLOBAL
        let module = try line()
        stack.append(.name("\(module).\(try line())"))
      case 0x93:  // STACK_GLOBAL
        guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
          throw fault("a name that is no text")
        }
        stack.append(.name("\(module).\(name)"))
      case 0x51: stack.append(try persistent(try pop()))  // BINPERSID
      case 0x52:  // REDUCE
        let (arguments, function) = (try pop(), try pop())
        stack.append(try made(function, arguments))
      case 0x81:  // NEWOBJ
        _ = (try pop(), try pop())
        stack.append(.other)
      case 0x62: _ = try pop()  // BUILD: attributes of an object, which no state dictionary needs
      default:
        throw fault("the instruction \(instruction)")
      }
    }
  }

  private func recalled(_ index: Int) throws -> Value {
    guard let value = memo[index] else { throw fault("a value that was never kept") }
    return value
  }

  /// A little-endian integer in two's complement.
  private static func integer(_ bytes: Data) -> Value {
    guard bytes.count <= 8 else { return .long(Data(bytes)) }
    let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let top = bytes.last, top & 0x80 != 0, bytes.count < 8 else {
      return .integer(Int(truncatingIfNeeded: value))
    }
    return .integer(Int(truncatingIfNeeded: value | ~UInt64(0) << UInt64(8 * bytes.count)))
  }

  // MARK: What is made

  private static let storageTypes: [String: Safetensors.DType] = [
    "torch.DoubleStorage": .f64, "torch.FloatStorage": .f32, "torch.HalfStorage": .f16,
    "torch.BFloat16Storage": .bf16, "torch.LongStorage": .i64, "torch.IntStorage": .i32,
    "torch.ShortStorage": .i16, "torch.CharStorage": .i8, "torch.ByteStorage": .u8,
    "torch.BoolStorage": .bool,
  ]

  /// ('storage', type, key, location, count), in older files with a sixth member for views, which must be None.
  private mutating func persistent(_ identity: Value) throws -> Value {
    guard case .sequence(let index) = identity else { return .other }
    let parts = sequences[index]
    guard (5...6).contains(parts.count), case .text("storage") = parts[0], case .name(let type) = parts[1],
      case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw fault("a persistent id that is no storage") }
    if parts.count == 6 {
      guard case .none = parts[5] else { throw fault("a view of a storage", expected: "whole storages") }
    }
    guard let known = Self.storageTypes[type] else { return .other }
    storages.append(Storage(type: known, key: key, count: count))
    return .storage(storages.count - 1)
  }

  private mutating func made(_ function: Value, _ arguments: Value) throws -> Value {
    guard case .name(let name) = function, case .sequence(let index) = arguments else { return .other }
    let parts = sequences[index]
    switch name {
    case "collections.OrderedDict":
      let result = dictionary()
      guard let first = parts.first, case .sequence(let pairs) = first, case .dictionary(let place) = result
      else { return result }
      for pair in sequences[pairs] {
        guard case .sequence(let members) = pair, sequences[members].count == 2 else {
          throw fault("an OrderedDict of other than pairs")
        }
        dictionaries[place].append((sequences[members][0], sequences[members][1]))
      }
      return result
    case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
      guard parts.count >= 4 else {
        throw fault("a tensor of \(parts.count) arguments", expected: "four or more")
      }
      // A tensor of a type that is not read stands for nothing.
      guard case .storage(let storage) = parts[0] else { return .other }
      guard case .integer(let offset) = parts[1], let shape = integers(parts[2]),
        let strides = integers(parts[3]),
        offset >= 0, shape.count == strides.count, shape.allSatisfy({ $0 >= 0 }),
        strides.allSatisfy({ $0 >= 0 })
      else { throw fault("a tensor without offset, shape and strides") }
      views.append(View(storage: storage, offset: offset, shape: shape, strides: strides))
      return .tensor(views.count - 1)
    case "torch._utils._rebuild_parameter":
      if let first = parts.first, case .tensor = first { return first }
      return .other
    default: return .other
    }
  }

  private func integers(_ value: Value) -> [Int]? {
    guard case .sequence(let index) = value, sequences[index].count <= 64 else { return nil }
    var integers: [Int] = []
    for member in sequences[index] {
      guard case .integer(let integer) = member else { return nil }
      integers.append(integer)
    }
    return integers
  }
}
