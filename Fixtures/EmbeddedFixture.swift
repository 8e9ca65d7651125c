import Foundation

/// The data set that is part of the package, and the location of its files.
package enum EmbeddedFixture {
  /// The name of the data set and of its directory.
  package static let name = "cifar-format-synthetic"

  /// The directory beside the executable in which this build keeps the files; nil when the executable was moved without it.
  package static func locate() -> URL? {
    let places = [
      Bundle.main.bundleURL, Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent(),
    ]
    return places.compactMap { $0?.appendingPathComponent("escapement_EscapementFixtures.resources/\(name)") }
      .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("manifest.json").path) }
  }
}
