/// The version of this package, as `escapement --version` and the records of runs state it.
public enum PackageVersion {
  /// By semantic versioning; with `-dev` between two releases.
  public static let current = "0.1.0"
}
