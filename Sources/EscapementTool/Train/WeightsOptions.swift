import ArgumentParser
import EscapementArtifacts
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import Foundation

/// What a file of weights is of, as the file does not say it.
struct WeightsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a file of weights: the preset whose network and data they are for.", valueName: "name"),
    completion: .presets)
  var preset: String?
  @Option(
    help: ArgumentHelp(
      "Of a file of weights, in place of the preset's: its network, for example resnet32-w16 or resnet32-w16-cosine.",
      valueName: "name"))
  var network: String?
  @Option(
    help: ArgumentHelp("Of a file of weights, in place of the preset's: the data set.", valueName: "name"),
    completion: .list(LongTailedData.commonNames))
  var dataset: String?
  @Option(
    help: ArgumentHelp(
      "Of a file of weights: the keys of the dictionary in it, joined by dots; found by itself where only one fits.",
      valueName: "text"))
  var key: String?
  @Option(
    help: ArgumentHelp(
      "Of a file of weights: what precedes every name, such as \"module.\"; found by itself where it ends in a dot.",
      valueName: "text"))
  var prefix: String?

  func validate() throws {
    if let network, Architecture(network) == nil {
      throw ValidationError(
        "--network is \"\(network)\", \(Architecture.expected)")
    }
  }

  /// Whether anything is said of a file.
  var isEmpty: Bool { preset == nil && network == nil && dataset == nil && key == nil && prefix == nil }

  /// The recipe that names network, data and loss; a usage error where they are not known.
  func recipe() throws -> Recipe {
    var recipe: Recipe
    if let preset {
      recipe = try Recipe.preset(preset)
    } else {
      guard let network, let dataset else {
        throw ToolError.usage(
          "a file of weights does not say what it is of: give --preset, or --network and --dataset")
      }
      recipe = Recipe(preset: "imported/\(network)", data: LongTailedData.canonicalName(dataset))
    }
    if let network, let architecture = Architecture(network) { recipe.architecture = architecture }
    if let dataset { recipe.data = LongTailedData.canonicalName(dataset) }
    return recipe
  }
}

extension Architecture {
  /// What a message says of a name that is none.
  static let expected =
    "expected a name like resnet32-w16, resnet32-w16-cosine, resnet34-w64, resnet18-imagenet-w64 or "
    + "resnet50-bottleneck-w64"
}
