import CEscapementKernels

/// Runs `body` with the given convolution algorithm on the calling thread, and therefore under its numeric contract.
public func convolving<Result>(_ way: ek_convolution, _ body: () throws -> Result) rethrows -> Result {
  ek_convolution_override(Int32(way.rawValue))
  defer { ek_convolution_override(-1) }
  return try body()
}
