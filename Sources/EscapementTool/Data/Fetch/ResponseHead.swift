/// The status and the fields of an HTTP response (RFC 9110).
struct ResponseHead: Equatable {
  /// The status code.
  let status: Int
  private var fields: [String: String] = [:]

  /// Reads a status line, "HTTP/1.1 200 OK"; nil for any other line.
  init?(statusLine line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/"), words[1].count == 3, let status = Int(words[1])
    else { return nil }
    self.status = status
  }

  /// Adds a field line, "NAME: VALUE"; other lines are ignored, and so are values that cannot be sent back.
  mutating func add(line: some StringProtocol) {
    guard let colon = line.firstIndex(of: ":") else { return }
    let value = line[line.index(after: colon)...].trimmingPrefix { $0 == " " || $0 == "\t" }
    guard Self.canBeSentBack(value) else { return }
    fields[line[..<colon].lowercased()] = String(value)
  }

  /// Whether a request may repeat a value: one line of text, of 1,024 bytes at most.
  static func canBeSentBack(_ value: some StringProtocol) -> Bool {
    value.utf8.count <= 1024 && value.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }

  /// The value of a field, by its name in lower case.
  subscript(name: String) -> String? { fields[name] }

  /// Whether another response follows: after an interim response or a redirection.
  var isPreliminary: Bool {
    (100..<200).contains(status) || ([301, 302, 303, 307, 308].contains(status) && self["location"] != nil)
  }

  /// The length of the body, if stated.
  var contentLength: Int? { self["content-length"].flatMap { Int($0) } }

  /// The range of a partial response, "bytes FIRST-LAST/TOTAL": its first byte and the whole length, if stated.
  var contentRange: (first: Int?, total: Int?) {
    guard let value = self["content-range"], value.hasPrefix("bytes ") else { return (nil, nil) }
    let parts = value.dropFirst(6).split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return (nil, nil) }
    return (parts[0].split(separator: "-").first.flatMap { Int($0) }, Int(parts[1]))
  }

  /// An identifier of this version of the file: a strong entity tag, or otherwise the modification time.
  var validator: String? {
    if let tag = self["etag"], !tag.hasPrefix("W/") { return tag }
    return self["last-modified"]
  }
}
