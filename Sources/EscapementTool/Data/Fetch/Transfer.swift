import CEscapementCurl
import Foundation

/// One HTTP GET whose answer arrives in pieces, through libcurl.
///
/// libcurl and not URLSession: on Linux URLSession takes bytes from libcurl as fast as they come and queues them
/// for its delegate, so that a slow disk would fill the memory. Here a piece is on its way to the disk before the
/// next one is read. libcurl knows http_proxy, https_proxy, all_proxy and no_proxy, redirections and TLS. `CCurl`
/// loads it when it is needed, so that nothing is added to what building and every other command ask for.
struct Transfer {
  /// Why an answer did not arrive whole.
  enum Failure: Error, Equatable {
    /// The caller asked to stop.
    case cancelled
    /// No byte arrived for the time allowed.
    case stalled
    /// No answer came: no such host, no connection, no trusted certificate, too many redirections.
    case unreachable(String)
    /// The connection ended in the middle of the answer.
    case broken(String)
  }

  /// The address, http or https.
  var url: String
  /// The first byte asked for; 0 asks for everything.
  var offset = 0
  /// Ask for the rest only if the file is still this version (the field If-Range).
  var validator: String?
  /// The longest time without a byte.
  var timeout: Duration
  /// Asked about once a second.
  var isCancelled: () -> Bool = { false }

  /// Redirections that are followed.
  private static let redirections: CLong = 5

  /// Performs the request. `onHead` gets the head of the answer once, after redirections, and `onBody` its body in
  /// pieces; what they throw ends the transfer and is thrown on.
  ///
  /// Throws a `Failure` where the answer does not arrive whole. `Transfer.load` must have succeeded.
  func perform(
    onHead: @escaping (ResponseHead) throws -> Void, onBody: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let exchange = Exchange(timeout: timeout, isCancelled: isCancelled, onHead: onHead, onBody: onBody)
    let texts = [
      url, offset > 0 ? "bytes=\(offset)-" : nil, offset > 0 ? validator : nil, Self.certificates,
    ].map { $0.flatMap { strdup($0) } }
    defer { for text in texts { free(text) } }
    var request = ec_request()
    request.url = UnsafePointer(texts[0])
    request.range = UnsafePointer(texts[1])
    request.if_range = UnsafePointer(texts[2])
    request.certificates = UnsafePointer(texts[3])
    request.redirects = Self.redirections
    request.context = Unmanaged.passUnretained(exchange).toOpaque()
    request.head = { Exchange.at($2).head($0, $1) }
    request.body = { Exchange.at($2).body($0, $1) }
    request.tick = { Exchange.at($0).tick() }
    // A server that closes early may otherwise end the process.
    let before = signal(SIGPIPE, SIG_IGN)
    var outcome = withExtendedLifetime(exchange) { ec_get(&request) }
    signal(SIGPIPE, before)
    if let error = exchange.error { throw error }
    guard outcome.code != 0 else { return }
    let reason = withUnsafeBytes(of: &outcome.reason) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw exchange.hasHead ? Failure.broken(reason) : Failure.unreachable(reason)
  }

  /// Loads libcurl; the name of what is missing where that fails.
  static func load() -> String? { ec_load().map { String(cString: $0) } }

  /// The file of trusted certificates that the environment names, as for the program curl.
  private static var certificates: String? {
    let environment = ProcessInfo.processInfo.environment
    return ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap { environment[$0] }.first { !$0.isEmpty }
  }
}

/// The state of a transfer under way, which libcurl's callbacks find through a pointer.
private final class Exchange {
  /// What ended the transfer from this side.
  private(set) var error: (any Error)?
  /// Whether the head of the answer has arrived.
  private(set) var hasHead = false
  private var partialHead: ResponseHead?
  // Not the clock that goes on while the machine sleeps: waking up is no stall.
  private var lastByte = SuspendingClock.now
  private let timeout: Duration
  private let isCancelled: () -> Bool
  private let onHead: (ResponseHead) throws -> Void
  private let onBody: (UnsafeRawBufferPointer) throws -> Void

  /// A transfer that starts now.
  init(
    timeout: Duration, isCancelled: @escaping () -> Bool, onHead: @escaping (ResponseHead) throws -> Void,
    onBody: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) {
    (self.timeout, self.isCancelled, self.onHead, self.onBody) = (timeout, isCancelled, onHead, onBody)
  }

  /// The exchange behind a callback's pointer.
  static func at(_ context: UnsafeMutableRawPointer?) -> Exchange {
    Unmanaged<Exchange>.fromOpaque(context!).takeUnretainedValue()
  }

  /// One line of a head, also of a preliminary answer's and of what follows a chunked body.
  func head(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    guarded(count) {
      let raw = UnsafeRawBufferPointer(start: bytes, count: count)
      let line = String(decoding: raw, as: UTF8.self).trimmingSuffix(while: \.isNewline)
      if let fresh = ResponseHead(statusLine: line) {
        partialHead = fresh
      } else if !line.isEmpty {
        partialHead?.add(line: line)
      } else if let whole = partialHead, !hasHead, !whole.isPreliminary {
        hasHead = true
        try onHead(whole)
      }
    }
  }

  /// A piece of the body.
  func body(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    guarded(count) { try onBody(UnsafeRawBufferPointer(start: bytes, count: count)) }
  }

  /// Looks whether the transfer should end.
  func tick() -> Int32 {
    guarded(0) {
      if SuspendingClock.now - lastByte > timeout { throw Transfer.Failure.stalled }
    }
    return error == nil ? 0 : 1
  }

  /// Runs a callback: `count` where it succeeds, and another number, which ends the transfer, where it throws.
  @discardableResult
  private func guarded(_ count: Int, _ work: () throws -> Void) -> Int {
    do {
      if isCancelled() { throw Transfer.Failure.cancelled }
      if count > 0 { lastByte = SuspendingClock.now }
      try work()
      // Time spent on the disk is not the server's.
      if count > 0 { lastByte = SuspendingClock.now }
      return count
    } catch {
      self.error = self.error ?? error
      return count + 1
    }
  }
}

extension String {
  /// This text without the characters at its end that satisfy the condition.
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> Substring {
    var rest = self[...]
    while let last = rest.last, condition(last) { rest.removeLast() }
    return rest
  }
}
