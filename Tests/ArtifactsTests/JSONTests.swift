import Foundation
import Testing

@testable import EscapementArtifacts

@Suite struct JSONTests {
  func parse(_ text: String) throws -> JSON { try JSON(parsing: Data(text.utf8), file: "t.json") }

  @Test func keysSortByUTF8Bytes() {
    // U+FF5E is EF BD 9E and U+10000 is F0 90 80 80 in UTF-8, but UTF-16 would order them the other way.
    let value: JSON = ["\u{10000}": 1, "\u{FF5E}": 2, "b": 3, "B": 4, "a": 5]
    #expect(value.canonical() == "{\"B\":4,\"a\":5,\"b\":3,\"\u{FF5E}\":2,\"\u{10000}\":1}")
  }

  /// é in one scalar and in two are one String for Swift, and two texts for every file and digest.
  @Test func equalValuesAreEqualBytes() {
    let (one, two) = ("\u{E9}", "e\u{301}")
    #expect(one == two && !one.isIdentical(to: two))
    #expect(JSON.string(one) != .string(two) && JSON.array([.string(one)]) != .array([.string(two)]))
    #expect(JSON.object([one: 1]) != .object([two: 1]) && JSON.object([one: 1]) == .object([one: 1]))
    #expect(JSON.object(["a": 1]) != .object(["a": 1, "b": 2]) && JSON.number(.nan) != .number(.nan))
    #expect(JSON.integer(1) != .number(1))
  }

  @Test func scalarsAreReplacedUnderCombiningAccents() {
    #expect("a'\u{301}b'".replacing(scalars: ["'": "''"]) == "a''\u{301}b''")
    #expect("a\r\nb".replacing(scalars: ["\n": ""]) == "a\r" + "b")
  }

  @Test func prettyAndCompactForms() {
    let value: JSON = ["list": [1, 2.5, "x"], "none": [], "empty": [:], "flag": true, "nothing": .null]
    #expect(
      value.canonical() == #"{"empty":{},"flag":true,"list":[1,2.5,"x"],"none":[],"nothing":null}"#)
    #expect(
      value.canonical(pretty: true) == """
        {
          "empty": {},
          "flag": true,
          "list": [
            1,
            2.5,
            "x"
          ],
          "none": [],
          "nothing": null
        }
        """)
  }

  @Test(arguments: [
    0.0, -0.0, 0.1, 1, 1e16, 1e-5, .leastNonzeroMagnitude, 1.7976931348623157e308, 2.2250738585072014e-308,
    1 / 3.0,
  ])
  func numbersRoundTripToTheBit(_ number: Double) throws {
    let back = try #require(try parse(JSON.number(number).canonical()).double)
    #expect(back.bitPattern == number.bitPattern)
    #expect(try parse(JSON.number(number).canonical()).integer == nil)
  }

  @Test func integersStayIntegers() throws {
    for integer in [0, -1, .max, .min] { #expect(try parse("\(integer)") == .integer(integer)) }
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("-0").double?.sign == .minus)
  }

  @Test func nonFiniteNumbersAreStrings() throws {
    let text = JSON.array([.number(.nan), .number(.infinity), .number(-.infinity)]).canonical()
    #expect(text == #"["nan","inf","-inf"]"#)
    let values = try #require(try parse(text).array).map { $0.double }
    #expect(values[0]?.isNaN == true && values[1] == .infinity && values[2] == -.infinity)
  }

  @Test func stringsRoundTrip() throws {
    let hard = "\"\\/\u{0}\u{8}\u{C}\n\r\t\u{1F}\u{7F}é\u{1F600}\u{2028}"
    #expect(try parse(JSON.string(hard).canonical()) == .string(hard))
    #expect(try parse(#""\ud83d\ude00\u0041""#) == .string("\u{1F600}A"))
  }

  @Test(arguments: [
    "", " ", "{", "[1,", "[1 2]", "{\"a\" 1}", "{a:1}", "nul", "01", "1.", ".5", "-", "1e", "+1", "1e999",
    "\"abc", "\"\\q\"", "\"\\ud83d\"", "\"\\ud83d\\u0041\"", "\"\\u12g4\"", "\"a\nb\"", "[] []", "{\"a\":1,}",
    "[1,]", "{\"a\":1,\"a\":2}", "NaN", "Infinity", "'a'",
  ])
  func refusesWhatIsNoJSON(_ text: String) {
    #expect(throws: DataError.self) { try parse(text) }
  }

  @Test func refusesInvalidUTF8() {
    #expect(throws: DataError.self) { try JSON(parsing: Data([0x22, 0xC3, 0x28, 0x22]), file: "t") }
  }

  @Test func depthIsBounded() throws {
    #expect(throws: Never.self) {
      try parse(String(repeating: "[", count: 128) + String(repeating: "]", count: 128))
    }
    #expect(throws: DataError.self) { try parse(String(repeating: "[", count: 200_000)) }
    #expect(throws: DataError.self) { try parse(String(repeating: "{\"a\":", count: 200_000)) }
  }

  @Test func errorsNameTheLineAndStayOnOne() throws {
    let error = try #require(throws: DataError.self) { try parse("{\n  \"a\": ?\n}") }
    #expect(error.description == "t.json: line 2, column 8: found '?', expected a JSON value")
    let hostile = DataError(
      file: "a\nb", found: "\u{1B}[2J\r\n" + String(repeating: "x", count: 9999), expected: "y")
    #expect(!hostile.description.contains { $0.isNewline || $0 == "\u{1B}" })
    #expect(hostile.description.count < 400)
  }

  @Test func cursorNamesTheKeyPath() throws {
    let root = JSONCursor(try parse(#"{"a":{"b":[1,"x"]},"n":null}"#), file: "t.json")
    #expect(try root.field("a").field("b").elements()[0].integer() == 1)
    #expect(try root.optionalField("n")?.value == nil)
    let wrong = try #require(throws: DataError.self) {
      try root.field("a").field("b").elements()[1].integer()
    }
    #expect(wrong.description == "t.json: a.b[1]: found a string, expected an integer")
    let absent = try #require(throws: DataError.self) { try root.field("a").field("c") }
    #expect(absent.description == "t.json: a.c: found nothing, expected a value for this key")
  }
}
