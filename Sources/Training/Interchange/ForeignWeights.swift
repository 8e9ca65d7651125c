import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import Foundation

/// A network's weights in a file that another program wrote: safetensors, or a checkpoint of PyTorch.
///
/// Of a checkpoint the dictionary of tensors is taken that has all of the network's, under whatever keys it lies and
/// whatever precedes each name (`module.` of data parallel training, `encoder.`). Nothing of the file is executed.
public struct ForeignWeights<Element: Real>: Sendable {
  /// Bytes of a file at most.
  public static var byteLimit: Int { 8 << 30 }

  /// "safetensors", "PyTorch ZIP archive" or "PyTorch stream".
  public let format: String
  /// SHA-256 of the file.
  public let digest: Digest
  /// The keys that lead to the dictionary, joined by dots; empty for the file's own.
  public let key: String
  /// What precedes every name.
  public let prefix: String
  /// The weights; F64 is rounded once if `Element` is Float.
  public let state: StateDictionary<Element>
  /// Elements that the rounding changed.
  public let rounded: Int

  /// Dictionaries that are taken before others, where several have all of a network's tensors.
  private static var usualKeys: [String] { ["", "state_dict", "model_state_dict", "model", "net"] }

  /// Reads a network's weights. With `key` or `prefix` only that dictionary or prefix will do.
  ///
  /// - Throws: `MissingError` without the file; a `DataError` where it is damaged, where no dictionary has all of the
  ///   network's tensors in their shapes (it names the first that is missing in the nearest one), or several have.
  public init(contentsOf url: URL, network: Network, key: String? = nil, prefix: String? = nil) throws {
    let data = try FileContents.read(url, limit: Self.byteLimit)
    let file = url.path
    digest = Digest(of: data)
    let groups: [TorchFile.Group]
    if TorchFile.begins(data) {
      let torch = try TorchFile(parsing: data, file: file)
      (format, groups) = (torch.format, torch.groups)
    } else {
      format = "safetensors"
      groups = [.init(path: "", tensors: try Safetensors(parsing: data, file: file).tensors)]
    }
    let names = (network.layout.segments + network.statisticsLayout.segments).map(\.name)
    var best: (group: TorchFile.Group, prefix: String, count: Int)?
    var whole: [(group: TorchFile.Group, prefix: String)] = []
    for group in groups where key == nil || key == group.path {
      for candidate in prefix.map({ [$0] }) ?? Self.prefixes(of: group, before: names) {
        let count = names.count { group.tensors[candidate + $0] != nil }
        if count == names.count { whole.append((group, candidate)) }
        if count > best?.count ?? -1 { best = (group, candidate, count) }
      }
    }
    let keys = Self.list(groups.map { $0.path.isEmpty ? "(the file's own)" : $0.path })
    guard let nearest = best else {
      throw DataError(
        file: file, place: key, found: "no such dictionary", expected: "one of \(keys)",
        advice: "correct --key")
    }
    guard !whole.isEmpty else {
      let missing = names.first { nearest.group.tensors[nearest.prefix + $0] == nil } ?? ""
      throw DataError(
        file: file, place: nearest.prefix + missing, found: "no such tensor",
        expected: "the \(names.count) tensors of \(network.name), of which \(nearest.count) are there",
        advice: nearest.count == 0
          ? "give --prefix TEXT if other names precede them, --key for another of the dictionaries \(keys)"
          : "the weights are of another network: correct --network")
    }
    let usual = Self.usualKeys.compactMap { name in whole.first { $0.group.path == name } }.first
    guard let chosen = whole.count == 1 ? whole[0] : usual else {
      throw DataError(
        file: file, found: "\(whole.count) dictionaries with the weights of \(network.name)", expected: "one",
        advice: "give --key: \(Self.list(whole.map(\.group.path)))")
    }
    (self.key, self.prefix) = (chosen.group.path, chosen.prefix)
    var tensors = Safetensors(tensors: chosen.group.tensors)
    var changed = 0
    for name in names where Element.self == Float.self {
      guard let entry = tensors.tensors[chosen.prefix + name], entry.dtype == .f64 else { continue }
      let wide: Tensor<Double> = InterchangeLayout.tensor(entry)
      let narrow = wide.converted(to: Float.self)
      changed += zip(wide.elements, narrow.elements).count { $0 != Double($1) }
      tensors.tensors[chosen.prefix + name] = InterchangeLayout.entry(narrow)
    }
    rounded = changed
    state = try StateDictionary(tensors, network: network, prefix: chosen.prefix, file: file)
  }

  /// The first ten of some keys, for errors.
  private static func list(_ keys: [String]) -> String {
    let shown = keys.prefix(10).map { $0.count > 200 ? $0.prefix(200) + "…" : $0 }
    return shown.joined(separator: ", ") + (keys.count > 10 ? " and \(keys.count - 10) others" : "")
  }

  /// What precedes the network's first name somewhere, nothing first.
  private static func prefixes(of group: TorchFile.Group, before names: [String]) -> [String] {
    guard let first = names.first else { return [""] }
    let found = group.tensors.keys.filter { $0.hasSuffix(first) }.map { String($0.dropLast(first.count)) }
    return ([""] + found.filter { $0.isEmpty == false && $0.hasSuffix(".") }.sorted())
  }
}
