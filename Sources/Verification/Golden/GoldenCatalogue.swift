import Artifacts
import LongTail
import Training

/// The golden cases of this package.
public enum GoldenCatalogue {
  /// Thirty steps of SGD and of SAM (ρ = 0.5, as released) with a ResNet-8 of 8 channels, batches of 32 and re-weighting
  /// from the second epoch on, so that both phases are on record: on the embedded synthetic pictures, or on others.
  /// Without other pictures the conformance trajectories, which see none, come along.
  ///
  /// Throws what reading the pictures throws.
  public static func standard(on other: LongTailedData? = nil) throws -> [GoldenCase] {
    let data = try other ?? LongTailedData.fixture()
    let training: [GoldenCase] = try [
      ("sgd-resnet8", "fixture/ce-drw"), ("sam-resnet8", "fixture/ce-drw-sam"),
    ].map {
      name, preset in
      var recipe = try Recipe.preset(preset)
      recipe.data = data.name
      recipe.weighting = .deferred(start: 1)
      return .training(name: name, recipe: recipe, data: data)
    }
    return training + (other == nil ? ConformanceCatalogue.problems.map { .trajectories(of: $0) } : [])
  }

  /// The cases whose path ("training/sgd-resnet8") or suite is named; all when nothing is.
  public static func selecting(_ names: [String], from cases: [GoldenCase]) throws(UnknownGolden)
    -> [GoldenCase]
  {
    for name in names where !cases.contains(where: { $0.path == name || $0.suite == name }) {
      throw UnknownGolden(name: name, known: cases.map(\.path))
    }
    return cases.filter { names.isEmpty || names.contains($0.path) || names.contains($0.suite) }
  }
}

/// A golden case that does not exist.
public struct UnknownGolden: ReportedError, Hashable {
  /// 64: the command was used wrongly.
  public var exitCode: Int32 { 64 }
  /// The name asked for.
  public var name: String
  /// The names there are.
  public var known: [String]
  /// One line naming both.
  public var description: String {
    "no golden case is called \"\(name)\"; there are \(known.joined(separator: ", "))"
  }
}
