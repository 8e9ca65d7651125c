import Foundation

/// The data sets that are part of the package, and the location of their files.
package enum EmbeddedFixture {
  /// The name of the synthetic data set and of its directory.
  package static let name = "cifar-format-synthetic"
  /// The name of a small part of CIFAR-10, of which the package has the manifest and no images.
  package static let mini = "cifar10-lt-mini"

  /// The directory beside the executable in which this build keeps the files of a data set; nil when the executable was
  /// moved without it.
  package static func locate(_ name: String = Self.name) -> URL? {
    let places = [
      Bundle.main.bundleURL, Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent(),
    ]
    return places.compactMap { $0?.appendingPathComponent("escapement_EscapementFixtures.resources/\(name)") }
      .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("manifest.json").path) }
  }
}
