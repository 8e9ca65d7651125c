import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTraining

/// The golden cases of this package.
package enum GoldenCatalog {
  /// Thirty steps of SGD and of SAM (ρ = 0.5, as released) with a ResNet-8 of 8 channels, batches of 32 and
  /// re-weighting from the second epoch on, so that both phases are recorded: on the embedded synthetic images, or on
  /// others. Without other images, the list includes the conformance trajectories, which use no images; the suite of
  /// methods: every loss with every rule and every family of presets in miniature (`MethodGrid`, `PresetFamily`); and the
  /// runs on a part of CIFAR-10 (`MiniatureCIFAR`), which cannot be computed unless `cifar` is its place.
  ///
  /// Throws the errors of reading the images.
  package static func standard(on other: LongTailedData? = nil, cifar: URL? = nil) throws -> [GoldenCase] {
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
    guard other == nil else { return training }
    return try training + ConformanceCatalog.problems.map { .trajectories(of: $0) }
      + GoldenCase.methods(on: data) + MiniatureCIFAR.cases(at: cifar)
  }

  /// The cases whose path ("training/sgd-resnet8"), suite or folder ("fixture/ldam") is named; all without a name.
  package static func selecting(_ names: [String], from cases: [GoldenCase]) throws(UnknownGolden)
    -> [GoldenCase]
  {
    func isNamed(_ golden: GoldenCase, _ name: String) -> Bool {
      golden.path == name || golden.path.hasPrefix(name + "/")
    }
    for name in names where !cases.contains(where: { isNamed($0, name) }) {
      throw UnknownGolden(name: name, known: cases.map(\.path))
    }
    return cases.filter { golden in names.isEmpty || names.contains { isNamed(golden, $0) } }
  }
}

/// A golden case that does not exist.
package struct UnknownGolden: ReportedError, Hashable {
  /// 64: the command was used wrongly.
  package var exitCode: Int32 { 64 }
  /// The requested name.
  package var name: String
  /// The known names.
  package var known: [String]
  /// One line naming both.
  package var description: String {
    // Names with many folders are listed by folder.
    let places = known.map { $0.split(separator: "/").dropLast($0.split(separator: "/").count > 2 ? 1 : 0) }
      .map { $0.joined(separator: "/") }
    let shown = places.enumerated().filter { $0 == 0 || places[$0 - 1] != $1 }.map(\.element)
    let near = UnknownName.hint(name, among: shown + known)
    return "no golden case is called \"\(name.quotable(limit: 80))\"\(near); there are "
      + shown.joined(separator: ", ")
  }
}
