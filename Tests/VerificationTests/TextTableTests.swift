@testable import EscapementDrawing
import Testing

/// The tables and paragraphs of every command.
@Suite struct TextTableTests {
  private static let numbers = TextTable(
    heading: ["rule", "ρ", "loss at the end", "outcome"],
    rows: [
      ["sgd", "-", "12.5", "consistent"], ["sam", "0.5", "-0.125", "not consistent"],
      ["imbsam", "10", "no", "FAILS"],
    ], rightAligned: [1, 2], outcomes: [3])

  @Test func decimalsStandBelowEachOther() {
    #expect(
      Self.numbers.text == """
        rule       ρ  loss at the end  outcome
        sgd        -           12.5    consistent
        sam      0.5           -0.125  not consistent
        imbsam  10                 no  FAILS
        """)
    // One number in another notation, and all are aligned at the right as they are.
    let mixed = TextTable(rows: [["0.5"], ["1e-05"], ["12.25"]], rightAligned: [0])
    #expect(mixed.text == "  0.5\n1e-05\n12.25")
  }

  @Test func textIsBrokenAtBlanksAndNumbersAreNot() {
    let table = TextTable(
      heading: ["claim", "value", "statement"],
      rows: [["T3", "-0.123456789", "One two three four five six seven\neight"], ["T4", "1", "nine"]],
      rightAligned: [1])
    let text = table.text(in: TextLayout(width: 45))
    #expect(
      text == """
        claim         value  statement
        T3     -0.123456789  One two three four five
                               six seven
                             eight
        T4      1            nine
        """)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 45 })
  }

  @Test func columnsContinueBelowTheKeys() {
    let table = TextTable(
      heading: ["run"] + (0..<9).map { "number \($0)" },
      rows: [["a"] + (0..<9).map { "\($0)000000.25" }, ["b"] + (0..<9).map { "\($0)" }],
      rightAligned: Set(1...9))
    for width in [24, 40, 80, 200] {
      let text = table.text(in: TextLayout(width: width))
      let parts = text.components(separatedBy: "\n\n")
      #expect(parts.allSatisfy { $0.contains("\na ") && $0.contains("\nb ") }, "\(text)")
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "\(text)")
      for index in 0..<9 { #expect(text.contains("\(index)000000.25"), "\(text)") }
    }
    #expect(table.text(in: TextLayout(width: 200)) == table.text)
  }

  @Test func onlyOutcomesHaveColors() {
    let colored = Self.numbers.text(in: TextLayout(isColored: true))
    #expect(colored.contains("\u{1B}[32mconsistent\u{1B}[0m\n"))
    #expect(colored.contains("\u{1B}[33mnot consistent\u{1B}[0m\n"))
    #expect(colored.hasSuffix("\u{1B}[31mFAILS\u{1B}[0m"))
    var plain = colored
    for code in ["32", "33", "31", "0"] { plain = plain.replacing("\u{1B}[\(code)m", with: "") }
    #expect(plain == Self.numbers.text && !plain.contains("\u{1B}"))
  }

  @Test func paragraphsHang() {
    let layout = TextLayout(width: 12)
    #expect(layout.wrapped("one two three four\nfive") == "one two\n  three four\nfive")
    #expect(layout.wrapped("  one two three", hanging: 0) == "  one two\n  three")
    // A name above the width stays whole.
    #expect(layout.wrapped("a 0123456789abcdef b", hanging: 0) == "a\n0123456789abcdef\nb")
    #expect(TextLayout.wide.wrapped("one two three four") == "one two three four")
  }
}
