import CEscapementKernels

/// Runs `body` with convolutions computed in the way named on the calling thread, and so under the contract that has it.
public func convolving<Result>(_ way: ek_convolution, _ body: () throws -> Result) rethrows -> Result {
  ek_convolution_override(Int32(way.rawValue))
  defer { ek_convolution_override(-1) }
  return try body()
}
