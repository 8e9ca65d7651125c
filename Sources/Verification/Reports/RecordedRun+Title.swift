import EscapementArtifacts
import EscapementGoldens
import EscapementTraining

extension RecordedRun {
  /// "cifar10-lt100/ce-drw-sam, rho 0.5, seed 0 (runs/a)": preset, what was changed of it, seed and directory.
  var title: String { "\(name) (\(directory.lastPathComponent))" }

  /// The title without the directory; of weights that were trained elsewhere, their file.
  var name: String {
    if case .imported(let origin) = state { return "\(recipe.preset), imported from \(origin.file)" }
    return "\(method), seed \(recipe.seed)"
  }

  /// The preset and what was changed of it.
  var method: String { ([recipe.preset] + changes).joined(separator: ", ") }

  /// The members of the recipe that differ from the preset's, with their values; empty for a name that is no preset's.
  var changes: [String] {
    guard let preset = try? Recipe.preset(recipe.preset) else { return [] }
    let differences = RecordDifference.all(
      between: ["recipe": preset.json], and: ["recipe": recipe.json]
    ).filter { !["recipe.preset", "recipe.seed"].contains($0.place) }
    // Another optimizer, loss or schedule has other members: its name says it.
    let renamed = differences.filter { $0.place.hasSuffix(".name") }.map { $0.place.dropLast("name".count) }
    return differences.filter { difference in
      difference.place.hasSuffix(".name") || !renamed.contains { difference.place.hasPrefix($0) }
    }.map { "\(Self.words($0.place)) \(Self.plain($0.right))" }
  }

  /// "recipe.optimizer.rho.rho" is "rho", "recipe.batch_size" is "batch size".
  private static func words(_ place: String) -> String {
    var parts: [String] = []
    for part in place.split(separator: ".").dropFirst().map(String.init)
    where part != parts.last && part != "name" { parts.append(part) }
    if parts.count > 1, parts[0] == "optimizer" { parts.removeFirst() }
    return parts.joined(separator: " ").replacing("_", with: " ")
  }

  private static func plain(_ value: String?) -> String {
    guard let value, value != "null" else { return "none" }
    return value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
  }
}
