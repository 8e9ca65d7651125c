import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementNetworks

/// A network's parameters and running statistics as in PyTorch's `state_dict()`, in safetensors files.
///
/// Names and layouts are those of PyTorch (`layer1.0.conv1.weight` is `[out][in][kh][kw]`). The counters
/// `….num_batches_tracked` are ignored when read and are not written: PyTorch's strict loading does not need them.
public struct StateDictionary<Element: Real>: Sendable, Equatable {
  /// The parameters.
  public var parameters: ParameterVector<Element>
  /// Running means and variances of batch norm.
  public var statistics: ParameterVector<Element>

  /// Pairs parameters with statistics.
  public init(parameters: ParameterVector<Element>, statistics: ParameterVector<Element>) {
    self.parameters = parameters
    self.statistics = statistics
  }

  /// Reads the file of a network's weights, with `prefix` before each name (`module.` if it was saved in data
  /// parallel).
  ///
  /// F16, BF16 and, if `Element` is Double, F32 are widened without rounding; no type is narrowed.
  /// - Throws: `MissingError` if there is no file; `DataError`, naming the tensor, if a tensor is missing, has another
  ///   shape or type, or does not belong to the network.
  public init(contentsOf url: URL, network: Network, prefix: String = "") throws {
    try self.init(Safetensors(contentsOf: url), network: network, prefix: prefix, file: url.path)
  }

  /// Reads the tensors of a network's weights; `file` names their origin in errors.
  public init(_ tensors: Safetensors, network: Network, prefix: String = "", file: String) throws {
    parameters = try InterchangeLayout.vector(
      of: network.layout, from: tensors, prefix: prefix, file: file, as: Element.self, widening: true)
    statistics = try InterchangeLayout.vector(
      of: network.statisticsLayout, from: tensors, prefix: prefix, file: file, as: Element.self,
      widening: true)
    for name in tensors.names where !Self.isKnown(name, network, prefix) {
      throw DataError(
        file: file, place: name, found: "a tensor that \(network.name) does not have",
        expected: "its parameters and running statistics alone",
        advice: "the weights are of another network, or hold more than a state dictionary")
    }
  }

  private static func isKnown(_ name: String, _ network: Network, _ prefix: String) -> Bool {
    guard name.hasPrefix(prefix) else { return false }
    let own = String(name.dropFirst(prefix.count))
    let counter = ".num_batches_tracked"
    if own.hasSuffix(counter) {
      return network.statisticsLayout.index(of: own.dropLast(counter.count) + ".running_mean") != nil
    }
    return network.layout.index(of: own) != nil || network.statisticsLayout.index(of: own) != nil
  }

  /// The tensors of a file.
  public var tensors: Safetensors {
    var content = Safetensors(metadata: ["format": "pt"])
    for vector in [parameters, statistics] {
      for (name, entry) in InterchangeLayout.entries(vector) { content.tensors[name] = entry }
    }
    return content
  }

  /// Writes the file. Throws a `FileError` if that fails.
  public func write(to url: URL) throws { try AtomicFile.write(tensors.encoded(), to: url) }
}
