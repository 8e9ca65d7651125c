import CEscapementCurl
import Foundation

/// One HTTP GET through libcurl, whose response arrives in pieces.
///
/// It does not use URLSession: on Linux URLSession takes bytes from libcurl as fast as they arrive and queues them for
/// its delegate, so a slow disk would fill the memory. Here a piece is written to the disk before the next one is read.
/// libcurl supports http_proxy, https_proxy, all_proxy and no_proxy, redirections and TLS. `CCurl` loads it when it is
/// needed, so that building and other commands do not depend on it.
struct Transfer {
  /// The reason why a response is incomplete.
  enum Failure: Error, Equatable {
    /// The caller requested to stop.
    case cancelled
    /// No byte arrived within the allowed time.
    case stalled
    /// There was no response: no such host, no connection, no trusted certificate, or too many redirections.
    case unreachable(String)
    /// The connection ended in the middle of the response.
    case broken(String)
  }

  /// The address, http or https.
  var url: String
  /// The first requested byte; 0 requests everything.
  var offset = 0
  /// Requests the rest only if the file still has this version (the field If-Range).
  var validator: String?
  /// The longest time without a byte.
  var timeout: Duration
  /// Called about once a second.
  var isCancelled: () -> Bool = { false }

  /// The number of redirections that are followed.
  private static let redirections: CLong = 5

  /// Performs the request. `onHead` receives the head of the response once, after redirections, and `onBody` receives
  /// its body in pieces. Errors that they throw end the transfer and are rethrown.
  ///
  /// Throws a `Failure` if the response is incomplete. `Transfer.load` must have succeeded.
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

  /// Loads libcurl; returns the name of what is missing if that fails.
  static func load() -> String? { ec_load().map { String(cString: $0) } }

  /// The file of trusted certificates named by the environment, as for the program curl.
  private static var certificates: String? {
    let environment = ProcessInfo.processInfo.environment
    return ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap { environment[$0] }.first { !$0.isEmpty }
  }
}

/// The state of a transfer in progress, which libcurl's callbacks access through a pointer.
private final class Exchange {
  /// The error by which this process ended the transfer.
  private(set) var error: (any Error)?
  /// Whether the head of the response has arrived.
  private(set) var hasHead = false
  private var partialHead: ResponseHead?
  // The clock stops while the machine sleeps, so that waking up is not a stall.
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

  /// The exchange to which a callback's pointer refers.
  static func at(_ context: UnsafeMutableRawPointer?) -> Exchange {
    Unmanaged<Exchange>.fromOpaque(context!).takeUnretainedValue()
  }

  /// Receives one line of a head, including those of preliminary responses and of the trailer of a chunked body.
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

  /// Receives a piece of the body.
  func body(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    guarded(count) { try onBody(UnsafeRawBufferPointer(start: bytes, count: count)) }
  }

  /// Checks whether the transfer should end.
  func tick() -> Int32 {
    guarded(0) {
      if SuspendingClock.now - lastByte > timeout { throw Transfer.Failure.stalled }
    }
    return error == nil ? 0 : 1
  }

  /// Runs a callback. Returns `count` if it succeeds, and another number, which ends the transfer, if it throws an
  /// error.
  @discardableResult
  private func guarded(_ count: Int, _ work: () throws -> Void) -> Int {
    do {
      if isCancelled() { throw Transfer.Failure.cancelled }
      if count > 0 { lastByte = SuspendingClock.now }
      try work()
      // Time spent writing to the disk does not count as the server's.
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
