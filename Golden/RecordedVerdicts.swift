import Foundation

/// The verdicts on record of this version: `claims.json` of this folder, as part of the code.
package enum RecordedVerdicts {
  /// The file's name.
  package static let name = "claims.json"

  /// The bytes of the file.
  package static var bytes: Data { Data(PackageResources.claims_json) }
}
