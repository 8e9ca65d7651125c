import EscapementArtifacts
import Foundation

/// Data in a Python pickle, read without running code.
///
/// A pickle is a program. Its reader (`PickleMachine`) cannot call anything: a name is a name, and a call is a record of
/// a function's name and its arguments, which the owner of the file format interprets. What a pickle may contain is its
/// `PickleDialect`. Values are in a table and refer to each other by index, so that nesting needs no stack and a value
/// that contains itself is harmless; texts and bytes are ranges of the file.
package struct Pickle: Sendable {
  /// A value's index in the table.
  package typealias Index = Int32

  /// A value.
  package enum Value: Hashable, Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer of more than 64 bits: its little-endian bytes in the file.
    case long(Range<Int>)
    /// Bytes of the file: a Python 2 string, or bytes.
    case bytes(Range<Int>)
    /// UTF-8 bytes of the file.
    case text(Range<Int>)
    case list([Index])
    case tuple([Index])
    case dictionary([Index])  // alternating keys and values
    /// MODULE.NAME
    case name(String)
    case call(Call)
    /// An object that is kept outside the pickle, by its identity.
    case persistent(Index)
    /// A value that no dialect needs: a floating-point number, a set, an object of an unknown class.
    case ignored
  }

  /// A call that a pickle describes. It is never made.
  package struct Call: Hashable, Sendable {
    /// MODULE.NAME
    package let function: String
    /// The arguments.
    package let arguments: [Index]
    /// The state that the result is given; nil if none.
    package var state: Index?
  }

  /// The most bytes of a name: a module's, a key's.
  static let nameLimit = 4096

  /// The file, for errors.
  package let file: String
  /// The bytes that values refer to.
  package let data: Data
  /// All values.
  package let values: [Value]
  /// The value of the pickle.
  package let root: Index
  /// The position behind the pickle.
  package let end: Int

  /// Reads the pickle that begins at `start` of some bytes.
  /// - Throws: `DataError` naming the byte, for an invalid opcode, or an opcode or name that the dialect does not know.
  package init(_ data: Data, from start: Int = 0, file: String, dialect: PickleDialect = .dataSet) throws {
    var machine = PickleMachine(
      data.startIndex == 0 ? data : Data(data), from: start, file: file, dialect: dialect)
    root = try machine.run()
    (self.file, self.data, values, end) = (file, machine.data, machine.values, machine.position)
  }

  /// The value at an index.
  package subscript(index: Index) -> Value { values[Int(index)] }

  /// The text of at most 4096 bytes at an index; nil for other values.
  ///
  /// No name is longer, and references of two bytes could ask for a longer text again and again.
  package func text(of index: Index) -> String? {
    guard case .text(let range) = self[index], range.count <= Self.nameLimit else { return nil }
    return String(decoding: data[range], as: UTF8.self)
  }

  /// The bytes of a text or byte string; nil for other values.
  ///
  /// Python 3 writes bytes in protocol 2 as a call that encodes a text as Latin-1.
  package func bytes(of index: Index) -> Data? {
    switch self[index] {
    case .bytes(let range), .text(let range): return data[range]
    case .call(let call) where call.function == "_codecs.encode":
      guard let first = call.arguments.first, case .text(let range) = self[first] else { return nil }
      return Self.latin1(data[range])
    default: return nil
    }
  }

  /// The members of a list or tuple; nil for other values.
  package func members(of index: Index) -> [Index]? {
    switch self[index] {
    case .list(let members), .tuple(let members): members
    default: nil
    }
  }

  /// The keys and values of a dictionary, in order; nil for other values.
  package func pairs(of index: Index) -> [(key: Index, value: Index)]? {
    guard case .dictionary(let entries) = self[index] else { return nil }
    return stride(from: 0, to: entries.count, by: 2).map { (entries[$0], entries[$0 + 1]) }
  }

  /// The value for a dictionary's key; nil if there is none or `index` is not a dictionary.
  package func value(of key: String, in index: Index) -> Index? {
    guard case .dictionary(let entries) = self[index] else { return nil }
    let name = Data(key.utf8)
    // The last entry is used, as in Python.
    return stride(from: entries.count - 2, through: 0, by: -2).first { isText(entries[$0], name) }
      .map { entries[$0 + 1] }
  }

  private func isText(_ index: Index, _ name: Data) -> Bool {
    switch self[index] {
    case .bytes(let range), .text(let range): range.count == name.count && data[range] == name
    case .call(let call):
      // Longer texts are not even decoded: many keys could refer to one of them.
      call.arguments.first.flatMap { text in
        if case .text(let range) = self[text], range.count <= 2 * name.count { bytes(of: index) } else { nil }
      } == name
    default: false
    }
  }

  /// The bytes of a UTF-8 text in which each character is one byte; nil if a character is larger.
  private static func latin1(_ text: Data) -> Data? {
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
    return high == nil ? Data(bytes) : nil
  }
}

/// What the pickles of a file format may contain.
package struct PickleDialect: Sendable {
  /// The versions of the pickle protocol.
  package let protocols: ClosedRange<UInt8>
  /// The opcodes; nil for all that the reader knows.
  package let opcodes: Set<UInt8>?
  /// The names; nil for all. With a list of names every other value, and every use of a value that makes nothing that is
  /// needed, is an error; without one it is ignored.
  package let names: Set<String>?
  /// The names that may be called; nil for all.
  package let functions: Set<String>?
  /// The most opcodes that are executed.
  package let opcodeLimit: Int
  /// Whose pickles they are, for errors: "a data set's pickle".
  package let owner: String
  /// The advice of errors.
  package let advice: String

  /// A dialect from its parts.
  package init(
    protocols: ClosedRange<UInt8>, opcodes: Set<UInt8>? = nil, names: Set<String>? = nil,
    functions: Set<String>? = nil, opcodeLimit: Int, owner: String, advice: String
  ) {
    self.protocols = protocols
    self.opcodes = opcodes
    self.names = names
    self.functions = functions
    self.opcodeLimit = opcodeLimit
    self.owner = owner
    self.advice = advice
  }

  /// Numbers, texts, lists, dictionaries and NumPy arrays of bytes, as data sets need; nothing else is ignored.
  ///
  /// The names are those of NumPy before and after 2.0. The published files need about 250,000 opcodes.
  package static let dataSet: PickleDialect = {
    let functions: Set<String> = [
      "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.dtype",
      "_codecs.encode",
    ]
    return PickleDialect(
      protocols: 2...4,
      opcodes: Set("(NKMJUCTBX]})taesuqrhjcRb.".utf8).union([
        0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94, 0x95,
      ]),
      names: functions.union(["numpy.ndarray"]), functions: functions, opcodeLimit: 1_000_000,
      owner: "a data set's pickle",
      advice: "the file is damaged or no data set's pickle; nothing of it was run")
  }()
}
