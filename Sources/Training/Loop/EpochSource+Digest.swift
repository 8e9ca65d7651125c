import EscapementArtifacts

extension EpochSource {
  /// SHA-256 over the count and the positions of an epoch's order, eight little-endian bytes each.
  public func orderDigest(epoch: Int) -> Digest {
    let stream = DigestStream()
    let order = order(epoch: epoch)
    stream.update(order.count)
    for position in order { stream.update(position) }
    return stream.finish()
  }
}
