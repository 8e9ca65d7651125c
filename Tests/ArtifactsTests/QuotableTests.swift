import Foundation
import Testing

@testable import EscapementArtifacts

@Suite("Quoted texts show every character")
struct QuotableTests {
  @Test("characters that are not seen are escaped, blanks within a text are not")
  func escapes() {
    for (text, quoted) in [
      ("a\tb\nc\rd", #"a\tb\nc\rd"#), ("\u{FEFF}index", #"\u{FEFF}index"#), ("a\u{A0}b", #"a\u{A0}b"#),
      ("a\u{200B}b", #"a\u{200B}b"#), ("\u{1B}[31m", #"\u{1B}[31m"#), ("a\u{FE0F}", #"a\u{FE0F}"#),
      ("a.ppm ", #"a.ppm\u{20}"#), (" a", #"\u{20}a"#), ("two  blanks", "two  blanks"), ("é λ", "é λ"),
      ("", ""),
    ] {
      #expect(text.quotable().isIdentical(to: quoted), "\(quoted)")
      #expect(quoted.quotable().isIdentical(to: quoted), "quoting twice changes nothing")
      #expect(text.isVisible == (text.isIdentical(to: quoted) || text.hasSuffix(" ") || text.hasPrefix(" ")))
    }
    #expect(String(repeating: "a", count: 9).quotable(limit: 4) == "aaaa…")
  }

  @Test("what was found and what was expected never look the same")
  func pairs() {
    func reason(_ found: String, _ expected: String) -> String {
      DataError(file: "f", found: found, expected: expected).reason
    }
    #expect(reason("\u{FEFF}a", "a") == #"f: found \u{FEFF}a, expected a"#)
    #expect(reason("a", "b") == "f: found a, expected b")
    #expect(reason("a b", "a  b") == #"f: found a\u{20}b, expected a\u{20}\u{20}b"#)
    // Two spellings of one letter are equal as Swift compares strings.
    #expect(reason("caf\u{E9}", "cafe\u{301}") == #"f: found caf\u{E9}, expected cafe\u{301}"#)
    let long = String(repeating: "x", count: 500)
    let shown = reason(long + "left", long + "right")
    #expect(shown.hasSuffix("xxleft, expected …\(String(repeating: "x", count: 20))right"), "\(shown)")
    #expect(reason("same", "same") == "f: found same, expected same")
  }

  @Test("lists are trimmed, and a missing word is seen")
  func lists() {
    #expect("0, 1,2 ".listed == ["0", "1", "2"])
    #expect(" a b ,\tc".listed == ["a b", "c"] && "1,,2".listed == ["1", "", "2"] && "".listed == [""])
  }

  @Test("the nearest name is meant if it is near")
  func names() {
    let verbs = ["train", "verify", "draw", "data"]
    #expect(EditDistance.meant(by: "trian", among: verbs) == "train")
    #expect(EditDistance.meant(by: "VERIFY", among: verbs) == "verify")
    #expect(EditDistance.meant(by: "date", among: verbs) == "data")
    #expect(EditDistance.meant(by: "publish", among: verbs) == nil)
    #expect(
      EditDistance.meant(by: "x", among: verbs) == nil && EditDistance.meant(by: "", among: verbs) == nil)
    let error = UnknownName("tier", "exat", known: ["exact", "fixture"])
    #expect(error.exitCode == 64)
    #expect(error.description == "tier exat is not known (did you mean exact?); known are exact, fixture")
  }

  @Test("a directory that cannot be listed gives the reason")
  func directories() throws {
    let nowhere = URL(fileURLWithPath: "/nonexistent/x", isDirectory: true)
    let error = try #require(throws: FileError.self) { try Directories.names(in: nowhere) }
    #expect(error.code == ENOENT)
    let here = try Directories.names(in: URL(fileURLWithPath: "/proc/self", isDirectory: true))
    #expect(here.contains("status") && !here.contains(".") && !here.contains(".."))
  }
}
