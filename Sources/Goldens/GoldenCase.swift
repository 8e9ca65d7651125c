import EscapementArtifacts

/// A deterministic computation whose values are recorded.
package struct GoldenCase: Sendable {
  /// The group, which is a folder of the store.
  package var suite: String
  /// The name within the group; a name with a slash is in a subfolder of the group.
  package var name: String
  /// What the values depend on, by name.
  package var provenance: [String: String]
  /// What is missing for the case to be computed here; nil if nothing is.
  package var missing: MissingError?
  /// Computes the values, in order, with unique names.
  package var compute: @Sendable () throws -> [GoldenValue]

  /// A case from its parts.
  package init(
    suite: String, name: String, provenance: [String: String], missing: MissingError? = nil,
    compute: @escaping @Sendable () throws -> [GoldenValue]
  ) {
    self.suite = suite
    self.name = name
    self.provenance = provenance
    self.missing = missing
    self.compute = compute
  }

  /// "suite/name".
  package var path: String { "\(suite)/\(name)" }
}
