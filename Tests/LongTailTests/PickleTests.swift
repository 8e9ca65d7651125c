import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementLongTail

@Suite("Pickles as data")
struct PickleTests {
  private func read(_ bytes: [UInt8]) throws -> Pickle { try Pickle(Data(bytes), file: "p") }
  private func read(_ text: String) throws -> Pickle { try read([0x80, 2] + Array(text.utf8)) }

  private func expectFault(
    _ bytes: [UInt8], _ mention: String, _ location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try read(bytes)
      Issue.record("read", sourceLocation: location)
    } catch let error as DataError {
      #expect(error.description.contains(mention), "\(error)", sourceLocation: location)
      #expect(error.place?.hasPrefix("byte ") == true, sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  @Test("numbers, texts and containers come out as they were")
  func values() throws {
    let pickle = try read([
      0x80, 2, UInt8(ascii: "("), UInt8(ascii: "K"), 7, UInt8(ascii: "M"), 1, 2, UInt8(ascii: "J"), 0xfe,
      0xff, 0xff,
      0xff, 0x8a, 2, 0, 0x80, 0x88, 0x89, UInt8(ascii: "N"), UInt8(ascii: "U"), 1, 65, UInt8(ascii: ")"),
      UInt8(ascii: "]"), UInt8(ascii: "t"), UInt8(ascii: "."),
    ])
    guard case .tuple(let items) = pickle[pickle.root] else {
      Issue.record("no tuple")
      return
    }
    let values = items.map { pickle[$0] }
    let expected: [Pickle.Value] = [
      .integer(7), .integer(513), .integer(-2), .integer(-32768), .bool(true), .bool(false),
      Pickle.Value.none,
    ]
    #expect(Array(values.prefix(7)) == expected)
    #expect(pickle.bytes(of: items[7]) == Data([65]))
    #expect(values[8] == Pickle.Value.tuple([]) && values[9] == Pickle.Value.list([]))
  }

  @Test("a list filled after it was stored is one list, and the last of equal keys counts")
  func references() throws {
    // {'a': x, 'b': x, 'a': 3} with x = [1]: x is stored, put in twice, and filled through the second reference.
    let pickle = try read([
      0x80, 2, UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: "U"), 1, 97, UInt8(ascii: "]"),
      UInt8(ascii: "q"), 0, UInt8(ascii: "U"), 1, 98, UInt8(ascii: "h"), 0, UInt8(ascii: "K"), 1,
      UInt8(ascii: "a"), UInt8(ascii: "U"), 1, 97, UInt8(ascii: "K"), 3, UInt8(ascii: "u"), UInt8(ascii: "."),
    ])
    let a = try #require(pickle.value(of: "a", in: pickle.root))
    let b = try #require(pickle.value(of: "b", in: pickle.root))
    #expect(pickle[a] == Pickle.Value.integer(3))
    guard case .list(let items) = pickle[b] else {
      Issue.record("no list")
      return
    }
    #expect(items.map { pickle[$0] } == [Pickle.Value.integer(1)])
    #expect(pickle.value(of: "c", in: pickle.root) == nil && pickle.value(of: "a", in: b) == nil)
  }

  @Test("protocol 4's frames, short texts, memo and names; Latin-1 text for bytes")
  func later() throws {
    let names =
      [UInt8](arrayLiteral: 0x8c, 7) + Array("_codecs".utf8) + [0x94, 0x8c, 6] + Array("encode".utf8)
    let pickle = try read(
      [0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0] + names
        + [0x93, 0x94, UInt8(ascii: "X"), 4, 0, 0, 0, 0xc3, 0xbf, 0x41, 0x00, 0x8c, 6] + Array("latin1".utf8)
        + [0x86, UInt8(ascii: "R"), UInt8(ascii: ".")])
    #expect(pickle.bytes(of: pickle.root) == Data([0xff, 0x41, 0x00]))
  }

  @Test("names other than NumPy's are refused, whatever they are")
  func names() {
    for name in [
      "os\nsystem", "builtins\neval", "numpy\nload", "__builtin__\nobject", "numpy.core.multiarray\nfoo",
    ] {
      expectFault(
        [0x80, 2] + Array("c\(name)\n.".utf8), "the name " + name.replacingOccurrences(of: "\n", with: "."))
    }
  }

  @Test("every opcode that is not needed is refused, each by its name")
  func opcodes() {
    let known = Set(
      Array("(NKMJUCTBX]})taesuqrhjcRb.".utf8) + [
        0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94, 0x95,
      ])
    #expect(known.count == 37)
    for code in UInt8.min...UInt8.max where !known.contains(code) {
      expectFault([0x80, 2, code, 0, 0, 0, 0, 0, 0, 0, 0], "opcode ")
    }
  }

  @Test("empty stacks, missing marks, unknown references and cut files are faults at their byte")
  func faults() {
    expectFault([], "more bytes")
    expectFault([0x80, 5], "protocol 5")
    for text in ["t", "e", "u"] { expectFault([0x80, 2] + Array(text.utf8), "no mark") }
    for text in [".", "a", "q\u{0}"] { expectFault([0x80, 2] + Array(text.utf8), "an empty stack") }
    // Values below a mark are out of reach.
    expectFault([0x80, 2] + Array("N(.".utf8), "an empty stack")
    expectFault([0x80, 2] + Array("N(".utf8) + [0x85], "0 values")
    expectFault([0x80, 2] + Array("h".utf8) + [3], "entry 3")
    expectFault([0x80, 2] + Array("U".utf8) + [9, 1], "1 more bytes")
    expectFault([0x80, 2] + Array("T".utf8) + [0xff, 0xff, 0xff, 0xff], "0 more bytes")
    expectFault([0x80, 2] + Array("NNa".utf8), "no list")
    expectFault([0x80, 2] + Array("}(Nu".utf8), "a key without a value")
    expectFault([0x80, 2] + Array("NNR".utf8), "a call of a value")
    expectFault([0x80, 2] + Array("cnumpy\nndarray\n)R".utf8), "a call of numpy.ndarray")
    expectFault([0x80, 2] + Array("NNb".utf8), "a state that is no tuple")
    expectFault([0x80, 2] + Array("N)b".utf8), "takes none")
    expectFault([0x80, 2, 0x8a, 9], "an integer of 9 bytes")
    expectFault([0x80, 2] + Array("c".utf8) + [UInt8](repeating: 65, count: 200), "a name without an end")
  }

  @Test("a pickle that asks for much is stopped: depth, opcodes, repeated encodings")
  func bounds() throws {
    // A million nested tuples, were they allowed, would need a stack of that depth to be freed.
    let nested =
      [0x80, 2, UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: 900_000) + [UInt8(ascii: ".")]
    #expect(try read(nested).values.count == 900_001)
    expectFault([0x80, 2] + [UInt8](repeating: UInt8(ascii: "N"), count: 1_000_001), "opcodes")
    let encode = Array("c_codecs\nencode\nX".utf8) + [0xe8, 3, 0, 0] + [UInt8](repeating: 97, count: 1000)
    // The same text encoded over and over: name and text stored, then called for each.
    var bomb = [0x80, 2] + encode + [UInt8(ascii: "q"), 1, 0x85, UInt8(ascii: "q"), 2, UInt8(ascii: "R")]
    for _ in 0..<5 {
      bomb += Array("c_codecs\nencode\nh".utf8) + [2, UInt8(ascii: "R")]
    }
    // Nothing is encoded before it is asked for, and as a key not even then.
    let pickle = try read([0x80, 2] + Array("}(".utf8) + bomb.dropFirst(2) + Array("u.".utf8))
    #expect(pickle.values.count < 40 && pickle.value(of: "data", in: pickle.root) == nil)
  }
}
