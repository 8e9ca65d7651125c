import Testing

@testable import EscapementTool

@Suite("Heads of HTTP responses")
struct ResponseHeadTests {
  private func head(_ status: Int, _ lines: [String]) throws -> ResponseHead {
    var head = try #require(ResponseHead(statusLine: "HTTP/1.1 \(status) Any"))
    for line in lines { head.add(line: line) }
    return head
  }

  @Test("status lines of any version, and nothing else")
  func status() {
    #expect(ResponseHead(statusLine: "HTTP/2 206")?.status == 206)
    #expect(ResponseHead(statusLine: "HTTP/1.1 404 Not Found")?.status == 404)
    for line in ["", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 abc", "ICY 200 OK", "ETag: \"HTTP/1.1 200\""] {
      #expect(ResponseHead(statusLine: line) == nil, "\(line)")
    }
  }

  @Test("interim answers and redirections to somewhere are followed by another one")
  func preliminary() throws {
    #expect(try head(103, []).isPreliminary)
    #expect(try head(302, ["Location: /there"]).isPreliminary)
    #expect(try !head(302, []).isPreliminary)
    #expect(try !head(304, ["Location: /there"]).isPreliminary)
    #expect(try !head(200, ["Location: /there"]).isPreliminary)
  }

  @Test("ranges as RFC 9110, 14.4, writes them")
  func ranges() throws {
    func range(_ value: String) throws -> [Int?] {
      let range = try head(206, ["content-RANGE: \(value)"]).contentRange
      return [range.first, range.total]
    }
    #expect(try range("bytes 42-1233/1234") == [42, 1234])
    #expect(try range("bytes 42-1233/*") == [42, nil])
    #expect(try range("bytes */1234") == [nil, 1234])
    #expect(try range("lines 1-2/3") == [nil, nil])
    #expect(try range("") == [nil, nil])
  }

  @Test(
    "a weak entity tag does not tell versions apart, a time of change does; a control character is left out")
  func validators() throws {
    let time = "Last-Modified: Thu, 18 Jun 2009 20:39:14 GMT"
    #expect(try head(200, [time, "ETag: \"a\""]).validator == "\"a\"")
    #expect(try head(200, [time, "ETag: W/\"a\""]).validator == "Thu, 18 Jun 2009 20:39:14 GMT")
    #expect(try head(200, ["ETag: W/\"a\""]).validator == nil)
    #expect(try head(200, ["ETag: \"a\u{7}\""]).validator == nil)
    #expect(try head(200, ["ETag: \(String(repeating: "a", count: 2000))"]).validator == nil)
    #expect(try head(200, ["Content-Length:  12"]).contentLength == 12)
  }
}
