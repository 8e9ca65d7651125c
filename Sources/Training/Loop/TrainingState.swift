import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementNetworks

/// The state of a run: everything on which its next step depends.
public struct TrainingState<Element: Real>: Sendable, Equatable {
  /// The parameters.
  public internal(set) var parameters: ParameterVector<Element>
  /// Batch norm's running statistics.
  public internal(set) var statistics: ParameterVector<Element>
  /// The update rule's vectors, by name, when a checkpoint is written or read; during a run only the rule holds them.
  public internal(set) var ruleState: [String: ParameterVector<Element>] = [:]
  /// The key encoder and the queue of parametric contrastive learning; nil for other losses, and for parameters that
  /// were reached elsewhere.
  public internal(set) var contrast: ContrastiveState<Element>?
  /// The 0-based epoch of the next step.
  public internal(set) var epoch = 0
  /// The number of steps taken or skipped in that epoch.
  public internal(set) var stepInEpoch = 0
  /// The number of steps taken or skipped in all.
  public internal(set) var step = 0
  /// The number of consecutive steps, up to this one, that were skipped because their loss or gradient was not finite.
  public internal(set) var skippedInARow = 0
  /// The digest chain's last link; zero before the first.
  public internal(set) var digest = Digest.zero
  /// The link before it; nil before the first, and after a checkpoint of a release that did not store it.
  public internal(set) var previousDigest: Digest?
  /// Sums over this epoch's steps so far.
  public internal(set) var totals = EpochTotals()

  /// The state before the first step: initial parameters for the seed, running means 0, variances 1.
  public init(network: Network, seed: UInt64) {
    parameters = network.initialParameters(seed: seed)
    statistics = network.initialStatistics()
  }

  /// A point that was reached elsewhere, after so many epochs.
  package init(parameters: ParameterVector<Element>, statistics: ParameterVector<Element>, epoch: Int = 0) {
    self.parameters = parameters
    self.statistics = statistics
    self.epoch = epoch
  }

  /// The point (1 − t)·self + t·other of two networks of one kind, parameters and running statistics; products are
  /// rounded before their sum. Nothing else of either state.
  package func mixed(with other: TrainingState, _ t: Double) -> TrainingState {
    func mix(_ a: ParameterVector<Element>, _ b: ParameterVector<Element>) -> ParameterVector<Element> {
      ParameterVector(layout: a.layout, flat: a.flat.scaled(by: 1 - t).addingScaled(t, b.flat))
    }
    return TrainingState(
      parameters: mix(parameters, other.parameters), statistics: mix(statistics, other.statistics),
      epoch: epoch)
  }

  /// Adds a link to the chain: SHA-256 of the last link, the step count and all vectors.
  ///
  /// Two runs whose links agree at a step had the same bits at every linked step before it.
  mutating func extendDigestChain(ruleState: [String: ParameterVector<Element>]) {
    previousDigest = digest
    digest = link(after: digest, ruleState: ruleState)
  }

  /// Whether the last link was computed from the current vectors; nil if the link before it is not known.
  ///
  /// True for a state with the rule's vectors right after a link, and therefore for every checkpoint at the end of an
  /// epoch. With a known chain, this distinguishes the checkpoint's tensors from any others, whatever the origin of the
  /// file.
  public var isLinked: Bool? { previousDigest.map { link(after: $0, ruleState: ruleState) == digest } }

  private func link(after previous: Digest, ruleState: [String: ParameterVector<Element>]) -> Digest {
    let stream = DigestStream()
    stream.update(previous)
    stream.update(step)
    parameters.append(to: stream)
    for key in ruleState.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      ruleState[key]!.append(to: stream, prefix: "optimizer.\(key).")
    }
    statistics.append(to: stream)
    for (_, prefix, vector) in contrast?.vectors ?? [] { vector.append(to: stream, prefix: prefix) }
    return stream.finish()
  }
}
