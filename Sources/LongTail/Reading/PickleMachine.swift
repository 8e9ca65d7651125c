import EscapementArtifacts
import Foundation

/// The stack machine that reads a pickle of protocol 2 to 5 into a table of values. It runs no code.
struct PickleMachine {
  let data: Data
  private(set) var position: Int
  private(set) var values: [Pickle.Value] = []

  private let file: String
  private let dialect: PickleDialect
  private let permitted: [Bool]
  private var stack: [Pickle.Index] = []
  private var marks: [Int] = []
  private var memo: [Int: Pickle.Index] = [:]
  private var opcodeStart = 0
  /// Bytes of names and entries of lists that were copied.
  private var copied = 0

  /// A machine at a position of `data`, which begins at index 0.
  init(_ data: Data, from start: Int, file: String, dialect: PickleDialect) {
    (self.data, position, self.file, self.dialect) = (data, start, file, dialect)
    permitted = (0...UInt8.max).map { dialect.opcodes?.contains($0) ?? true }
  }

  /// Reads up to the end of the pickle and returns its value.
  mutating func run() throws -> Pickle.Index {
    var opcodes = 0
    while true {
      opcodes += 1
      guard opcodes <= dialect.opcodeLimit else {
        throw fault("more than \(dialect.opcodeLimit) opcodes", "fewer in \(dialect.owner)")
      }
      opcodeStart = position
      let code = try byte()
      if code == UInt8(ascii: ".") { return try pop() }
      guard permitted[Int(code)] else { throw unknown(code) }
      try execute(code)
    }
  }

  private func fault(_ found: String, _ expected: String) -> DataError {
    DataError(
      file: file, place: "byte \(opcodeStart)", found: found, expected: expected, advice: dialect.advice)
  }

  private func unknown(_ code: UInt8) -> DataError {
    let isGraphic = (0x21...0x7e).contains(code)
    let name = isGraphic ? "'\(Character(UnicodeScalar(code)))'" : "0x" + String(code, radix: 16)
    return fault("opcode \(name)", "one that \(dialect.owner) needs")
  }

  /// Whether values and uses of them that make nothing are errors.
  private var isStrict: Bool { dialect.names != nil }

  private mutating func execute(_ code: UInt8) throws {
    switch code {
    case 0x80:  // PROTO
      let version = try byte()
      guard dialect.protocols.contains(version) else {
        let (first, last) = (dialect.protocols.lowerBound, dialect.protocols.upperBound)
        throw fault("protocol \(version)", "protocol \(first) to \(last)")
      }
    case 0x95: _ = try take(8)  // FRAME: the following bytes are read in sequence
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):  // POP, which in Python also removes a mark
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.integer(Int(try byte())))
    case UInt8(ascii: "M"): push(.integer(try little(2)))
    case UInt8(ascii: "J"): push(.integer(Int(Int32(truncatingIfNeeded: try little(4)))))
    case 0x8a: push(try long())
    case UInt8(ascii: "G"):  // BINFLOAT
      _ = try take(8)
      push(.ignored)
    case UInt8(ascii: "U"), UInt8(ascii: "C"): push(.bytes(try take(Int(try byte()))))
    case UInt8(ascii: "T"), UInt8(ascii: "B"): push(.bytes(try take(try little(4))))
    case 0x8e: push(.bytes(try take(try little(8))))
    case 0x8c: try pushText(Int(try byte()))
    case UInt8(ascii: "X"): try pushText(try little(4))
    case 0x8d: try pushText(try little(8))
    case UInt8(ascii: "]"): push(.list([]))
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: ")"): push(.tuple([]))
    case 0x8f: push(.ignored)  // EMPTY_SET
    case UInt8(ascii: "t"): push(.tuple(try popToMark()))
    case UInt8(ascii: "l"): push(.list(try popToMark()))
    case UInt8(ascii: "d"):
      let items = try popToMark()
      push(.dictionary([]))
      try set(items)
    case 0x85, 0x86, 0x87: push(.tuple(try pop(Int(code - 0x84))))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"): try set(try pop(2))
    case UInt8(ascii: "u"): try set(try popToMark())
    case 0x90: _ = try popToMark()  // ADDITEMS of a set
    case UInt8(ascii: "q"): memo[Int(try byte())] = try top()
    case UInt8(ascii: "r"): memo[try little(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(Int(try byte()))
    case UInt8(ascii: "j"): try recall(try little(4))
    case UInt8(ascii: "c"): try pushName(module: try line(), try line())
    case 0x93: try stackGlobal()
    case UInt8(ascii: "Q"): push(.persistent(try pop()))
    case UInt8(ascii: "R"): try reduce()
    case 0x81:  // NEWOBJ
      _ = try pop(2)
      push(.ignored)
    case UInt8(ascii: "b"): try build()
    default: throw unknown(code)
    }
  }

  // MARK: The stack

  private mutating func push(_ value: Pickle.Value) {
    stack.append(Pickle.Index(values.count))
    values.append(value)
  }

  /// The lowest stack height to which values may be popped: values below a mark are not accessible.
  private var floor: Int { marks.last ?? 0 }

  private func top() throws -> Pickle.Index {
    guard stack.count > floor, let last = stack.last else { throw fault("an empty stack", "a value") }
    return last
  }

  private mutating func pop() throws -> Pickle.Index {
    let last = try top()
    stack.removeLast()
    return last
  }

  private mutating func pop(_ count: Int) throws -> [Pickle.Index] {
    guard stack.count - floor >= count else { throw fault("\(stack.count - floor) values", "\(count)") }
    let taken = Array(stack.suffix(count))
    stack.removeLast(count)
    return taken
  }

  private mutating func popToMark() throws -> [Pickle.Index] {
    guard let mark = marks.popLast() else { throw fault("no mark on the stack", "one") }
    let taken = Array(stack[mark...])
    stack.removeLast(taken.count)
    return taken
  }

  private mutating func recall(_ key: Int) throws {
    guard let index = memo[key] else { throw fault("a reference to entry \(key)", "one that was stored") }
    stack.append(index)
  }

  // MARK: Containers

  private mutating func append(_ items: [Pickle.Index]) throws {
    let target = Int(try top())
    guard case .list(var list) = values[target] else {
      if isStrict { throw fault("no list to append to", "one") }
      return
    }
    values[target] = .none  // so that the list has one owner while it grows
    list += items
    values[target] = .list(list)
  }

  private mutating func set(_ items: [Pickle.Index]) throws {
    guard items.count.isMultiple(of: 2) else { throw fault("a key without a value", "both") }
    let target = Int(try top())
    guard case .dictionary(var entries) = values[target] else {
      if isStrict { throw fault("no dictionary to fill", "one") }
      return
    }
    values[target] = .none
    entries += items
    values[target] = .dictionary(entries)
  }

  // MARK: Names and calls

  private mutating func pushName(module: String, _ name: String) throws {
    let whole = "\(module).\(name)"
    guard dialect.names?.contains(whole) ?? true else {
      throw fault("the name \(whole)", "none but \(dialect.owner) needs")
    }
    push(.name(whole))
  }

  private mutating func stackGlobal() throws {
    let names = try pop(2).map { index -> String in
      guard case .text(let range) = values[Int(index)], range.count <= Pickle.nameLimit else {
        throw fault("a name that is no text", "a module and a name")
      }
      try copy(range.count)
      return String(decoding: data[range], as: UTF8.self)
    }
    try pushName(module: names[0], names[1])
  }

  /// Counts copies: a few bytes could ask for the same text or list again and again.
  private mutating func copy(_ count: Int) throws {
    copied += count
    guard copied <= data.count else {
      throw fault("copies of more than the file's size", "each name and list once")
    }
  }

  /// A call. Nothing is called: the value is the call itself, or a dictionary for `OrderedDict`, whose entries may follow.
  private mutating func reduce() throws {
    let parts = try pop(2).map { values[Int($0)] }
    guard case .name(let function) = parts[0], case .tuple(let arguments) = parts[1] else {
      if isStrict { throw fault("a call of a value", "one that \(dialect.owner) needs") }
      return push(.ignored)
    }
    guard dialect.functions?.contains(function) ?? true else {
      throw fault("a call of \(function)", "one that \(dialect.owner) needs")
    }
    guard function == "collections.OrderedDict" else {
      return push(.call(.init(function: function, arguments: arguments)))
    }
    var entries: [Pickle.Index] = []
    if let first = arguments.first, case .list(let pairs) = values[Int(first)] {
      try copy(pairs.count)
      for pair in pairs {
        switch values[Int(pair)] {
        case .tuple(let members) where members.count == 2, .list(let members) where members.count == 2:
          entries += members
        default: throw fault("an OrderedDict of other than pairs", "pairs of a key and a value")
        }
      }
    }
    push(.dictionary(entries))
  }

  /// Gives the result of a call its state.
  private mutating func build() throws {
    let state = try pop()
    let target = Int(try top())
    if isStrict {
      guard case .tuple = values[Int(state)] else { throw fault("a state that is no tuple", "a tuple") }
    }
    guard case .call(var call) = values[target] else {
      if isStrict { throw fault("a state for a value that takes none", "an object that was made") }
      return
    }
    call.state = state
    values[target] = .call(call)
  }

  // MARK: Bytes

  private mutating func take(_ count: Int) throws -> Range<Int> {
    guard count <= data.count - position else {
      throw fault("\(data.count - position) more bytes", "\(count)")
    }
    defer { position += count }
    return position..<(position + count)
  }

  private mutating func byte() throws -> UInt8 { data[try take(1).lowerBound] }

  /// Reads an unsigned little-endian number of up to eight bytes.
  private mutating func little(_ count: Int) throws -> Int {
    let value = data[try take(count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let number = Int(exactly: value) else { throw fault("a length of \(value)", "one within the file") }
    return number
  }

  /// LONG1: a little-endian two's complement number whose first byte is the number of its bytes.
  private mutating func long() throws -> Pickle.Value {
    let count = Int(try byte())
    guard count <= 8 || !isStrict else { throw fault("an integer of \(count) bytes", "at most 8") }
    let range = try take(count)
    guard count <= 8 else { return .long(range) }
    let start = (data[range].last ?? 0) & 0x80 == 0 ? 0 : -1
    return .integer(data[range].reversed().reduce(start) { $0 << 8 | Int($1) })
  }

  private mutating func pushText(_ count: Int) throws {
    let range = try take(count)
    let isValid = data.withUnsafeBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[range]).bindMemory(to: UInt8.self)
      return (try? UTF8Span(validating: bytes.span)) != nil
    }
    guard isValid else { throw fault("a text that is no UTF-8", "UTF-8") }
    push(.text(range))
  }

  /// Text up to a line feed, the form of GLOBAL's arguments.
  private mutating func line() throws -> String {
    let limit = min(data.count, position + Pickle.nameLimit)
    guard let end = data[position..<limit].firstIndex(of: 10),
      let line = String(bytes: data[position..<end], encoding: .utf8)
    else { throw fault("a name without an end", "UTF-8 and a line feed") }
    position = end + 1
    return line
  }
}
