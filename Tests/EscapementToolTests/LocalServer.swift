import Foundation
import Synchronization

/// An HTTP/1.1 server on the loopback interface that answers as a test says and keeps account of it.
final class LocalServer: Sendable {
  /// What a client asked for.
  struct Request: Sendable {
    /// What stands after the method: a path, or for a proxy the whole address.
    var target: String
    /// The fields, by their names in lower case.
    var fields: [String: String]
  }

  /// How an answer ends.
  enum End: Sendable {
    /// After the whole body.
    case whole
    /// The connection is closed after so many bytes of the body.
    case cut(after: Int)
    /// Nothing follows after so many bytes of the body, until the client or the server goes. A client that
    /// should have gone and does not is let down after 20 s, so that its test fails instead of waiting for ever.
    case hold(after: Int)
  }

  /// What the server answers.
  struct Reply: Sendable {
    var status = 200
    var fields: [String: String] = [:]
    var body = Data()
    var end = End.whole
    /// Whether the length of the body is told.
    var tellsLength = true
  }

  /// One request and the bytes of the body that were sent for it.
  struct Exchange: Sendable {
    var request: Request
    var sent = 0
  }

  private struct State {
    var exchanges: [Exchange] = []
    var connections: Set<Int32> = []
    var isStopped = false
  }

  /// The port listened on.
  let port: UInt16
  private let listener: Int32
  private let state = Mutex(State())
  private let answer: @Sendable (Request, Int) -> Reply

  /// Listens on a free port. `answer` gets each request and the number of those before it.
  init(answer: @escaping @Sendable (Request, Int) -> Reply) throws {
    struct Refused: Error {}
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (descriptor, size) = (listener, length)
    let isReady = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard descriptor >= 0, isReady else { throw Refused() }
    port = UInt16(bigEndian: address.sin_port)
    self.answer = answer
    Thread.detachNewThread { self.acceptAll() }
  }

  /// The address of a path on this server.
  func url(_ path: String = "/archive") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// What was asked and answered so far.
  var exchanges: [Exchange] { state.withLock { $0.exchanges } }

  // Not before: another socket may get the number of a closed one, and would be shut down in its place.
  deinit { close(listener) }

  /// Ends all connections and takes no more.
  func stop() {
    state.withLock {
      $0.isStopped = true
      for connection in $0.connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// A server of a file: of the part that a Range asks for, unless an If-Range names another version.
  static func file(_ contents: Data, tag: String? = "\"one\"", _ request: Request) -> Reply {
    var reply = Reply(body: contents)
    reply.fields["ETag"] = tag
    guard let range = request.fields["range"], range.hasPrefix("bytes="), range.hasSuffix("-"),
      let first = Int(range.dropFirst(6).dropLast()), request.fields["if-range"] ?? tag == tag
    else { return reply }
    guard first < contents.count else {
      reply.fields["Content-Range"] = "bytes */\(contents.count)"
      (reply.status, reply.body) = (416, Data())
      return reply
    }
    reply.fields["Content-Range"] = "bytes \(first)-\(contents.count - 1)/\(contents.count)"
    (reply.status, reply.body) = (206, contents.dropFirst(first))
    return reply
  }

  private func acceptAll() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        break
      }
      let isStopped = state.withLock {
        $0.connections.insert(connection)
        return $0.isStopped
      }
      Thread.detachNewThread {
        if !isStopped { self.serve(connection) }
        self.state.withLock { _ = $0.connections.remove(connection) }
        // A process that was started meanwhile may have inherited the socket: its end is said aloud.
        shutdown(connection, Int32(SHUT_RDWR))
        close(connection)
      }
      if isStopped { break }
    }
  }

  /// Answers one request; the connection ends with it.
  private func serve(_ connection: Int32) {
    guard let request = Self.request(connection) else { return }
    let number = state.withLock {
      $0.exchanges.append(Exchange(request: request))
      return $0.exchanges.count - 1
    }
    let reply = answer(request, number)
    var fields = reply.fields
    fields["Connection"] = "close"
    if reply.tellsLength { fields["Content-Length"] = String(reply.body.count) }
    let head =
      "HTTP/1.1 \(reply.status) Any\r\n" + fields.map { "\($0.key): \($0.value)\r\n" }.joined() + "\r\n"
    guard send(Data(head.utf8), to: connection) else { return }
    let limit =
      switch reply.end {
      case .whole: reply.body.count
      case .cut(let after), .hold(let after): after
      }
    var rest = reply.body.prefix(limit)
    while !rest.isEmpty {
      let piece = rest.prefix(1 << 16)
      guard send(piece, to: connection) else { return }
      state.withLock { $0.exchanges[number].sent += piece.count }
      rest = rest.dropFirst(piece.count)
    }
    if case .hold = reply.end {
      var limit = timeval(tv_sec: 20, tv_usec: 0)
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
    }
  }

  /// Reads up to the empty line.
  private static func request(_ connection: Int32) -> Request? {
    var head = Data()
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard head.count < 1 << 16, recv(connection, &byte, 1, 0) == 1 else { return nil }
      head.append(byte)
    }
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    var request = Request(target: String(words[1]), fields: [:])
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      request.fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    return request
  }

  private func send(_ data: Data, to connection: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let sent = Glibc.send(
          connection, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
        guard sent > 0 else { return false }
        done += sent
      }
      return true
    }
  }
}
